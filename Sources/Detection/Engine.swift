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
        /// Ended things of one account, of each kind, beyond which the oldest are forgotten before the retention is over: facts
        /// of what has ended, deregistered images, findings that are over.
        public var endedAtMost = 200_000
        /// Tags that were deleted, and launch permissions that were taken back, that are remembered of one image.
        public var endedOfImage = (tags: 100, permissions: 1000)
        /// Whether changes can be taken back and listed for the changelog.
        public var keepsJournal = false
        /// Subjects that one record, or the time that it brings, makes judged at once; the others wait for
        /// `evaluateBacklog`.
        public var subjectsAtOnce = Int.max
        /// Facts beyond which a subject is not judged again for each new one, but when its facts have become more by an
        /// eighth, or `takeUpDeferred` is called: so that a flood about one thing costs as many times more as it is
        /// larger.
        public var factsAtOnce = 64
        /// Images that are kept as they are worked with; what is known of the others is packed, in a third of the memory.
        public var imagesAtHand = 1 << 15
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
    /// What is to be read of callers' sessions for the policy's statements.
    public var sessionKeys: SessionKeys { inForce.sessionKeys }
    /// What the organisation trusts.
    public var policy: Policy { _read { yield inForce.policy } }
    var inForce: PolicyInForce
    let rules: RuleSet
    let settings: Settings
    /// Tells the accounts whose subjects are judged here; nil is all of them.
    ///
    /// Facts are taken whoever told them, for others' images matter to own launches. What they lead to in an account
    /// of another engine is judged there. Set it when the accounts change, before anything is judged;
    /// ``startReconciling(of:)`` then judges what is new.
    public var isOwned: (@Sendable (AccountID) -> Bool)?
    /// What waits to be derived or evaluated.
    var agenda: Agenda
    /// What has ended, and will be forgotten.
    var expiries = Expiries()
    /// Whether what facts touch only waits for `takeUpDeferred`, because enough was judged for now.
    public var defersEvaluation = false
    var judges: JudgesOfAccounts
    var interning: Interning
    /// What was read back since a snapshot was taken; nil when that is not noted.
    var unjudged: Unjudged?
    /// Sees which subjects facts affect and what is evaluated; nil but in tests.
    var witness: (any EvaluationWitness)?

    /// What was forgotten before its time since the engine began, because there was too much.
    public internal(set) var forgottenEarly = ForgottenEarly()
    /// How much images know of tags and permissions when it is worth to look once more at which of them have ended.
    var crowds: [FactKey: Int] = [:]

    /// An engine that knows nothing yet.
    public init(policy: Policy, rules: RuleSet = .all, settings: Settings = Settings()) {
        inForce = PolicyInForce(policy)
        judges = JudgesOfAccounts(policy: policy)
        self.rules = rules
        interning = Interning(rules)
        self.settings = settings
        state = State(keepsJournal: settings.keepsJournal, imagesOpenAtMost: settings.imagesAtHand)
        agenda = Agenda(keepsChanges: settings.keepsJournal)
        for subject in rules.subjects(of: policy) {
            agenda.timers.set(judgements(of: subject).said.compactMap { $0.deadline() }, of: subject)
        }
        agenda.commit()
    }

    // MARK: Records

    /// Takes one record, and appends the alerts that it causes.
    ///
    /// `notAfter` is the reader's clock plus 10 minutes: a record dated later is applied, but moves no clock.
    /// Nor does an inventory: it is no event, and may be years younger than the trail.
    public mutating func process(
        _ record: consuming Record,
        notAfter: EventTime = .distantFuture,
        into alerts: inout [Alert]
    ) -> Outcome {
        var touched: [KeyedFact] = []
        var forgettable = FactNumbers.all
        let key = SeenRecords.Key(record)
        let (time, movesClock) = (record.time, record.time <= notAfter && !record.isInventory)
        let clock = state.clock(of: key.account)
        let isRepeated: Bool
        if let known = state.seen.remembered(key) {
            guard take(copy: record, of: known.copies, key, clock: clock, touched: &touched) else {
                return .duplicate
            }
            isRepeated = true
        } else {
            // Not in one expression, which would copy the engine and then what is interned.
            let recorded = facts(of: record)
            let told = doubtingLateGrants(recorded)
            isRepeated = insert(told, clock: clock, touched: &touched, &forgettable)
            state.remember(SeenRecords.Remembered(record), key)
        }
        if movesClock { state.advanceClock(of: key.account, from: clock, to: time) }
        let count = touched.count
        derive(&touched)
        if touched.count > count { forgettable = .all }
        evaluate(touched: touched, forgettable, into: &alerts)
        return isRepeated ? .duplicate : .applied
    }

    /// Takes a copy of a record that is known; false when it says nothing new.
    private mutating func take(
        copy: Record,
        of known: RecordCopies,
        _ key: SeenRecords.Key,
        clock: EventTime,
        touched: inout [KeyedFact]
    ) -> Bool {
        if case .alike(copy) = known { return false }
        let copies = known.adding(copy)
        guard copies != known else { return false }
        state.remember(SeenRecords.Remembered(copies), key)
        let merged = copies.record
        guard merged != known.record else { return false }
        for told in facts(of: known.record) where state.remove(told.fact, at: told.key) {
            touched.append(told)
        }
        let removed = touched
        var forgettable = FactNumbers.all
        _ = insert(facts(of: merged), clock: clock, touched: &touched, &forgettable)
        restoreShadowed(by: removed, merged, &touched)
        return true
    }

    /// Moves stream time forward without a record: what other partitions have seen, or `--until`.
    public mutating func advanceStreamTime(to time: EventTime, into alerts: inout [Alert]) {
        state.advanceStreamTime(to: time)
        evaluate(touched: [], into: &alerts)
    }

    /// Puts facts that an account's record tells in their places, and lists what has come or gone; true when one of them
    /// stood there before.
    ///
    /// Notes which of the listed facts let nothing be forgotten, as there are few others on their timelines.
    private mutating func insert(
        _ told: [KeyedFact],
        clock: EventTime,
        touched: inout [KeyedFact],
        _ forgettable: inout FactNumbers
    ) -> Bool {
        // As a rule every fact is new: then they are what is touched, and what is noted, without a copy.
        var isAllNew = touched.isEmpty
        var isRepeated = false
        var noted = touched.count
        for index in told.indices {
            let (key, fact) = (told[index].key, told[index].fact)
            var insertion = FactInsertion.unchanged
            if !isBehind(fact, key, clock: clock) {
                if let count = state.appendLater(fact, at: key) {
                    insertion = .inserted
                    let kept = key.attribute.keeping == .firstOfSecond ? ActivityLog.shortCount : 1
                    if isAllNew, count <= kept { forgettable.remove(index) }
                } else {
                    insertion = state.place(fact, at: key)
                    if case .unchanged = insertion, !isRepeated {
                        isRepeated = state.timeline(key.ofTimeline(fact)).facts.contains(fact)
                    }
                }
            }
            if case .inserted = insertion {
                if !isAllNew { touched.append(told[index]) }
                continue
            }
            if isAllNew { touched = Array(told[..<index]) }
            isAllNew = false
            if case .replaced(let old) = insertion {
                isRepeated = isRepeated || old.isSame(as: fact)
                state.noteInserted(touched[noted...])
                state.noteRemoved(old, at: key)
                touched.append(KeyedFact(key, old))
                noted = touched.count
                touched.append(told[index])
            }
        }
        if isAllNew { touched = told }
        state.noteInserted(touched[noted...])
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
                for shadowed in facts(of: record)
                where shadowed.key == key && shadowed.key.ofTimeline(shadowed.fact) == key.ofTimeline(fact) {
                    state.insert(shadowed.fact, at: key, touched: &touched)
                }
            }
        }
    }

    private mutating func facts(of record: Record) -> [KeyedFact] {
        RecordFacts.of(record, interning.evidence(of: record), inForce.optionalFacts)
    }

    // MARK: Transactions

    /// The transaction that carried the alerts is committed.
    public mutating func commit() {
        state.commit()
        agenda.commit()
        expiries.commit()
    }

    /// The transaction was aborted: everything since the last commit is taken back.
    public mutating func rollback() {
        // What goes back may stand in another row of a table than before.
        let mayMove = state.journal?.hasRemoved ?? false
        state.rollback()
        agenda.rollback()
        if mayMove { agenda.backlog.restartSweeps() }
        expiries.rollback()
        // They are looked through once more.
        crowds.removeAll()
    }
}
