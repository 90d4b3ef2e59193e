public import CloudTrail

/// What is known of one thing, as of a time: named items in groups, each with what told it.
///
/// What nobody told is an item without a value, and says why; a group whose items may not be all there are says so.
public struct StateReport: Sendable {
    /// What it is about.
    public enum Kind: String, Sendable {
        /// Everything, in short.
        case summary
        /// The guardrails of an account's part of a Region.
        case guardrails
        /// An image.
        case image
        /// An instance.
        case instance
        /// Who calls.
        case principal
        /// The accounts of the organization.
        case members
    }

    /// One thing that is known, or is known to be unknown.
    public struct Item: Sendable {
        /// What it is: `owner`, a tag's key, a grantee.
        public let name: String
        /// Its value; nil when nobody told it.
        public let value: String?
        /// Why there is no value.
        public let unknown: String?
        /// From when on it was so; nil for what holds always, and where that is not known.
        public let since: EventTime?
        /// Until when it was so; nil as long as it is, and where that is not known.
        public let until: EventTime?
        /// The record that told it.
        public let evidence: Evidence?

        /// A value, with the record that told it.
        init(
            _ name: String,
            _ value: String,
            since: EventTime? = nil,
            until: EventTime? = nil,
            _ evidence: Evidence? = nil
        ) {
            (self.name, self.value, unknown) = (name, value, nil)
            self.since = since == .distantPast ? nil : since
            (self.until, self.evidence) = (until, evidence)
        }

        /// Nothing, and why.
        init(_ name: String, unknown: String) {
            (self.name, value, self.unknown) = (name, nil, unknown)
            (since, until, evidence) = (nil, nil, nil)
        }
    }

    /// Items of one sort.
    public struct Group: Sendable {
        /// What they are: `attributes`, `tags`, `shares`.
        public let name: String
        /// The items, in order.
        public internal(set) var items: [Item]
        /// Why there may be more than these; nil when these are all.
        public internal(set) var incomplete: String?

        init(_ name: String, _ items: [Item], incomplete: String? = nil) {
            (self.name, self.items, self.incomplete) = (name, items, incomplete)
        }
    }

    /// What it is about.
    public let kind: Kind
    /// Which one: an id, an ARN, `account/Region`.
    public let id: String
    /// What is known; groups without items are there, too.
    public internal(set) var groups: [Group]
}

/// What is asked of the state.
public enum StateQuestion: Hashable, Sendable {
    /// Everything, in short.
    case summary
    /// The guardrails of an account, a Region, or all of them.
    case guardrails(AccountID?, region: ExactText?)
    /// An image.
    case image(ResourceID)
    /// An instance, in whichever account it is.
    case instance(ResourceID)
    /// A principal, by the ARN of its role or user, or of a session.
    case principal(ExactText)
    /// The accounts of the organization, and of those that the policy trusts.
    case members
}

/// As of when the state is asked: a moment, or all that was so at any moment of a time.
public struct AsOf: Hashable, Sendable {
    /// The first moment.
    public let start: EventTime
    /// The last moment: what has one value is told as of then.
    public let end: EventTime

    /// As of now.
    public static let now = AsOf(start: .distantFuture, end: .distantFuture)
    /// All that ever was so.
    public static let always = AsOf(start: .distantPast, end: .distantFuture)

    /// From one moment to another.
    public init(start: EventTime, end: EventTime) { (self.start, self.end) = (start, end) }

    /// Whether what was so from one time until another was so then.
    func overlaps(from start: EventTime, until end: EventTime?) -> Bool {
        start <= self.end && end.map { $0 > self.start } ?? true
    }
}

extension Engine {
    /// What is known; none when nothing is known of what is asked.
    ///
    /// Stream time comes to where the accounts' clocks are. Follows `restore`.
    public mutating func reports(_ question: StateQuestion, asOf: AsOf) -> [StateReport] {
        catchUpStreamTime()
        return known(question, asOf: asOf)
    }

    /// What is known, as ``reports(_:asOf:)`` tells it, at the stream time that this engine has come to.
    ///
    /// Changes nothing, so that it may be asked of an engine at work. Of one image at most `itemsAtMost` launches, and calls
    /// that name it, are told.
    public func known(_ question: StateQuestion, asOf: AsOf, itemsAtMost: Int = .max) -> [StateReport] {
        let query = StateQuery(self, asOf, itemsAtMost: itemsAtMost)
        return switch question {
        case .summary: [query.summary()]
        case .guardrails(let account, let region): query.guardrails(account, region)
        case .image(let image): query.image(image).map { [$0] } ?? []
        case .instance(let instance): query.instance(instance)
        case .principal(let arn): query.principal(arn).map { [$0] } ?? []
        case .members: query.members().map { [$0] } ?? []
        }
    }
}

/// One look at the state.
struct StateQuery {
    let state: State
    let context: RuleContext
    let asOf: AsOf
    /// How many launches, and calls, of one image are told one by one.
    let itemsAtMost: Int
    /// What ended before this may be forgotten; nil when nothing is.
    let forgottenBefore: EventTime?

    init(_ engine: Engine, _ asOf: AsOf, itemsAtMost: Int = .max) {
        state = engine.state
        context = RuleContext(FactView(engine.state), policy: engine.inForce)
        self.asOf = asOf
        self.itemsAtMost = itemsAtMost
        forgottenBefore = engine.settings.horizonSeconds.map { _ in
            engine.state.streamTime.advanced(bySeconds: -engine.settings.retentionSeconds)
        }
    }

    var facts: FactView { context.facts }

    /// Why what ended may be missing; nil when nothing can have been forgotten that was so then.
    var forgotten: String? {
        guard let limit = forgottenBefore, asOf.start < limit else { return nil }
        return "what ended before \(limit) is no longer kept"
    }

    /// What a timeline says then, in words; and since when, and until when it says the same.
    func item(_ name: String, _ timeline: Timeline, _ words: (FactValue) -> String?) -> StateReport.Item {
        let until = timeline.prefix(asOf: asOf.end)
        guard let last = until.last(where: { words($0.value) != nil }), let value = words(last.value) else {
            let first = timeline.facts.first { words($0.value) != nil }
            return .init(name, unknown: first.map { "first told at \($0.time)" } ?? "nobody told")
        }
        var since = last
        for fact in until.reversed() {
            guard let earlier = words(fact.value) else { continue }
            guard earlier.hasSameBytes(as: value) else { break }
            since = fact
        }
        let next = timeline.facts[until.endIndex...].first { words($0.value).map { $0 != value } ?? false }
        return .init(name, value, since: since.time, until: next?.time, since.evidence)
    }
}
