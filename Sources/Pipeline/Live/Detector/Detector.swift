import CloudTrail
import Configuration
import Detection
import Kafka

/// Reads records by account, evaluates them, and publishes alerts, state and positions in one transaction.
///
/// The loop around a ``DetectorCore``: it tells the core what Kafka says, and does what the core wants done. Everything
/// belongs to the thread that made it: no lock, no waiting for others.
final class Detector {
    let configuration: RunConfiguration
    let clients: KafkaClients
    let missing: MissingTopics
    let layout: TopicLayout
    private let endsWhenRead: Bool
    let board: RunBoard
    let log: RunLog

    /// The group's member, which reads the records.
    private(set) var consumer: Consumer
    private var fencing: Fencing
    /// Reads the catalogue, and the changelog while restoring.
    let reader: Consumer
    /// Asks where logs end, whether or not a transaction is still open there.
    let ends: Consumer
    /// Asks how far the records can be read: to the first transaction that is open.
    let recordEnds: Consumer
    let catalogueTopic: TopicIndex
    private let records: RecordReader
    /// Of a larger record each fact is measured before it is applied.
    private let largeRecordBytes: Int
    private let engineSettings: Engine.Settings
    let transactionalID: String
    let signer: AlertSigner?

    var core: DetectorCore
    var output: TransactionalOutput
    /// The partitions of the changelog that are being read.
    var changelog: Set<Int32> = []
    private var others: OthersParts
    var offsetCheck = OffsetCheck()
    /// Transactions that failed one after the other.
    var failures = 0
    /// What of an inquiry is done.
    var inquiryWork: InquiryWork?
    let answers = AnswerTime()
    /// Whether a question of this turn was not answered.
    var isUnanswered = false

    init(
        _ clients: KafkaClients,
        policy: Policy,
        layout: TopicLayout,
        signer: AlertSigner?,
        board: RunBoard,
        log: RunLog
    ) throws {
        configuration = clients.configuration
        endsWhenRead = clients.endsWhenRead
        (self.clients, self.layout, self.board, self.log) = (clients, layout, board, log)
        let topics = configuration.topics
        missing = MissingTopics(
            configuration.recordTopics.filter { !$0.hasPrefix("^") } + [
                topics.state, topics.catalogue, topics.deadLetters,
            ] + configuration.outputTopics,
            clients,
            board: board
        )
        records = RecordReader(configuration.input)
        let member = clients.member(of: configuration.groupID)
        others = OthersParts(layout.records, patience: member.longestAbsence, log: log)
        consumer = try Consumer(member, log: log.kafkaSink("detector"))
        fencing = Fencing(member, role: "detector")
        reader = try Consumer(clients.reader(), log: log.kafkaSink("catalogue"))
        ends = try Consumer(clients.reader(isolation: "read_uncommitted"), log: log.kafkaSink("ends"))
        recordEnds = try Consumer(clients.reader(), log: log.kafkaSink("record ends"))
        catalogueTopic = reader.index(of: topics.catalogue)
        transactionalID =
            "\(configuration.groupID)-\(configuration.instanceID ?? String(UInt64.random(in: .min ... .max), radix: 36))"
        let messageBytes = clients.transactional(id: transactionalID).messageBytes
        largeRecordBytes = messageBytes / 3
        engineSettings = .live(
            configuration.detector,
            endsWhenRead: endsWhenRead,
            messageBytes: messageBytes
        )
        core = DetectorCore(
            configuration,
            layout,
            engine: Engine(policy: policy, settings: engineSettings),
            process: Int.random(in: 1 ... .max),
            endsWhenRead: endsWhenRead,
            log: log
        )
        self.signer = signer
        output = try Self.output(clients, transactionalID, core, signer, board)
        core.snapshots = openSnapshots()
    }

    /// An engine that knows nothing yet.
    func newEngine() -> Engine { Engine(policy: core.engine.policy, settings: engineSettings) }

    static func output(
        _ clients: KafkaClients,
        _ transactionalID: String,
        _ core: DetectorCore,
        _ signer: AlertSigner?,
        _ board: RunBoard
    ) throws -> TransactionalOutput {
        try TransactionalOutput(
            clients,
            id: transactionalID,
            process: core.process,
            cataloguePartitions: core.layout.cataloguePartitions,
            signer: signer,
            board: board,
            log: core.log
        )
    }

    // MARK: The loop

    /// Works until the run ends, or until everything that was there is evaluated and committed.
    func run() throws {
        defer { consumer.onRebalance = nil }
        defer { leave() }
        do { try work() } catch {
            board.fail(error)
            abandon()
            throw error
        }
    }

    private func work() throws {
        board.detectorActivity = "reading the catalogue"
        try loadCatalogue()
        try prepareOutput()
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
        try perform(core.handle(.stopping))
    }

    /// One turn of the loop: a slice of everything that is to be done.
    private func turn() throws {
        board.noteTurn(of: "detector")
        board.detectorActivity = core.phase.words
        board.isRestored = core.isRestored
        if let policy = board.takePolicy() { try perform(core.handle(.newPolicy(policy))) }
        if core.isReassigned {
            log.assigned(
                core.sources.map(\.name),
                of: configuration.recordTopics,
                to: "detector",
                consumer.memberID
            )
        }
        let reloads = core.report.policyReloads
        try perform(core.handle(.begin))
        if core.report.policyReloads != reloads { board.detectorReport = core.report }
        let (count, failures) = try consumer.poll(
            maxMessages: core.limits.batchMessages,
            timeout: core.pollTimeout
        ) { batch in
            try take(batch)
            return (batch.messages.count, batch.failures)
        }
        for failure in failures { try handle(failure) }
        try checkOffsetsAgain()
        board.noteStatistics(of: "detector consumer", consumer.takeStatistics())
        board.noteStatistics(of: "detector producer", output.takeStatistics())
        for error in consumer.takeErrors() + reader.takeErrors() where error.isFatal { throw error }
        for error in output.takeErrors() where Trouble.isPermanent(error) { throw error }
        if !core.catalogue.needsSeek, !core.isReassigned { try read() }
        if case .restoring = core.phase {
            isUnanswered = false
            try perform(core.handle(.advance))
            if !isUnanswered { board.note("detector", waitsFor: core.lacking) }
        } else {
            try perform(core.handle(.advance))
        }
        try perform(core.handle(.tick(isIdle: count == 0)))
        answerInquiries()
    }

    private func hasEnded() throws -> Bool {
        let isInputDone = board.isFeedDone && (!configuration.hasIntake || board.isIntakeDone)
        return try core.hasEnded(isInputDone: isInputDone) { try others.areRead(except: $0, consumer) }
    }

    /// Hands messages of the records to the core.
    private func take(_ batch: borrowing Batch) throws {
        guard core.isConsuming, !batch.messages.isEmpty || !batch.ends.isEmpty else { return }
        let begun = ContinuousClock.now
        readAsPolicyWants()
        var current = -1
        for message in batch.messages {
            if current < 0 || core.sources[current].name.partition != message.partition
                || core.sources[current].topic != message.topic
            {
                current = core.sources.consumed(message.topic, message.partition) ?? -1
                if current < 0 { continue }
            }
            let name = core.sources[current].name
            let record = ConsumedMessage(
                message: message,
                partition: name,
                isKeyedByAccount: configuration.input.isKeyedByAccount,
                largeRecordBytes: largeRecordBytes,
                reader: records
            )
            while let actions = try core.consume(record, of: current, inBatchSince: begun) {
                if actions.isEmpty { continue }
                try perform(actions)
                readAsPolicyWants()
            }
        }
        core.finishBatch(ends: batch.ends)
    }

    /// The policy may be another one after each transaction.
    private func readAsPolicyWants() {
        records.sessionKeys = core.engine.sessionKeys
        records.readsLaunchRequests = !core.engine.policy.iamStatements.isEmpty
    }

    // MARK: The group

    private func join() throws {
        consumer.onRebalance = { [unowned self] event in rebalance(event) }
        try consumer.subscribe(configuration.recordTopics)
    }

    /// Joins the group with a new client, after the member was fenced.
    private func joinAgain() throws {
        rebalance(.lost(core.sources.map(\.name)))
        try fencing.note(log)
        consumer.onRebalance = nil
        consumer = try Consumer(clients.member(of: configuration.groupID), log: log.kafkaSink("detector"))
        try join()
    }

    /// Runs inside `consumer.poll` and `consumer.close`.
    private func rebalance(_ event: RebalanceEvent) {
        defer { board.noteAssigned("detector", core.sources.isAssigned) }
        do {
            switch event {
            case .assigned(let names):
                try perform(core.handle(.assigned(names, topic: consumer.index(of:))))
            case .revoked(let names):
                // Until the handler returns the partitions are ours, and what is done may be committed.
                do { try perform(core.handle(.revoking)) } catch {
                    log.warning("cannot commit before partitions are revoked", ["cause": .text("\(error)")])
                }
                log.revoked(names, from: "detector", isLost: false)
                try perform(core.handle(.revoked(names)))
            case .lost(let names):
                log.revoked(names, from: "detector", isLost: true)
                try perform(core.handle(.lost(names)))
            }
        } catch { board.fail(error) }
    }

    /// This run ends with a failure that it names, which is no crash either.
    private func abandon() {
        do { try perform(core.handle(.failed)) } catch {
            log.debug("cannot commit at the end", ["cause": .text("\(error)")])
        }
        // Nothing more is said when the group is left.
        _ = try? core.handle(.lost([]))
    }

    /// So that others need not wait until this member is missed.
    private func leave() {
        core.pending.deadLetterLog.finish()
        for client in [consumer, reader] {
            do throws(KafkaError) { try client.close(timeout: .seconds(1)) } catch {
                log.debug(
                    "cannot leave the consumer group in order",
                    ["role": "detector", "cause": .text("\(error)")]
                )
            }
        }
    }

    /// Finds the coordinators before the first record needs them.
    private func prepareOutput() throws {
        while !board.isStopping {
            do throws(KafkaError) {
                try output.takeOver(timeout: .seconds(1))
            } catch {
                if Trouble.isPermanent(error) || error.isFatal { throw error }
                board.note("detector", waitsFor: "\(error)")
                continue
            }
            board.note("detector", waitsFor: nil)
            return try perform(core.handle(.producerReady))
        }
    }
}
