import CloudTrail
import Detection

/// Something that is asked of a detector's committed state.
enum Inquiry: Hashable, Sendable {
    /// The guardrails of every account and Region.
    case posture
    /// With whom images are shared now.
    case shares
    /// Every finding, in short.
    case findings
    /// Images whose id or name begins with a text.
    case images(prefix: String)
    /// One finding, with all that is known of it.
    case finding(FindingIdentity)
    /// One image, as of a time, and its life.
    case image(ResourceID, AsOf)
    /// The guardrails of one account's Regions, with what told them.
    case account(AccountID)
}

/// What a detector says to an inquiry.
struct InquiryAnswer: Sendable {
    enum Content: Sendable {
        case posture([Posture])
        case shares([Chronicle.Share])
        case findings([PublishedFinding])
        case images([FoundImage])
        case finding(KeptFinding?)
        case image((state: StateReport, life: Chronicle.Image)?)
        case account([StateReport])
        /// The state is not there yet; what the detector is busy with.
        case notReady(String)
    }

    let content: Content
    /// How far the state had come in event time; `distantPast` when nothing is known.
    let streamTime: EventTime
    let policyHash: String
    /// How long the detector was at work on it.
    let work: Duration
    let answered = ContinuousClock.now
}

/// An image that a search has found.
struct FoundImage: Sendable {
    let id: ResourceID
    let name: String?
    let owner: AccountID?

    /// So many are looked for.
    static let limit = 50
}

/// An inquiry that is being answered, a slice at a time: between two slices the detector does its own work.
struct InquiryWork {
    let inquiry: Inquiry
    private(set) var time = Duration.zero
    private var walk: Walk?

    /// What of a longer walk is done.
    private enum Walk {
        case posture(Slices<AccountID, Posture>)
        case shares(Slices<ResourceID, Chronicle.Share>)
        case findings(Slices<Subject, PublishedFinding>)
        case images(Slices<ResourceID, FoundImage>, prefix: String)
    }

    init(_ inquiry: Inquiry) { self.inquiry = inquiry }

    /// Works until a deadline, a step at least; the answer when it is complete.
    mutating func advance(_ engine: Engine, until deadline: ContinuousClock.Instant) -> InquiryAnswer.Content?
    {
        let begun = ContinuousClock.now
        defer { time += .now - begun }
        switch inquiry {
        case .finding(let identity): return .finding(engine.keptFinding(identity))
        case .account(let account): return .account(engine.guardrails(of: account))
        case .image(let id, let asOf):
            let state = engine.known(.image(id), asOf: asOf, itemsAtMost: Self.itemsAtMost).first
            let life = engine.chronicle(of: id, launchesAtMost: Self.itemsAtMost)
            guard let state, let life else { return .image(nil) }
            return .image((state, life))
        case .posture, .shares, .findings, .images: break
        }
        let walk = self.walk ?? begin(engine)
        self.walk = walk
        switch walk {
        case .posture(let slices):
            let isDone = slices.advance(until: deadline, by: 16, engine.posture)
            return isDone ? .posture(slices.rows) : nil
        case .shares(let slices):
            let isDone = slices.advance(until: deadline, by: 64, engine.standingShares)
            return isDone ? .shares(slices.rows) : nil
        case .findings(let slices):
            let isDone = slices.advance(until: deadline, by: 256, engine.publishedFindings)
            return isDone ? .findings(slices.rows) : nil
        case .images(let slices, let prefix):
            let isDone = slices.advance(until: deadline, by: 256) { ids in
                ids.compactMap { FoundImage($0, beginningWith: prefix, in: engine) }
            }
            guard isDone || slices.rows.count >= FoundImage.limit else { return nil }
            return .images(Array(slices.rows.prefix(FoundImage.limit)))
        }
    }

    /// Launches and calls of one image that are told.
    private static let itemsAtMost = 1000

    private func begin(_ engine: Engine) -> Walk {
        switch inquiry {
        case .posture: .posture(Slices(engine.judgedAccounts))
        case .findings: .findings(Slices(engine.findingSubjects))
        case .images(let prefix): .images(Slices(engine.knownImages), prefix: prefix)
        case .shares, .finding, .image, .account: .shares(Slices(engine.knownImages))
        }
    }
}

/// A walk over many elements, so many at a time.
private final class Slices<Element, Row> {
    private var rest: ArraySlice<Element>
    private(set) var rows: [Row] = []

    init(_ elements: [Element]) { rest = elements[...] }

    /// Walks on until a deadline, a step at least; whether it is at the end.
    func advance(
        until deadline: ContinuousClock.Instant,
        by count: Int,
        _ step: (ArraySlice<Element>) -> [Row]
    ) -> Bool {
        repeat {
            rows += step(rest.prefix(count))
            rest = rest.dropFirst(count)
        } while !rest.isEmpty && ContinuousClock.now < deadline
        return rest.isEmpty
    }
}

extension FoundImage {
    fileprivate init?(_ id: ResourceID, beginningWith prefix: String, in engine: Engine) {
        guard let (name, owner) = engine.nameAndOwner(of: id) else { return nil }
        guard id.description.hasPrefix(prefix) || name?.lowercased().hasPrefix(prefix.lowercased()) ?? false
        else { return nil }
        self.init(id: id, name: name, owner: owner)
    }
}
