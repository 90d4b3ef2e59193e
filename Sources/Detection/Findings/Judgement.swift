public import CloudTrail

/// What a rule says about a subject: the history of its violations in order, folded into what a finding shows.
///
/// A rule walks the subject's facts in order and calls `occur` for each record that violates (or cannot be decided)
/// and `resolve` where the cause is gone.
public struct Judgement {
    /// Why one record is a violation, or cannot be decided.
    public struct Reason: Sendable {
        /// `violation` or `undetermined`.
        public var verdict: Verdict
        /// The severity, unless the policy names one.
        public var severity: Severity
        /// What decided.
        public var facts: [FactStatement]
        /// What would settle it.
        public var missing: [String]
        /// The policy's clause.
        public var clause: String?
        /// Commands that undo the cause.
        public var remediation: [String]
        /// Why other commands are left out.
        public var withheld: [String]
        /// One sentence for people.
        public var message: String

        /// A reason from its parts.
        public init(
            _ verdict: Verdict = .violation,
            severity: Severity,
            facts: [FactStatement],
            missing: [String] = [],
            clause: String? = nil,
            remediation: [AWSCommand] = [],
            message: String
        ) {
            self.verdict = verdict
            self.severity = severity
            self.facts = facts
            self.missing = missing
            self.clause = clause
            self.message = message
            self.remediation = remediation.compactMap { if case .line(let line) = $0 { line } else { nil } }
            withheld = remediation.compactMap { if case .withheld(let why) = $0 { why } else { nil } }
        }

        /// The message while the finding is open: it also tells why a command is left out.
        var openMessage: String { withheld.reduce(message) { "\($0) A command is left out: \($1)." } }
    }

    private(set) var occurrences = 0
    private(set) var firstSeen = EventTime.distantFuture
    private(set) var lastSeen = EventTime.distantPast
    /// The last record that violates, and why; told only when somebody asks, for all before it nobody does.
    private(set) var last: (evidence: Evidence, reason: () -> Reason)?
    /// The record with which it last opened.
    private(set) var opened: Evidence?
    /// The worst severity since it last opened.
    private(set) var worst: Severity?
    /// `violation` when any record since it last opened was one, else `undetermined`.
    private(set) var verdict = Verdict.undetermined
    private(set) var resolution: Evidence?
    /// Who made the violating calls.
    private(set) var principals = Principals()
    private var isSettled = false
    /// Stream time at which the subject must be judged again, when a deadline has not passed yet.
    public var deadline: EventTime?

    /// Whether the newest facts alone, which are never forgotten, tell if there is a violation now.
    var isToldByNewest = false

    /// Nothing violated yet.
    public init() {}

    /// Whether there was a violation that is not resolved.
    public var isOpen: Bool { last != nil && resolution == nil }

    /// Whether nothing violated, and nothing is waited for.
    var saysNothing: Bool { last == nil && deadline == nil }

    /// What would settle it; nothing once any record is a violation whatever else is missing.
    var missing: [String] { verdict == .undetermined ? last?.reason().missing ?? [] : [] }

    /// Puts the reason into words.
    ///
    /// Until then it may hold on to the state that it tells of, and a state that somebody holds on to is copied by the
    /// next change.
    mutating func putIntoWords() {
        guard let told = last else { return }
        let reason = told.reason()
        last = (told.evidence, { reason })
    }

    /// A record violates, or cannot be decided.
    public mutating func occur(_ evidence: Evidence, _ reason: Reason) {
        occur(evidence, reason.severity, reason.verdict) { reason }
    }

    /// A record violates, or cannot be decided, for a reason that is put into words only when it is the last.
    public mutating func occur(
        _ evidence: Evidence,
        _ severity: Severity,
        _ verdict: Verdict = .violation,
        because reason: @escaping () -> Reason
    ) {
        occurrences += 1
        principals.note(evidence)
        firstSeen = min(firstSeen, evidence.time)
        lastSeen = max(lastSeen, evidence.time)
        if resolution != nil || last == nil {
            opened = evidence
            worst = nil
            self.verdict = .undetermined
            resolution = nil
        }
        let severity: Severity = verdict == .undetermined ? .low : severity
        worst = max(worst ?? severity, severity)
        if verdict == .violation { self.verdict = .violation }
        isSettled = false
        last = (evidence, reason)
    }

    /// The cause is gone; says nothing when nothing is open.
    public mutating func resolve(_ evidence: Evidence) {
        if isOpen, !isSettled { resolution = evidence }
    }

    /// The cause itself is undone, so that enabling an image again brings nothing back.
    public mutating func settle(_ evidence: Evidence) {
        resolve(evidence)
        isSettled = last != nil
    }

    /// What resolved was taken back, and the cause still holds: the image is enabled again.
    public mutating func reopen() {
        if !isSettled { resolution = nil }
    }
}

/// The principals of some calls, as IAM policies name them; of very many not all are kept.
struct Principals {
    private var known: [String] = []
    /// Whether somebody is not known, or not kept.
    private var hasOthers = false
    private var last: Actor?

    private static let capacity = 32

    mutating func note(_ evidence: Evidence) {
        guard !hasOthers, evidence.actor !== last else { return }
        last = evidence.actor
        guard let principal = evidence.actor.principalARN else { return hasOthers = true }
        if known.contains(where: { $0.utf8.elementsEqual(principal.utf8) }) { return }
        if known.count < Self.capacity { known.append(principal) } else { hasOthers = true }
    }

    /// Whether a pattern matches every one of them.
    func areAll(_ pattern: Pattern) -> Bool { !hasOthers && known.allSatisfy(pattern.matches) }
}
