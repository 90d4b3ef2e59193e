public import CloudTrail

/// The core: records in, alerts out.
///
/// No clock, no input or output, no randomness: the same records in the same order give the same alerts,
/// and in any order the same findings.
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
        /// Bytes of facts about one attribute beyond which the oldest are forgotten within the horizon, too: half of
        /// what a message may have.
        public var entryBytes = 500_000
        /// Seconds after which ended things are forgotten: 35 days, for AWS delivers again for 30.
        public var retentionSeconds: Int64 = 35 * 86_400
        /// Seconds after which deregistered images are forgotten.
        static let deregisteredSeconds: Int64 = 400 * 86_400
        /// Whether changes can be taken back and listed for the changelog.
        public var keepsJournal = false
        /// Subjects that one record, or the time that it brings, makes judged at once; the others wait for
        /// `evaluateBacklog`.
        public var subjectsAtOnce = Int.max
        /// Facts beyond which a subject is not judged again for each new one, but when its facts have become more by an
        /// eighth, or `takeUpDeferred` is called: so that a flood about one thing costs as many times more as it is
        /// larger.
        public var factsAtOnce = 64
        /// Whether a first undetermined verdict waits until `settle` is called.
        public var delaysUndetermined = false

        /// What replay uses.
        public init() {}
    }

    /// What became of a record.
    public enum Outcome: Sendable {
        /// Its facts are in the state.
        case applied
        /// It was told before: what it says is there already, or a copy of it that differs.
        case duplicate
    }

    /// Everything known.
    public internal(set) var state: State
    /// What the organisation trusts.
    public var policy: Policy { _read { yield inForce.policy } }
    private(set) var inForce: PolicyInForce
    let rules: RuleSet
    let settings: Settings
    /// Tells the accounts whose subjects are judged here; nil is all of them.
    ///
    /// Facts are taken whoever told them, for others' images matter to own launches. What they lead to in an account
    /// of another engine is judged there. Set it when the accounts change, before anything is judged;
    /// ``startReconciling(of:)`` then judges what is new.
    public var isOwned: (@Sendable (AccountID) -> Bool)?
    var timers: Timers
    var expiries = Expiries()
    private var backlog = Backlog()
    /// What is looked at before the backlog: facts that may not have been derived yet.
    private var (underived, underivedAtCommit): ([UnderivedTarget], [UnderivedTarget]) = ([], [])
    var deferral: Deferral
    /// Whether what facts touch only waits for `takeUpDeferred`, because enough was judged for now.
    public var defersEvaluation = false
    var judges: JudgesOfAccounts
    var interning = Interning()
    /// Sees which subjects facts affect and what is evaluated; nil but in tests.
    var witness: (any EvaluationWitness)?
    /// Subjects whose first undetermined verdict waits, in the order in which they came.
    public private(set) var unsettled: [Subject] = []
    private var unsettledAtCommit: [Subject] = []

    /// Facts forgotten within the horizon, since the engine began, and who told the last of them.
    public internal(set) var forgottenEarly: (count: Int, account: AccountID) = (0, .none)

    /// An engine that knows nothing yet.
    public init(policy: Policy, rules: RuleSet = .all, settings: Settings = Settings()) {
        inForce = PolicyInForce(policy)
        judges = JudgesOfAccounts(policy: policy)
        self.rules = rules
        self.settings = settings
        state = State(keepsJournal: settings.keepsJournal)
        timers = Timers(keepsChanges: settings.keepsJournal)
        deferral = Deferral(keepsChanges: settings.keepsJournal)
    }

    // MARK: Records

    /// Takes one record, and appends the alerts that it causes.
    ///
    /// `notAfter` is the reader's clock plus 10 minutes: a record dated later is applied, but moves no clock.
    /// Nor does an inventory: it is no event, and may be years younger than the trail.
    public mutating func process(
        _ record: Record,
        notAfter: EventTime = .distantFuture,
        into alerts: inout [Alert]
    ) -> Outcome {
        var touched: [KeyedFact] = []
        var forgettable = FactNumbers.all
        let key = SeenRecords.Key(record)
        var isRepeated = false
        if let known = state.rememberFirst(record, key) {
            isRepeated = true
            if case .alike(record) = known { return .duplicate }
            let copies = known.adding(record)
            guard copies != known else { return .duplicate }
            state.remember(copies, key)
            let merged = copies.record
            guard merged != known.record else { return .duplicate }
            for told in facts(of: known.record) where state.remove(told.fact, at: told.key) {
                touched.append(told)
            }
            let removed = touched
            _ = insert(facts(of: merged), of: merged.account, touched: &touched)
            restoreShadowed(by: removed, merged, &touched)
        } else {
            isRepeated = insertFacts(of: record, touched: &touched, &forgettable)
        }
        if record.time <= notAfter, !record.isInventory {
            state.advanceClocks(account: record.account, to: record.time)
        }
        let count = touched.count
        derive(&touched)
        if touched.count > count { forgettable = .all }
        evaluate(touched: touched, forgettable, into: &alerts)
        return isRepeated ? .duplicate : .applied
    }

    /// Moves stream time forward without a record: what other partitions have seen, or `--until`.
    public mutating func advanceStreamTime(to time: EventTime, into alerts: inout [Alert]) {
        state.advanceStreamTime(to: time)
        evaluate(touched: [], into: &alerts)
    }

    /// Puts a new record's facts in their places; true when one of them stood there before.
    ///
    /// As a rule all of them are later than what is known: then they are what is touched, and what is noted, without a copy.
    private mutating func insertFacts(
        of record: Record,
        touched: inout [KeyedFact],
        _ forgettable: inout FactNumbers
    ) -> Bool {
        let told = facts(of: record)
        let clock = state.clock(of: record.account)
        var later = 0
        while later < told.count {
            let (key, fact) = (told[later].key, told[later].fact)
            guard !isBehind(fact, key, clock: clock), let count = state.appendLater(fact, at: key) else {
                break
            }
            let kept = key.attribute.keeping == .firstOfSecond ? ActivityLog.shortCount : 1
            if count <= kept { forgettable.remove(later) }
            later += 1
        }
        if later == told.count {
            if later > 0 { state.noteInserted(told) }
            touched = told
            return false
        }
        touched = Array(told[..<later])
        if later > 0 { state.noteInserted(touched) }
        return insert(told[later...], of: record.account, touched: &touched)
    }

    /// Puts facts that an account's record tells in their places; true when one of them stood there before.
    private mutating func insert(
        _ told: some Sequence<KeyedFact>,
        of account: AccountID,
        touched: inout [KeyedFact]
    ) -> Bool {
        let clock = state.clock(of: account)
        var isRepeated = false
        for told in told {
            let (key, fact) = (told.key, told.fact)
            if isBehind(fact, key, clock: clock) { continue }
            switch state.insert(fact, at: key, touched: &touched) {
            case .inserted: break
            case .replaced(let old): isRepeated = isRepeated || old.isSame(as: fact)
            case .unchanged: isRepeated = isRepeated || state.timeline(key).facts.contains(fact)
            }
        }
        return isRepeated
    }

    /// Of records that say the same, some timelines keep the first only.
    ///
    /// Where a merged record does not say it any more, another one is the first now.
    private mutating func restoreShadowed(
        by removed: [KeyedFact],
        _ merged: Record,
        _ touched: inout [KeyedFact]
    ) {
        let told = facts(of: merged)
        for gone in removed where gone.key.attribute.keeping != .all {
            let (key, fact) = (gone.key, gone.fact)
            let isToldAgain = told.contains {
                $0.key == key && $0.fact.isSame(as: fact) && $0.fact.value == fact.value
            }
            if isToldAgain { continue }
            for record in state.seen.all {
                for shadowed in facts(of: record) where shadowed.key == key {
                    state.insert(shadowed.fact, at: key, touched: &touched)
                }
            }
        }
    }

    private mutating func facts(of record: Record) -> [KeyedFact] {
        RecordFacts.of(record, interning.evidence(of: record), by: rules)
    }

    // MARK: Judging

    /// Evaluates what facts affect that came or went, and forgets what some of them leave behind.
    mutating func evaluate(
        touched: [KeyedFact],
        _ forgettable: FactNumbers = .all,
        into alerts: inout [Alert]
    ) {
        let start = alerts.count
        defer { Alert.group(&alerts, from: start) }
        let due = timers.popDue(at: state.streamTime)
        if !due.isEmpty {
            for subject in due.prefix(settings.subjectsAtOnce) { evaluate(subject, .time, into: &alerts) }
            backlog.append(due.dropFirst(settings.subjectsAtOnce), .time)
        }
        guard let cause = touched.last.map({ EvaluationCause.record($0.fact.evidence) }) else { return }
        let subjects = reached(by: touched)
        witness?.affected(subjects, by: touched, in: self)
        let onlyEnds = Self.onlyEnd(touched)
        for subject in subjects.prefix(settings.subjectsAtOnce) where !defers(subject, cause) {
            if onlyEnds, endsUnsaid(subject) {
                witness?.passedOver(subject, in: self)
            } else {
                evaluate(subject, cause, into: &alerts)
            }
        }
        if subjects.count > settings.subjectsAtOnce {
            backlog.append(subjects.dropFirst(settings.subjectsAtOnce), cause)
        }
        forget(behind: touched, forgettable, into: &alerts)
    }

    /// Whether of some facts those that tell anything of instances tell that they are gone.
    private static func onlyEnd(_ touched: [KeyedFact]) -> Bool {
        touched.indices.allSatisfy { index in
            let attribute = touched[index].key.attribute
            if attribute == .activity { return true }
            guard attribute == .instance, case .terminated = touched[index].fact.value else { return false }
            return true
        }
    }

    /// Whether nothing was ever said of an instance, and nothing waits to be: that it is gone ends nothing then.
    private func endsUnsaid(_ subject: Subject) -> Bool {
        subject.kind == .launch && unsettled.isEmpty && deferral.isEmpty
            && state.findings.published(about: subject).isEmpty
    }

    /// Whether a subject that is touched waits.
    private mutating func defers(_ subject: Subject, _ cause: EvaluationCause) -> Bool {
        if defersEvaluation {
            if owns(subject) { _ = deferral.touch(subject, by: cause) }
            return true
        }
        // Of a refused share little is walked, and much may be told later.
        guard subject.kind == .refusedShare || deferral.isLong(subject) else { return false }
        let facts = factCount(of: subject)
        guard facts > settings.factsAtOnce, owns(subject) else { return false }
        return deferral.touch(subject, by: cause) < max(1, facts / 8)
    }

    func reached(by touched: [KeyedFact]) -> [Subject] {
        var affected = AffectedSubjects(state: state, policy: inForce, rules.triggers)
        for index in touched.indices { affected.add(touched, index) }
        return affected.sorted()
    }

    func owns(_ subject: Subject) -> Bool { owns(subject.scope.account) }

    func owns(_ account: AccountID) -> Bool { isOwned.map { $0(account) } ?? true }

    /// Judges one subject by every rule that judges such, and publishes what has changed.
    private mutating func evaluate(
        _ subject: Subject,
        _ cause: EvaluationCause,
        into alerts: inout [Alert]
    ) {
        deferral.remove(subject)
        guard owns(subject) else { return }
        let settles = if case .settling = cause { true } else { false }
        let (all, isLong) = judgements(of: subject)
        deferral.note(subject, isLong: isLong)
        var deadlines: [Timers.Deadline] = []
        for said in all {
            let (rule, judgement, known) = (said.rule.metadata, said.judgement, said.known)
            let identity = FindingIdentity(rule: rule.id, subject: subject)
            let (finding, suppressionEnd) = published(identity, judgement, rule, known)
            if let deadline = said.deadline(suppressedUntil: suppressionEnd) { deadlines.append(deadline) }
            if let finding {
                if settings.delaysUndetermined, !settles, known == nil, finding.verdict == .undetermined {
                    unsettled.append(subject)
                } else if let judgement {
                    publish(finding, judgement, known, cause, into: &alerts)
                }
            } else if let known, known.status != .retracted, !isFrozen(known, judgement) {
                retract(identity, known, judgement, rule, cause, into: &alerts)
            }
        }
        timers.set(deadlines, of: subject)
    }

    /// What the rules that judge such subjects say of one, and what was published: those that say something, or
    /// said something before.
    ///
    /// With whether there are so many facts about it that it is not judged for each new one.
    func judgements(of subject: Subject) -> (said: [Said], isLong: Bool) {
        let context = RuleContext(FactView(state), policy: inForce, of: subject)
        let published = state.findings.published(about: subject)
        let begun = context.facts.walked
        var walked = begun
        var said: [Said] = []
        func known(_ rule: AppliedRule) -> FindingState? {
            published.first { $0.rule.hasSameBytes(as: rule.metadata.id) }?.finding
        }
        for rule in rules.rules(evaluating: subject) {
            context.facts.walked = begun
            if inForce.isEnabled(rule.metadata.id),
                var judgement = judgement(of: subject, by: rule, in: context)
            {
                judgement.putIntoWords()
                said.append(
                    Said(rule: rule, judgement: judgement, known: published.isEmpty ? nil : known(rule))
                )
            } else if !published.isEmpty, let known = known(rule) {
                said.append(Said(rule: rule, judgement: nil, known: known))
            }
            walked = max(walked, context.facts.walked)
        }
        // Some facts are walked more than once.
        return (said, walked > settings.factsAtOnce && factCount(of: subject) > settings.factsAtOnce)
    }

    /// What one rule says of a subject; where somebody watches, with what it has read.
    private func judgement(of subject: Subject, by rule: AppliedRule, in context: RuleContext) -> Judgement? {
        guard let witness else { return rule.rule.evaluate(subject, in: context) }
        let readings = FactReadings()
        let noting = RuleContext(FactView(state, noting: readings), policy: inForce, of: subject)
        var judgement = rule.rule.evaluate(subject, in: noting)
        judgement?.putIntoWords()
        context.facts.walked = noting.facts.walked
        witness.evaluated(subject, by: rule.metadata.id, judgement, readings)
        return judgement
    }

    /// What a rule says of a subject now, and what was published before.
    struct Said {
        let rule: AppliedRule
        let judgement: Judgement?
        let known: FindingState?

        /// When the subject is to be judged again, by the rule or because a suppression ends.
        func deadline(suppressedUntil end: EventTime?) -> Timers.Deadline? {
            guard let time = [judgement?.deadline, end].compactMap(\.self).min() else { return nil }
            return Timers.Deadline(rule: rule.metadata.id, time: time)
        }
    }

    private func factCount(of subject: Subject) -> Int {
        state.factCount(of: subject, approvalTags: inForce.approvalTags)
    }

    // MARK: Whole-state work

    /// Publishes the undetermined verdicts that have waited, unless they are settled by now.
    public mutating func settle(_ subjects: [Subject], into alerts: inout [Alert]) {
        let start = alerts.count
        for subject in subjects { evaluate(subject, .settling, into: &alerts) }
        Alert.group(&alerts, from: start)
    }

    /// Hands over the subjects that wait.
    public mutating func takeUnsettled() -> [Subject] {
        defer { unsettled.removeAll(keepingCapacity: true) }
        return unsettled
    }

    /// Judges everything again and publishes what differs from what was published: after a restore, a new policy, a
    /// new version.
    public mutating func reconcile(into alerts: inout [Alert]) {
        startReconciling()
        evaluateBacklog(atMost: .max, into: &alerts)
    }

    /// Puts everything owned on the backlog, to be judged again in slices; or what of it belongs to some accounts.
    public mutating func startReconciling(of isConcerned: (AccountID) -> Bool = { _ in true }) {
        startReconciling(of: isConcerned) { [judges] in judges.knows($0) ? .restored : .policy }
    }

    private mutating func startReconciling(
        of isConcerned: (AccountID) -> Bool,
        because cause: (AccountID) -> EvaluationCause
    ) {
        catchUpStreamTime()
        // Of accounts that are not concerned too: their time has moved with the others'.
        backlog.append(timers.popDue(at: state.streamTime), .time)
        var affected = AffectedSubjects(state: state, policy: inForce, rules.triggers)
        affected.addAll()
        let subjects = affected.sorted()
        witness?.reconciled(subjects, of: isConcerned, in: self)
        for subject in subjects where owns(subject) && isConcerned(subject.scope.account) {
            backlog.append(CollectionOfOne(subject), cause(subject.scope.account))
        }
        judges.forget(accountsWhere: isConcerned)
        underived += underivedTargets(of: isConcerned)
    }

    /// Puts stream time to the latest clock of any account: a restore moves none.
    mutating func catchUpStreamTime() {
        for clock in state.clocks.values { state.advanceStreamTime(to: clock) }
    }

    /// Whether subjects wait for `evaluateBacklog`.
    public var hasBacklog: Bool { !backlog.isEmpty || !underived.isEmpty }

    /// Judges subjects that wait.
    public mutating func evaluateBacklog(atMost count: Int, into alerts: inout [Alert]) {
        let start = alerts.count
        if !underived.isEmpty {
            let derived = derive(underived)
            underived.removeAll()
            if !derived.isEmpty { evaluate(touched: derived, into: &alerts) }
        }
        for waiting in backlog.take(atMost: count) { evaluate(waiting.subject, waiting.cause, into: &alerts) }
        Alert.group(&alerts, from: start)
    }

    /// Whether subjects wait for `takeUpDeferred`.
    public var hasDeferred: Bool { !deferral.isEmpty }

    /// Whether a subject waits for `takeUpDeferred`.
    func isDeferred(_ subject: Subject) -> Bool { deferral.cause(of: subject) != nil }

    /// Puts the subjects that wait for more facts on the backlog.
    public mutating func takeUpDeferred() {
        for waiting in deferral.takeAll() {
            backlog.append(CollectionOfOne(waiting.subject), waiting.cause)
        }
    }

    /// Judges whatever waits, for nothing more is to come.
    public mutating func evaluateDeferred(into alerts: inout [Alert]) {
        takeUpDeferred()
        evaluateBacklog(atMost: .max, into: &alerts)
    }

    /// Judges those of some subjects that wait for more facts.
    mutating func evaluateDeferred(_ subjects: [Subject], into alerts: inout [Alert]) {
        for subject in subjects {
            if let cause = deferral.cause(of: subject) { evaluate(subject, cause, into: &alerts) }
        }
    }

    /// Puts another policy in force, as if it had always been.
    public mutating func replacePolicy(_ policy: Policy, into alerts: inout [Alert]) {
        startReplacingPolicy(policy)
        evaluateBacklog(atMost: .max, into: &alerts)
    }

    /// Puts another policy in force, and everything on the backlog, to be judged again in slices.
    public mutating func startReplacingPolicy(_ policy: Policy) {
        inForce = PolicyInForce(policy)
        judges.policy = JudgesOfAccounts.fingerprint(of: policy)
        startReconciling(of: { _ in true }) { _ in .policy }
    }

    /// The final form of every finding that stands or stood, retracted and suppressed ones left out, by finding id.
    public func findings() -> [(id: String, finding: Finding)] {
        var result: [(id: String, finding: Finding)] = []
        for (identity, known) in state.findings.all where known.status != .retracted {
            guard let rule = rules.rule(identity.rule),
                let judgement = rule.evaluate(
                    identity.subject,
                    in: RuleContext(FactView(state), policy: inForce, of: identity.subject)
                ),
                let finding = form(of: identity, judgement, rule.metadata, known)
            else { continue }
            result.append((identity.findingID, finding))
        }
        return result.sorted { $0.id < $1.id }
    }

    // MARK: Transactions

    /// The transaction that carried the alerts is committed.
    public mutating func commit() {
        state.commit()
        timers.commit()
        expiries.commit()
        backlog.commit()
        deferral.commit()
        unsettledAtCommit = unsettled
        underivedAtCommit = underived
    }

    /// The transaction was aborted: everything since the last commit is taken back.
    public mutating func rollback() {
        state.rollback()
        timers.rollback()
        expiries.rollback()
        backlog.rollback()
        deferral.rollback()
        unsettled = unsettledAtCommit
        underived = underivedAtCommit
    }
}
