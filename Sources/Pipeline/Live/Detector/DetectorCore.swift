import CloudTrail
import Configuration
import Detection
import Kafka

/// The detector without Kafka: what it owns and knows, and what has to be done next.
///
/// It is told what has happened (``handle(_:)``, ``consume(_:of:inBatchSince:)``, ``readCatalogue(_:isOwn:)``,
/// ``readChangelog(_:)``) and says what is to be done; whoever does it answers before anything else happens. It has no
/// clock but the one that it is given.
struct DetectorCore {
    /// What the detector is busy with, beside the records of the partitions that are consumed.
    enum Phase {
        /// Owns nothing.
        case idle
        case restoring(StateRestore)
        /// Evaluates what was restored of these, and publishes what differs from what was published.
        case reconciling(Set<Int32>)
        /// Everything is consumed.
        case running

        /// For the log.
        var words: String {
            switch self {
            case .idle: "waiting for assignment"
            case .restoring(let restore): restore.words
            case .reconciling: "reconciling restored state"
            case .running: "running"
            }
        }
    }

    /// How much is done between two looks at everything else.
    struct Limits {
        /// Subjects that are evaluated, unless `sliceTime` is over before.
        var sliceSubjects = 5000
        /// Time for evaluating, which is looked at after so many subjects.
        var (sliceTime, subjectsBetweenLooks) = (Duration.milliseconds(250), 100)
        /// Messages that come at once.
        var batchMessages = 1024
        /// How long the records of a batch may be evaluated at once, before what they touch waits: far less than
        /// `max.poll.interval.ms`, and far more than ordinary records take on a slow machine, for what waits is told in
        /// fewer alerts.
        var batchTime = Duration.seconds(10)
        /// How long a transaction may take.
        var commitTime = Duration.seconds(15)
        /// The same of the last one before partitions are given up.
        var endingTime = Duration.seconds(2)
        /// How long a snapshot is taken at once, which is looked at after so many things.
        var (copyTime, copyCount) = (Duration.milliseconds(2), 100)
    }

    /// The times of the machine.
    struct Clock {
        var now: () -> ContinuousClock.Instant = { .now }
        /// The latest time that a record may have and still move a clock.
        var latestTime: () -> EventTime = Intake.latestTime
        /// Milliseconds since 1970.
        var milliseconds: () -> Int64 = { HostClock.milliseconds }
    }

    let configuration: RunConfiguration
    let layout: TopicLayout
    let partitioner: Partitioner
    let endsWhenRead: Bool
    /// Tells this process from others in the ledger and in the catalogue.
    let process: Int
    let limits: Limits
    let clock: Clock
    let log: RunLog

    var engine: Engine
    var phase = Phase.idle
    var sources = OwnedPartitions<Source>()
    var states = PartitionStates()
    var pending: PendingTransaction
    var catalogue: CatalogueReader
    var watermarks = WatermarkTracker()
    var verdicts = DelayedVerdicts()
    /// Whether the assignment, or what is known of its state, has changed since the loop last looked.
    var isReassigned = false
    /// Whether there is a producer that has taken over the transactional id.
    var isProducerReady = false
    var ending = Ending.records
    var policyChange = PolicyChange()
    /// What was forgotten early that the log has told of, and when it did.
    var loggedForgotten = (
        tallies: [ForgottenEarly.Kind: ForgottenEarly.Tally](), at: ContinuousClock.Instant?.none
    )
    /// When it was looked which accounts have most.
    var largestCounted: ContinuousClock.Instant?
    var report = DetectorReport()
    var metrics = DetectorMetrics()
    /// Nil where none are kept.
    var snapshots: Snapshots?

    init(
        _ configuration: RunConfiguration,
        _ layout: TopicLayout,
        engine: Engine,
        process: Int,
        endsWhenRead: Bool,
        limits: Limits = Limits(),
        clock: Clock = Clock(),
        log: RunLog
    ) {
        (self.configuration, self.layout, self.engine) = (configuration, layout, engine)
        (self.process, self.endsWhenRead) = (process, endsWhenRead)
        (self.limits, self.clock, self.log) = (limits, clock, log)
        partitioner = Partitioner(configuration.input, count: layout.accountPartitions)
        pending = PendingTransaction(
            DeadLetterLog("detector", writingTo: configuration.topics.deadLetters, log)
        )
        catalogue = CatalogueReader(topic: configuration.topics.catalogue)
        evaluate([])
    }

    /// Whether the state of everything that it owns is there and published.
    var isRestored: Bool {
        switch phase {
        case .running: !isReassigned
        case .idle: !isReassigned && sources.isEmpty
        case .restoring, .reconciling: false
        }
    }

    /// Whether there are partitions whose records are consumed.
    var isConsuming: Bool { sources.contains(where: \.isConsumed) }

    /// How long to wait for the first record: the catalogue is looked at in between.
    var pollTimeout: Duration {
        switch phase {
        case .idle: .milliseconds(20)
        case .restoring, .reconciling: .zero
        case .running:
            engine.hasBacklog || policyChange.isTrying ? .zero : pending.pause
        }
    }

    /// Takes what has happened; says what is to be done.
    ///
    /// - Throws: `RunFailure` when the run cannot go on.
    mutating func handle(_ event: Event) throws -> [Action] {
        switch event {
        case .assigned(let names, let topic):
            sources.assign(names, topic: topic)
            isReassigned = true
        case .revoking: return endAttempts()
        case .revoked(let names):
            if !states.restored.isEmpty { rollback() }
            giveUp(names)
        case .lost(let names):
            rollback()
            giveUp(names)
        case .failed:
            guard !states.restored.isEmpty else { return [] }
            rollback()
            return endAttempts()

        case .newPolicy(let policy):
            policyChange.offered = policy
            giveUpSnapshot()
        case .begin: return try begin()
        case .advance: return try advance()
        case .tick(let isIdle): return tick(isIdle: isIdle)
        case .stopping: return isConsuming ? commit(within: limits.endingTime) : []

        case .sought: sources.needsSeek = false
        case .soughtCatalogue: catalogue.needsSeek = false
        case .read(let entries, let changelogEnds, let catalogueEnds):
            noteRead(entries: entries, changelogEnds, catalogueEnds)
        case .lostOffset(let name, let low, let high): skip(name, to: low, end: high)
        case .lostCatalogueOffset(let partition, let low): catalogue.skip(partition, to: low)
        case .lostChangelog(let partition):
            states[partition]?.restoredEnd = nil
            isReassigned = true

        case .logEnds(let ends):
            if case .restoring = phase { return answer(event) }
            moveTime(ends)
        case .snapshotEnds(let ends): markSnapshot(ends)
        case .committedOffsets, .changelogEnds, .catalogueEnds: return answer(event)
        case .producerReady:
            isProducerReady = true
            return try advance()

        case .committed: becomeVisible()
        case .aborted:
            report.aborted += 1
            rollback()
        case .notCommitted: rollback()
        case .outcomeUnknown:
            report.aborted += 1
            forgetState()
            return [.replaceProducer]
        }
        return []
    }

    /// Everything that has to be done before anything is read.
    private mutating func begin() throws -> [Action] {
        engine.defersEvaluation = false
        advanceTrial()
        replacePolicyWhenIdle()
        var actions: [Action] = []
        if isReassigned {
            try beginRestoring()
            actions.append(.stopReadingChangelog)
        }
        if catalogue.needsSeek { actions.append(.seekCatalogue(catalogue.positions)) }
        if sources.needsSeek { actions.append(.seek(sources.positions)) }
        return actions
    }

    /// The next slice of restoring or reconciling.
    private mutating func advance() throws -> [Action] {
        switch phase {
        case .idle, .running: return []
        case .restoring: return advanceRestoring()
        case .reconciling(let partitions):
            guard try isPolicyOfStartTried(partitions) else { return [] }
            if engine.hasBacklog { evaluateBacklog() }
            if !engine.hasBacklog { states.touch(partitions) }
            return commit(within: limits.commitTime)
        }
    }

    /// What is to be done beside records, where they are consumed.
    private mutating func tick(isIdle: Bool) -> [Action] {
        guard isConsuming, !isReassigned else { return [] }
        let questions = keepTime()
        pending.deadLetterLog.logDue()
        if verdicts.endsDeferral(engine, isIdle: isIdle, now: clock.now()) {
            noteChange()
            engine.takeUpDeferred()
        }
        if engine.hasBacklog { evaluateBacklog() }
        // What the answer leads to belongs to the next transaction, which nothing may be in the middle of.
        guard questions.isEmpty else { return questions }
        let steps = keepSnapshot()
        guard steps.isEmpty else { return steps }
        let settings = configuration.detector
        let isDue = pending.isDue(
            isIdle: isIdle,
            now: clock.now(),
            records: settings.commitRecords,
            interval: .milliseconds(settings.commitIntervalMilliseconds)
        )
        return isDue ? commit(within: limits.commitTime) : []
    }

    /// The state stays in memory: a moment later most of these are assigned again.
    private mutating func giveUp(_ names: [TopicPartition]) {
        sources.giveUp(names)
        giveUpSnapshot()
        evaluate([])
        phase = .idle
    }

    /// Tells the engine whose accounts it evaluates: those of the partitions whose state is restored.
    mutating func evaluate(_ partitions: Set<Int32>) {
        states.restored = partitions
        engine.isOwned = { [partitioner] in partitions.contains(partitioner.partition(of: $0)) }
    }

    mutating func noteChange() { pending.noteChange(at: clock.now()) }

    /// Reads a partition on from its log's start, because its offset lies outside the log.
    private mutating func skip(_ name: TopicPartition, to low: Int64, end: Int64) {
        guard let index = sources.index(of: name) else { return }
        report.offsetsOutOfRange += 1
        sources[index].next = low
        if end < sources[index].reached { sources[index].reached = low }
        states.touch(name.partition)
        noteChange()
    }
}
