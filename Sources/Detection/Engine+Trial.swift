public import CloudTrail

// What another policy would change, before it is put in force: nothing of it is published, and no state is changed.

/// A finding that another policy would open, close, or tell otherwise than it was published.
public struct FindingChange: Sendable {
    /// What becomes of a finding.
    public enum Kind: String, Sendable {
        /// It would stand, and does not now.
        case opened
        /// It stands, and would be resolved or retracted.
        case closed
        /// Something else would be told of it.
        case changed
    }

    /// What a finding says, or would say.
    public struct Form: Sendable {
        /// `open`, `resolved` or `retracted`.
        public let status: FindingStatus
        /// Nil where an older version published it.
        public let severity: Severity?
        /// Nil where an older version published it.
        public let verdict: Verdict?
    }

    /// What becomes of it.
    public let kind: Kind
    /// Which one.
    public let identity: FindingIdentity
    /// As it was published; nil when it never was.
    public let before: Form?
    /// As it would be; nil when it would be retracted.
    public let after: Form?
    /// One sentence for people; nil when it would be retracted.
    public let message: String?
}

/// A policy that is tried on what is known, in slices.
public struct PolicyTrial: Sendable {
    /// How many findings it would change so far.
    public struct Effect: Hashable, Sendable {
        /// Findings that stand now.
        public var open = 0
        /// See ``FindingChange/Kind``.
        public var opened = 0
        /// See ``FindingChange/Kind``.
        public var closed = 0
        /// See ``FindingChange/Kind``.
        public var changed = 0

        /// Of nothing.
        public init() {}
    }

    /// The one that is tried.
    public var policy: Policy { inForce.policy }
    /// What it would change, as far as it was tried.
    public fileprivate(set) var effect = Effect()
    fileprivate let inForce: PolicyInForce
    fileprivate var waiting: ArraySlice<Subject>

    /// Whether everything was looked at.
    public var isDone: Bool { waiting.isEmpty }
}

extension Engine {
    /// Begins to try a policy on everything owned, or on what of it belongs to some accounts.
    public mutating func trial(
        of policy: Policy,
        where isConcerned: (AccountID) -> Bool = { _ in true }
    ) -> PolicyTrial {
        catchUpStreamTime()
        let tried = PolicyInForce(policy, number: nextPolicyNumber)
        var affected = AffectedSubjects(state: state, policy: tried, rules.triggers)
        affected.addAll()
        for subject in rules.subjects(of: policy) { affected.insert(subject) }
        let subjects = affected.sorted().filter { owns($0) && isConcerned($0.scope.account) }
        var trial = PolicyTrial(inForce: tried, waiting: subjects[...])
        trial.effect.open = subjects.reduce(0) { count, subject in
            count + state.findings.published(about: subject).count { $0.finding.status == .open }
        }
        return trial
    }

    /// Tries a policy on so many subjects more, and hands over what it would change.
    public mutating func advance(
        _ trial: inout PolicyTrial,
        atMost count: Int,
        _ body: (FindingChange) -> Void = { _ in }
    ) {
        let own = inForce
        inForce = trial.inForce
        defer { inForce = own }
        for subject in trial.waiting.prefix(count) {
            for said in judgements(of: subject).said {
                guard let change = change(said, of: subject) else { continue }
                switch change.kind {
                case .opened: trial.effect.opened += 1
                case .closed: trial.effect.closed += 1
                case .changed: trial.effect.changed += 1
                }
                body(change)
            }
        }
        trial.waiting = trial.waiting.dropFirst(count)
    }

    /// What would be published of a finding by the policy that is looked at; nil when that is nothing.
    private func change(_ said: Said, of subject: Subject) -> FindingChange? {
        let (rule, known) = (said.rule.metadata, said.known)
        let identity = FindingIdentity(rule: rule.id, subject: subject)
        let isOpen = known?.status == .open
        let before = known.flatMap {
            $0.isUnsaid
                ? nil : FindingChange.Form(status: $0.status, severity: $0.severity, verdict: $0.verdict)
        }
        func change(_ kind: FindingChange.Kind, _ finding: Finding?) -> FindingChange {
            FindingChange(
                kind: kind,
                identity: identity,
                before: before,
                after: finding.map {
                    FindingChange.Form(status: $0.status, severity: $0.severity, verdict: $0.verdict)
                },
                message: finding?.message
            )
        }
        guard let finding = published(identity, said.judgement, rule, known).finding else {
            guard let known, known.status != .retracted, !isFrozen(known, said.judgement) else { return nil }
            return change(isOpen ? .closed : .changed, nil)
        }
        if case .none = finding.news(since: known) { return nil }
        return change(
            finding.status == .open ? isOpen ? .changed : .opened : isOpen ? .closed : .changed,
            finding
        )
    }
}

extension Policy {
    /// The first 64 bits of its hash.
    public var fingerprint: UInt64 { JudgesOfAccounts.fingerprint(of: self) }

    /// A fingerprint as the first 16 digits of the hash.
    public static func digits(_ fingerprint: UInt64) -> String {
        let digits = String(fingerprint, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Whether it says that it replaces a policy.
    public func isReplacement(of policy: Policy) -> Bool { replaces.map(policy.hash.hasPrefix) ?? false }

    /// Whether it says that it replaces a policy of which the fingerprint is known.
    public func isReplacement(of fingerprint: UInt64) -> Bool {
        replaces?.hasPrefix(Self.digits(fingerprint)) ?? false
    }
}
