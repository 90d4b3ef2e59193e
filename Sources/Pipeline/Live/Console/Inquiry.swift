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
    private var stage: Stage?

    /// What of a longer work is done.
    private enum Stage {
        case posture(Walk<AccountID, Posture>)
        case shares(Walk<ResourceID, Chronicle.Share>)
        case findings(Walk<Subject, PublishedFinding>)
        case images(Walk<ResourceID, FoundImage>, prefix: String)
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
        let stage = self.stage ?? begin(engine)
        self.stage = stage
        switch stage {
        case .posture(let walk):
            return walk.advance(in: engine, until: deadline, by: 16, engine.posture).map { .posture($0) }
        case .shares(let walk):
            return walk.advance(in: engine, until: deadline, by: 64, engine.standingShares).map {
                .shares($0)
            }
        case .findings(let walk):
            return walk.advance(in: engine, until: deadline, by: 256, engine.publishedFindings).map {
                .findings($0)
            }
        case .images(let walk, let prefix):
            let found = walk.advance(in: engine, until: deadline, by: 256) { ids in
                ids.compactMap { FoundImage($0, beginningWith: prefix, in: engine) }
            }
            guard let found = found ?? walk.rows(atLeast: FoundImage.limit) else { return nil }
            return .images(Array(found.prefix(FoundImage.limit)))
        }
    }

    /// Launches and calls of one image that are told.
    private static let itemsAtMost = 1000

    private func begin(_ engine: Engine) -> Stage {
        switch inquiry {
        case .posture:
            let accounts = engine.judgedAccounts
            var next = 0
            return .posture(
                Walk(order: { _ in 0 }) { _, last, count in
                    if last == nil { next = 0 }
                    defer { next += count }
                    return Array(accounts.dropFirst(next).prefix(count))
                }
            )
        case .findings:
            return .findings(
                Walk(order: \.findingsCapacity) { $0.findingSubjects(behind: $1, atMost: $2) }
            )
        case .images(let prefix): return .images(Self.images(), prefix: prefix)
        case .shares, .finding, .image, .account: return .shares(Self.images())
        }
    }

    private static func images<Row>() -> Walk<ResourceID, Row> {
        Walk(order: { _ in 0 }) { $0.knownImages(behind: $1, atMost: $2) }
    }
}

/// A walk over many things that the state holds, a piece at a time; it begins anew when their order is lost.
private final class Walk<Element, Row> {
    private let order: (Engine) -> Int
    /// So many elements behind one; none at the end, and nil when that one is gone.
    private let piece: (Engine, Element?, Int) -> [Element]?
    private var walked: (order: Int, last: Element?)?
    private var rows: [Row] = []

    init(order: @escaping (Engine) -> Int, piece: @escaping (Engine, Element?, Int) -> [Element]?) {
        (self.order, self.piece) = (order, piece)
    }

    /// Walks on until a deadline, a piece at least; all rows when it is at the end.
    func advance(
        in engine: Engine,
        until deadline: ContinuousClock.Instant,
        by count: Int,
        _ step: ([Element]) -> [Row]
    ) -> [Row]? {
        repeat {
            let order = order(engine)
            guard let known = walked, known.order == order, let elements = piece(engine, known.last, count)
            else {
                walked = (order, nil)
                rows = []
                continue
            }
            guard let last = elements.last else { return rows }
            walked?.last = last
            rows += step(elements)
        } while ContinuousClock.now < deadline
        return nil
    }

    /// What was found so far, if it is enough.
    func rows(atLeast count: Int) -> [Row]? { rows.count < count ? nil : rows }
}

extension FoundImage {
    fileprivate init?(_ id: ResourceID, beginningWith prefix: String, in engine: Engine) {
        guard let (name, owner) = engine.nameAndOwner(of: id) else { return nil }
        guard id.description.hasPrefix(prefix) || name?.lowercased().hasPrefix(prefix.lowercased()) ?? false
        else { return nil }
        self.init(id: id, name: name, owner: owner)
    }
}
