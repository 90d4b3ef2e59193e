import CloudTrail
import Configuration
import Detection
import Kafka

/// Reads records by account, judges them, and publishes alerts, state and positions in one transaction.
///
/// Everything belongs to the thread that made it: no lock, no waiting for others. One turn of the loop is
/// `turn`.
final class Detector {
    /// What the detector is busy with, beside the records of the partitions that are ready.
    enum Phase {
        /// Owns nothing.
        case idle
        /// Reads back the state of some partitions.
        case restoring(Restoring)
        /// Judges what was read back of these, and publishes what differs from what was published.
        case reconciling(Set<Int32>)
        /// Everything is ready.
        case running

        /// For the log.
        var words: String {
            switch self {
            case .idle: "waiting for assignment"
            case .restoring(let restoring): restoring.words
            case .reconciling: "reconciling restored state"
            case .running: "running"
            }
        }
    }

    let configuration: RunConfiguration
    let clients: KafkaClients
    let missing: MissingTopics
    let layout: TopicLayout
    let partitioner: Partitioner
    let endsWhenRead: Bool
    let board: RunBoard
    let log: RunLog

    /// The group's member, which reads the records.
    var consumer: Consumer
    var fencing: Fencing
    /// Reads the catalogue, and the changelog while restoring.
    let reader: Consumer
    /// Asks where logs end, whether or not a transaction is still open there.
    let ends: Consumer
    let catalogueTopic: TopicIndex
    let records: RecordReader
    /// Of a larger record each fact is measured before it is taken.
    let largeRecordBytes: Int
    let transactionalID: String
    /// Tells this process from others in the ledger and in the catalogue.
    let process = Int.random(in: 1 ... .max)
    var output: TransactionalOutput
    var isOutputReady = false

    var engine: Engine
    var phase = Phase.idle { didSet { board.detectorActivity = phase.words } }
    var sources = OwnedPartitions<Source>()
    var shares: [Int32: Share] = [:]
    /// The partitions whose state is read back: the engine judges their accounts, and no others.
    private(set) var judged: Set<Int32> = []
    /// Whether the assignment has changed since the loop last looked.
    var isReassigned = false

    /// What was done since the last commit.
    var pending = PendingTransaction()
    /// What the log says of dead letters.
    var deadLetterLog: DeadLetterLog
    /// Whether the next transaction is this process's last for its partitions.
    var isEnding = false
    /// Transactions that failed one after the other.
    var failures = 0
    /// Facts forgotten early that the log has told of, and when it did.
    var toldForgotten = (count: 0, at: ContinuousClock.Instant?.none)

    var catalogue: CatalogueReader
    /// The partitions of the changelog that are being read.
    var stateReading: Set<Int32> = []
    var watermarks = WatermarkTracker()
    var verdicts = DelayedVerdicts()
    var ending = Ending.records
    var others: OthersParts
    var offsetCheck = OffsetCheck()
    var report = DetectorReport()
    /// The policy that was put in force last, until all that differs by it is published.
    private var reload: Reload?

    /// A policy that takes the place of another one.
    private struct Reload {
        /// The hash of the one before.
        let old: String
        /// The alerts that had been published before.
        let alerts: Int
        let begun: ContinuousClock.Instant
    }

    static let batchMessages = 1024
    /// Subjects judged between two looks at everything else, unless `sliceTime` is over before.
    static let sliceSubjects = 5000
    /// How long judging may go on between two looks at everything else.
    static let sliceTime = Duration.milliseconds(250)
    /// How long the records of a batch may be judged at once, before what they touch waits: far less than
    /// `max.poll.interval.ms`, and far more than ordinary records take on a slow machine, for what waits is told in fewer
    /// alerts.
    static let batchTime = Duration.seconds(10)

    init(
        _ configuration: RunConfiguration,
        _ clients: KafkaClients,
        policy: Policy,
        layout: TopicLayout,
        endsWhenRead: Bool,
        board: RunBoard,
        log: RunLog
    ) throws {
        self.configuration = configuration
        self.clients = clients
        self.layout = layout
        self.endsWhenRead = endsWhenRead
        self.board = board
        self.log = log
        let (input, topics) = (configuration.input, configuration.topics)
        let read = input.isKeyedByAccount ? input.topics.filter { !$0.hasPrefix("^") } : [topics.events]
        missing = MissingTopics(
            read + [topics.state, topics.catalogue, topics.alerts, topics.deadLetters],
            clients,
            board: board
        )
        partitioner = Partitioner(input, count: layout.accountPartitions)
        others = OthersParts(layout.records, log: log)
        records = RecordReader(input)
        deadLetterLog = DeadLetterLog("detector", writingTo: topics.deadLetters, log)
        let member = clients.member(of: configuration.groupID)
        consumer = try Consumer(member, log: log.kafkaSink("detector"))
        fencing = Fencing(member, role: "detector")
        reader = try Consumer(clients.reader(), log: log.kafkaSink("catalogue"))
        ends = try Consumer(clients.reader(isolation: "read_uncommitted"), log: log.kafkaSink("ends"))
        catalogueTopic = reader.index(of: topics.catalogue)
        catalogue = CatalogueReader(topic: topics.catalogue)
        transactionalID =
            "\(configuration.groupID)-\(configuration.instanceID ?? String(UInt64.random(in: .min ... .max), radix: 36))"
        let messageBytes = clients.transactional(id: transactionalID).messageBytes
        largeRecordBytes = messageBytes / 3
        engine = Engine(
            policy: policy,
            settings: .live(configuration.detector, endsWhenRead: endsWhenRead, messageBytes: messageBytes)
        )
        output = try TransactionalOutput(
            clients,
            id: transactionalID,
            process: process,
            cataloguePartitions: layout.cataloguePartitions,
            board: board,
            log: log
        )
    }

    /// The topics that the records are read from.
    var recordTopics: [String] {
        configuration.input.isKeyedByAccount ? configuration.input.topics : [configuration.topics.events]
    }

    /// Works until the run ends, or until everything that was there is judged and committed.
    func run() throws {
        defer { consumer.onRebalance = nil }
        defer { leave() }
        judge([])
        do { try work() } catch {
            board.fail(error)
            abandon()
            throw error
        }
    }

    private func work() throws {
        try loadCatalogue()
        try prepareOutput()
        phase = .idle
        if !board.isStopping { try join() }
        while !board.isStopping {
            do {
                try turn()
                if endsWhenRead, try hasEnded() { break }
            } catch {
                // Of a fenced member's client most calls fail.
                guard consumer.fenced != nil else { throw error }
            }
            if consumer.fenced != nil { try joinAgain() }
        }
        // What is done is committed; what is not is read again next time.
        if isConsuming { try commit(within: .seconds(2)) }
    }

    /// So that others need not wait until this member is missed.
    private func leave() {
        deadLetterLog.finish()
        for client in [consumer, reader] {
            do throws(KafkaError) { try client.close(timeout: .seconds(1)) } catch {
                log.debug(
                    "cannot leave the consumer group in order",
                    ["role": "detector", "cause": .text("\(error)")]
                )
            }
        }
    }

    /// One turn of the loop: a slice of everything that is to be done.
    func turn() throws {
        replacePolicyWhenIdle()
        if isReassigned { try beginRestoring() }
        if sources.needsSeek || catalogue.needsSeek { try putBack() }
        let (count, failures) = try consumer.poll(
            maxMessages: Self.batchMessages,
            timeout: patience
        ) { batch in
            try take(batch)
            return (batch.messages.count, batch.failures)
        }
        for failure in failures { try handle(failure) }
        try checkPlacesAgain()
        for error in consumer.takeErrors() + reader.takeErrors() where error.isFatal {
            throw Trouble.failure(error)
        }
        for error in output.takeErrors() where Trouble.isPermanent(error) { throw Trouble.failure(error) }
        if !catalogue.needsSeek, !isReassigned { try readCatalogue() }
        switch phase {
        case .idle: break
        case .restoring(let restoring): try restore(restoring)
        case .reconciling(let partitions): try reconcile(partitions)
        case .running: break
        }
        if isConsuming, !isReassigned {
            try keepTime()
            deadLetterLog.tellDue()
            takeUpDeferred(isIdle: count == 0)
            if engine.hasBacklog { judgeBacklog() }
            try commitWhenDue(isIdle: count == 0)
        }
    }

    /// Whether there are partitions whose records are read.
    var isConsuming: Bool { sources.contains(where: \.isConsumed) }

    /// Tells the engine which accounts it owns.
    func judge(_ partitions: Set<Int32>) {
        judged = partitions
        engine.isOwned = { [partitioner] in partitions.contains(partitioner.partition(of: $0)) }
    }

    /// How long to wait for the first record: the catalogue is looked at in between.
    private var patience: Duration {
        switch phase {
        case .idle: .milliseconds(20)
        case .restoring, .reconciling: .zero
        case .running: engine.hasBacklog ? .zero : pending.since == nil ? .milliseconds(10) : .milliseconds(1)
        }
    }

    /// Between two transactions, so that what waits to be judged again outlives an abort.
    private func replacePolicyWhenIdle() {
        guard pending.since == nil, !hasTouchedShares else { return }
        if let reload, !engine.hasBacklog, judged.count == shares.count { tell(reload) }
        guard let policy = board.takePolicy() else { return }
        let old = reload?.old ?? engine.policy.hash
        reload = Reload(old: old, alerts: reload?.alerts ?? report.alerts, begun: .now)
        engine.startReplacingPolicy(policy)
        engine.commit()
        log.debug("policy changed; judging the state by it", ["policy_hash": .text(policy.hash)])
    }

    /// Everything that a policy changes is published.
    private func tell(_ reload: Reload) {
        self.reload = nil
        log.info(
            "policy reloaded",
            [
                "old_policy_hash": .text(reload.old), "policy_hash": .text(engine.policy.hash),
                "alerts": .number(report.alerts - reload.alerts),
                "milliseconds": .number(Int((ContinuousClock.now - reload.begun) / .milliseconds(1))),
            ]
        )
    }

    func noteChange() {
        pending.noteChange(at: .now)
    }

    /// Finds the coordinators before the first record needs them.
    func prepareOutput() throws {
        while !board.isStopping {
            do throws(KafkaError) {
                try output.takeOver(timeout: .seconds(1))
                isOutputReady = true
                board.note("detector", waitsFor: nil)
                return
            } catch {
                if Trouble.isPermanent(error) || error.isFatal { throw Trouble.failure(error) }
                board.note("detector", waitsFor: "\(error)")
            }
        }
    }
}

extension Engine.Settings {
    /// What a live detector uses.
    static func live(
        _ detector: RunConfiguration.Detector,
        endsWhenRead: Bool,
        messageBytes: Int = KafkaConfiguration.usualMessageBytes
    ) -> Engine.Settings {
        var settings = Engine.Settings()
        settings.horizonSeconds = Int64(detector.horizonHours) * 3600
        settings.retentionSeconds = Int64(detector.retentionDays) * 86_400
        settings.entryBytes = messageBytes / 2
        settings.keepsJournal = true
        settings.subjectsAtOnce = Detector.sliceSubjects
        settings.delaysUndetermined = !endsWhenRead && detector.settleSeconds > 0
        return settings
    }
}
