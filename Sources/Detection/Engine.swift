public import CloudTrail

/// The core: records in, alerts out. No clock, no input or output, no randomness: the same records in the same order
/// give the same alerts, and in any order the same findings.
///
/// A record tells facts; facts land on timelines; every subject that a fact can touch is judged again from its
/// timelines; what differs from the published finding becomes an alert. Late records, repeats, a new policy and a
/// restart all take this one way. Not for sharing: one thread owns it.
public struct Engine: Sendable {
    /// How the engine treats time.
    public struct Settings: Sendable {
        /// Seconds behind the account's clock after which facts beyond a timeline's newest are forgotten; nil
        /// forgets nothing (replay).
        public var horizonSeconds: Int64?
        /// Facts that a timeline keeps whatever their age.
        public var keptFacts = 8
        /// Whether changes can be taken back and listed for the changelog.
        public var keepsJournal = false
        /// Whether a first undetermined verdict waits until `settle` is called.
        public var delaysUndetermined = false

        /// What replay uses.
        public init() {}
    }

    /// What became of a record.
    public enum Outcome: Sendable {
        /// Its facts are in the state.
        case applied
        /// It was there already, with nothing new.
        case duplicate
    }

    /// Everything known.
    public internal(set) var state: State
    /// What the organisation trusts.
    public private(set) var policy: Policy
    private let rules: RuleSet
    private let settings: Settings
    private var timers = Timers()
    private var actors: Set<Actor> = []
    /// Subjects whose first undetermined verdict waits, in the order in which they came.
    public private(set) var unsettled: [Subject] = []

    /// An engine that knows nothing yet.
    public init(policy: Policy, rules: RuleSet = .all, settings: Settings = Settings()) {
        self.policy = policy
        self.rules = rules
        self.settings = settings
        state = State(keepsJournal: settings.keepsJournal)
    }

    // MARK: Records

    /// Takes one record, and appends the alerts that it causes.
    ///
    /// `notAfter` is the reader's clock plus 10 minutes: a record dated later is applied, but moves no clock.
    public mutating func process(
        _ record: Record,
        notAfter: EventTime = .distantFuture,
        into alerts: inout [Alert]
    ) -> Outcome {
        var touched: [(FactKey, Fact)] = []
        let known = state.seen.record(like: record)
        if let known {
            guard known != record else { return .duplicate }
            let merged = known.merged(with: record)
            guard merged != known else { return .duplicate }
            for (key, fact) in facts(of: known) where state.remove(fact, at: key) {
                touched.append((key, fact))
            }
            tell(merged, touched: &touched)
        } else {
            tell(record, touched: &touched)
        }
        if record.time <= notAfter { state.advanceClocks(account: record.account, to: record.time) }
        judge(touched: touched, into: &alerts)
        return known == nil ? .applied : .duplicate
    }

    /// Moves stream time forward without a record: what other partitions have seen, or `--until`.
    public mutating func advanceStreamTime(to time: EventTime, into alerts: inout [Alert]) {
        state.advanceStreamTime(to: time)
        judge(touched: [], into: &alerts)
    }

    private mutating func tell(_ record: Record, touched: inout [(FactKey, Fact)]) {
        state.remember(record)
        for (key, fact) in facts(of: record) where state.insert(fact, at: key) {
            touched.append((key, fact))
        }
    }

    /// Records share their actor, for there are far fewer actors than records.
    private mutating func facts(of record: Record) -> [(key: FactKey, fact: Fact)] {
        RecordFacts.of(record, actor: actors.insert(record.actor).memberAfterInsert)
    }

    /// A restored fact, with the actor that other facts have.
    mutating func sharingActor(_ fact: Fact) -> Fact {
        let told = fact.evidence
        let evidence = Evidence(
            id: told.id,
            account: told.account,
            region: told.region,
            time: told.time,
            name: told.name,
            source: told.source,
            actor: actors.insert(told.actor).memberAfterInsert
        )
        return Fact(time: fact.time, phase: fact.phase, value: fact.value, evidence: evidence)
    }

    // MARK: Judging

    mutating func judge(touched: [(FactKey, Fact)], into alerts: inout [Alert]) {
        let due = timers.popDue(at: state.streamTime)
        for subject in due { judge(subject, cause: nil, into: &alerts) }
        guard let cause = touched.last?.1.evidence else { return }
        let subjects = Self.reached(by: touched, state: state, policy: policy)
        for subject in subjects { judge(subject, cause: cause, into: &alerts) }
        forget(behind: touched)
    }

    private static func reached(by touched: [(FactKey, Fact)], state: State, policy: Policy) -> [Subject] {
        var reach = Reach(state: state, policy: policy)
        for (key, fact) in touched { reach.add(key, fact) }
        return reach.subjects.count > 1 ? reach.subjects.sorted() : Array(reach.subjects)
    }

    /// Judges one subject by every rule that judges such, and publishes what has changed.
    private mutating func judge(
        _ subject: Subject,
        cause: Evidence?,
        settling: Bool = false,
        into alerts: inout [Alert]
    ) {
        for (rule, judgement) in Self.judgements(of: subject, by: rules, state: state, policy: policy) {
            let identity = FindingIdentity(rule: rule.id, subject: subject)
            if let deadline = judgement?.deadline { timers.set(deadline, subject) }
            let known = state.findings[identity]
            if let finding = published(identity, judgement, rule, known) {
                if settings.delaysUndetermined, !settling, known == nil, finding.verdict == .undetermined {
                    unsettled.append(subject)
                } else if let judgement {
                    publish(finding, judgement, known, into: &alerts)
                }
            } else if let known, known.status != .retracted, !isFrozen(known, judgement) {
                retract(identity, known, rule, cause: cause, into: &alerts)
            }
        }
    }

    /// What a finding says, unless there is none or a suppression holds it back.
    private mutating func published(
        _ identity: FindingIdentity,
        _ judgement: Judgement?,
        _ rule: RuleMetadata,
        _ known: FindingState?
    ) -> Finding? {
        guard let judgement, let finding = form(of: identity, judgement, rule, known) else { return nil }
        guard let ends = suppressionEnd(identity) else { return finding }
        timers.set(ends, identity.subject)
        return nil
    }

    private static func judgements(
        of subject: Subject,
        by rules: RuleSet,
        state: State,
        policy: Policy
    ) -> [(RuleMetadata, Judgement?)] {
        let scene = Scene(state: state, policy: policy)
        return rules.rules.compactMap { rule in
            guard rule.judges(subject) else { return nil }
            let isEnabled = policy.rules[rule.metadata.id]?.isEnabled ?? true
            return (rule.metadata, isEnabled ? rule.judge(subject, in: scene) : nil)
        }
    }

    private mutating func publish(
        _ finding: Finding,
        _ judgement: Judgement,
        _ known: FindingState?,
        into alerts: inout [Alert]
    ) {
        let fingerprint = finding.fingerprint
        if let known, known.status == finding.status, known.fingerprint == fingerprint { return }
        var next = FindingState(
            status: finding.status,
            revision: known?.revision ?? 0,
            fingerprint: fingerprint,
            occurrences: finding.occurrences,
            forgotten: known?.forgotten ?? 0,
            firstSeen: finding.firstSeen,
            lastSeen: finding.lastSeen
        )
        if finding.status == .resolved, known?.status != .open,
            known?.status != .resolved || finding.occurrences > (known?.occurrences ?? 0)
        {
            // It was open, however briefly: nobody hears of an end without its beginning.
            next.revision += 1
            alerts.append(alert(opened(finding, judgement), next.revision))
        }
        next.revision += 1
        var told = finding
        if finding.status == .open, known?.status == .open { told.status = .updated }
        alerts.append(alert(told, next.revision))
        state.setFinding(next, finding.identity)
    }

    private mutating func retract(
        _ identity: FindingIdentity,
        _ known: FindingState,
        _ rule: RuleMetadata,
        cause: Evidence?,
        into alerts: inout [Alert]
    ) {
        var next = known
        next.status = .retracted
        next.revision += 1
        next.fingerprint = 0
        next.occurrences = 0
        next.forgotten = 0
        state.setFinding(next, identity)
        let place = identity.subject.place
        let finding = Finding(
            identity: identity,
            status: .retracted,
            verdict: .allowed,
            title: rule.title,
            severity: rule.severity,
            event: cause
                ?? Evidence(
                    id: .text("policy/\(policy.hash)"),
                    account: place.account,
                    region: place.region,
                    time: known.lastSeen,
                    name: "PolicyChange",
                    source: "amiwatch",
                    actor: .unknown
                ),
            firstSeen: known.firstSeen,
            lastSeen: known.lastSeen,
            occurrences: 0,
            facts: [],
            missing: [],
            clause: nil,
            remediation: [],
            message: "Later evidence, or the policy, shows that this was no violation."
        )
        alerts.append(alert(finding, next.revision))
    }

    private func alert(_ finding: Finding, _ revision: Int) -> Alert {
        Alert(finding, revision: revision, policyHash: policy.hash)
    }

    /// Event and launch findings older than the horizon stand when their facts are gone.
    private func isFrozen(_ known: FindingState, _ judgement: Judgement?) -> Bool {
        guard settings.horizonSeconds != nil else { return false }
        return known.forgotten > 0 && judgement?.last == nil
    }

    // MARK: What a finding says

    private func form(
        of identity: FindingIdentity,
        _ judgement: Judgement,
        _ rule: RuleMetadata,
        _ known: FindingState?
    ) -> Finding? {
        guard let last = judgement.last else { return nil }
        let reason = last.reason
        let forgotten = known?.forgotten ?? 0
        let resolution = judgement.resolution
        var facts = reason.facts
        if let resolution { facts.append(FactStatement("resolved by", resolution.name, resolution)) }
        return Finding(
            identity: identity,
            status: resolution == nil ? .open : .resolved,
            verdict: resolution == nil ? reason.verdict : .allowed,
            title: rule.title,
            severity: policy.rules[rule.id]?.severity ?? judgement.worst ?? rule.severity,
            event: resolution ?? last.evidence,
            firstSeen: forgotten > 0
                ? min(known?.firstSeen ?? .distantFuture, judgement.firstSeen) : judgement.firstSeen,
            lastSeen: judgement.lastSeen,
            occurrences: judgement.occurrences + forgotten,
            facts: facts.sorted(by: FactStatement.precedes),
            missing: resolution == nil ? reason.missing.sorted() : [],
            clause: reason.clause,
            remediation: resolution == nil ? reason.remediation : [],
            message: resolution == nil
                ? reason.message : "Resolved by \(resolution?.name ?? ""): \(reason.message)"
        )
    }

    /// The finding as it was before its resolution.
    private func opened(_ finding: Finding, _ judgement: Judgement) -> Finding {
        guard let last = judgement.last else { return finding }
        var opened = finding
        opened.status = .open
        opened.verdict = last.reason.verdict
        opened.event = last.evidence
        opened.facts = last.reason.facts.sorted(by: FactStatement.precedes)
        opened.missing = last.reason.missing.sorted()
        opened.remediation = last.reason.remediation
        opened.message = last.reason.message
        return opened
    }

    /// The first second at which no suppression covers a finding any more; nil when none does now.
    private func suppressionEnd(_ identity: FindingIdentity) -> EventTime? {
        policy.suppressions.filter { $0.ends > state.streamTime && $0.covers(identity) }.map(\.ends).max()
    }

    // MARK: Whole-state work

    /// Publishes the undetermined verdicts that have waited, unless they are settled by now.
    public mutating func settle(_ subjects: [Subject], into alerts: inout [Alert]) {
        for subject in subjects { judge(subject, cause: nil, settling: true, into: &alerts) }
    }

    /// Hands over the subjects that wait.
    public mutating func takeUnsettled() -> [Subject] {
        defer { unsettled.removeAll(keepingCapacity: true) }
        return unsettled
    }

    /// Judges everything again and publishes what differs from what was published: after a restore, a new policy, a
    /// new version.
    public mutating func reconcile(into alerts: inout [Alert]) {
        for subject in Self.allSubjects(state: state, policy: policy) {
            judge(subject, cause: nil, into: &alerts)
        }
    }

    /// Puts another policy in force, as if it had always been.
    public mutating func replacePolicy(_ policy: Policy, into alerts: inout [Alert]) {
        self.policy = policy
        reconcile(into: &alerts)
    }

    private static func allSubjects(state: State, policy: Policy) -> [Subject] {
        var reach = Reach(state: state, policy: policy)
        reach.addAll()
        return reach.subjects.sorted()
    }

    /// The final form of every finding that stands or stood, retracted and suppressed ones left out, by finding id.
    public func findings() -> [(id: String, finding: Finding)] {
        var result: [(id: String, finding: Finding)] = []
        for (identity, known) in state.findings where known.status != .retracted {
            guard let rule = rules.rule(identity.rule),
                let judgement = rule.judge(identity.subject, in: Scene(state: state, policy: policy)),
                let finding = form(of: identity, judgement, rule.metadata, known)
            else { continue }
            result.append((identity.findingID, finding))
        }
        return result.sorted { $0.id < $1.id }
    }

    /// How many findings of this identity's kind are held back by a suppression now.
    public func suppressedCount() -> Int {
        var count = 0
        for subject in Self.allSubjects(state: state, policy: policy) {
            for (rule, judgement) in Self.judgements(of: subject, by: rules, state: state, policy: policy)
            where judgement?.last != nil
                && suppressionEnd(FindingIdentity(rule: rule.id, subject: subject)) != nil
            {
                count += 1
            }
        }
        return count
    }

    // MARK: Transactions

    /// The transaction that carried the alerts is committed.
    public mutating func commit() {
        state.commit()
        timers.commit()
    }

    /// The transaction was aborted: everything since the last commit is taken back.
    public mutating func rollback() {
        state.rollback()
        timers.rollback()
        unsettled.removeAll()
    }

    // MARK: Forgetting

    /// Forgets what lies behind the horizon on the timelines that have just grown.
    private mutating func forget(behind touched: [(FactKey, Fact)]) {
        guard let horizon = settings.horizonSeconds else { return }
        for (key, fact) in touched {
            let limit = state.clock(of: fact.evidence.account).advanced(bySeconds: -horizon)
            let stale = Array(state.timeline(key).stale(before: limit, keep: settings.keptFacts))
            guard !stale.isEmpty else { continue }
            let subjects = Self.reached(by: stale.map { (key, $0) }, state: state, policy: policy)
            let before = occurrences(of: subjects)
            for fact in stale { state.remove(fact, at: key) }
            for (identity, count) in before { keepCount(identity, before: count) }
        }
        if let first = touched.first?.1 {
            state.seen.drop(before: state.clock(of: first.evidence.account).advanced(bySeconds: -2 * horizon))
        }
    }

    private func occurrences(of subjects: [Subject]) -> [(FindingIdentity, Int)] {
        subjects.flatMap { subject in
            Self.judgements(of: subject, by: rules, state: state, policy: policy).compactMap {
                rule,
                judgement in
                let identity = FindingIdentity(rule: rule.id, subject: subject)
                return state.findings[identity] == nil ? nil : (identity, judgement?.occurrences ?? 0)
            }
        }
    }

    /// Occurrences whose facts are gone stay counted.
    private mutating func keepCount(_ identity: FindingIdentity, before: Int) {
        guard var known = state.findings[identity], let rule = rules.rule(identity.rule) else { return }
        let judgement = rule.judge(identity.subject, in: Scene(state: state, policy: policy))
        let lost = before - (judgement?.occurrences ?? 0)
        guard lost > 0 else { return }
        known.forgotten += lost
        if let judgement, let finding = form(of: identity, judgement, rule.metadata, known) {
            known.fingerprint = finding.fingerprint
        }
        state.setFinding(known, identity)
    }
}

extension Policy.Suppression {
    func covers(_ identity: FindingIdentity) -> Bool {
        let subject = identity.subject
        return rule == identity.rule && (account ?? subject.place.account) == subject.place.account
            && (region ?? subject.place.region) == subject.place.region
            && (resource.map { $0 == subject.resource.id } ?? true)
            && (discriminator.map { $0 == subject.discriminator } ?? true)
    }
}
