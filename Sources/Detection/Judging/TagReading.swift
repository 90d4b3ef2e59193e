import CloudTrail

/// One tag of an image as its owner sees it, as of a time, with the record that made it so.
struct TagReading {
    enum Value: Equatable {
        case unknown
        case absent
        case present(ExactText)
    }

    private(set) var value = Value.unknown
    /// The record that last changed the value; repeating it changes nothing.
    private(set) var cause: Fact?
    private let policy: PolicyInForce?

    /// Reads a tag.
    ///
    /// Only what the owner's account told counts; a tag is absent only when a creation, a dated inventory
    /// of the owner or a deletion says so.
    ///
    /// With a policy, a publisher who sets the value that is there makes it the publisher's.
    init(
        _ key: ExactText,
        of image: ImageView,
        asOf time: EventTime,
        in facts: FactView,
        approvedBy policy: PolicyInForce? = nil
    ) {
        self.init(approvedBy: policy)
        for fact in Self.facts(key, of: image, asOf: time) { apply(fact, key, in: facts) }
    }

    /// Copies of copies are followed so far.
    static let maximumDepth = 16

    /// A tag of which nothing is known yet.
    ///
    /// With a policy, a publisher who sets the value that is there makes it the publisher's.
    init(approvedBy policy: PolicyInForce? = nil) { self.policy = policy }

    /// The facts about a tag that count, at or before a time, in order.
    static func facts(
        _ key: ExactText,
        of image: ImageView,
        asOf time: EventTime = .distantFuture
    ) -> ArraySlice<Fact> {
        guard let owner = image.owner?.account else { return [] }
        let single = image.all(of: .tag(key), asOf: time)
        let all = image.all(of: .allTags, asOf: time)
        let merged = single.isEmpty ? all : all.isEmpty ? single : (single + all).sorted()[...]
        func counts(_ fact: Fact) -> Bool {
            fact.evidence.account == owner || fact.evidence.account == .none
        }
        return merged.allSatisfy(counts) ? merged : merged.filter(counts)[...]
    }

    /// Takes the next fact in order.
    mutating func apply(_ fact: Fact, _ key: ExactText, in facts: FactView, depth: Int = 0) {
        switch fact.value {
        case .tagSet(let text): set(.present(text), by: fact)
        case .tagDeleted(nil): set(.absent, by: fact)
        case .tagDeleted(let only?):
            // Deleted only if it had this value; of an unknown one nothing is learnt.
            if value == .present(only) { set(.absent, by: fact) }
        case .allTags(let tags, let source):
            if let text = tags[key] {
                set(.present(text), by: fact)
            } else if let source {
                set(Self.copied(key, from: source, asOf: fact.time, in: facts, depth: depth), by: fact)
            } else {
                set(.absent, by: fact)
            }
        default: break
        }
    }

    private static func copied(
        _ key: ExactText,
        from source: ResourceID,
        asOf time: EventTime,
        in view: FactView,
        depth: Int
    ) -> Value {
        guard depth < maximumDepth else { return .unknown }
        var reading = TagReading()
        let known = facts(key, of: view.image(source), asOf: time)
        // Whatever was before the last fact that decides alone is of no matter, and copies of copies would be many.
        let start = known.lastIndex { $0.value.decidesTag } ?? known.startIndex
        for fact in known[start...] {
            reading.apply(fact, key, in: view, depth: depth + 1)
        }
        return reading.value
    }

    private mutating func set(_ new: Value, by fact: Fact) {
        guard new != value || cause == nil || isApproving(fact) else { return }
        value = new
        cause = fact
    }

    /// Whether a publisher sets the value that somebody else has set.
    private func isApproving(_ fact: Fact) -> Bool {
        guard let policy = policy?.policy, let cause, case .present = value, !fact.evidence.isInventory,
            fact.evidence.actor !== cause.evidence.actor
        else { return false }
        return policy.isPublisher(fact.evidence) == true && policy.isPublisher(cause.evidence) != true
    }

    /// As an alert shows it.
    func statement(_ key: ExactText) -> FactStatement? {
        guard let cause else { return nil }
        switch value {
        case .unknown: return nil
        case .absent: return FactStatement("tag \(key)", "absent", cause)
        case .present(let text): return FactStatement("tag \(key)", text.string, cause)
        }
    }
}

extension Policy {
    /// Whether a record was made by a principal that may create and tag images; nil when the record does
    /// not say who made it.
    ///
    /// An inventory speaks for the owner.
    func isPublisher(_ evidence: Evidence) -> Bool? {
        guard let publishers, !evidence.isInventory else { return true }
        guard let principal = evidence.actor.principalARN else { return nil }
        return publishers.contains { $0.matches(principal) }
    }

    /// Whether a call was made by a service whose creating and tagging is not judged, or by its service-linked role.
    func isExempt(_ evidence: Evidence) -> Bool {
        if exemptServices.isEmpty { return false }
        return [evidence.actor.service, evidence.actor.linkedService].contains {
            $0.map { exemptServices.contains(ExactText($0)) } ?? false
        }
    }
}

extension FactValue {
    /// Whether it says what a tag is, whatever it was before.
    fileprivate var decidesTag: Bool {
        switch self {
        case .tagSet, .tagDeleted(nil), .allTags: true
        default: false
        }
    }
}

extension TagReading {
    /// What makes tags of an image be read again as of some time: they, the owner whose word counts, the images that it is a
    /// copy of.
    static func triggers(_ concerned: (Reach.Reading) -> Reach) -> [Trigger] {
        [.on(.owner, concerned(.always)), .on(.owner, .ofCopies(concerned(.always)))]
            + Trigger.on([.tag, .allTags], concerned(.fromItsTime))
            + Trigger.on([.tag, .allTags], .ofCopies(concerned(.always)))
    }
}
