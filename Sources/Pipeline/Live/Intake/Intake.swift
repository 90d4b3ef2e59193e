import CloudTrail
import Configuration
import Glibc
import Kafka

/// Reads the input, drops what cannot matter, and hands the rest on, keyed by account.
///
/// At least once: its places are committed when everything read before them has been delivered, so that a crash
/// makes some records come twice, which the detector does not mind. Belongs to the thread that made it.
final class Intake {
    let configuration: RunConfiguration
    let board: RunBoard
    let log: RunLog
    var consumer: Consumer
    var fencing: Fencing
    let clients: KafkaClients
    private let missing: MissingTopics
    private let partitioner: Partitioner
    private let endsWhenRead: Bool
    private let reader: RecordReader
    private(set) var output: IntakeOutput
    /// Tells this process from others in what it commits.
    let process = Int.random(in: 1 ... .max)
    var inStep: InStep
    var others: OthersParts
    let answers = AnswerTime()
    var offsetCheck = OffsetCheck()

    var partitions = OwnedPartitions<InputPartition>()
    /// What was read since the last commit.
    var pending = IntakeBalance()
    var deadLetters: DeadLetterLog
    private var metrics = IntakeMetrics()
    private var lastCommit = ContinuousClock.now
    private var lastSample = ContinuousClock.now
    var hasSoughtEnds = false
    /// A record dated later moves no clock.
    private var latestTime = EventTime.distantPast

    /// Time between two commits of places.
    private static let commitInterval = Duration.seconds(1)
    private static let batchMessages = 1024

    init(
        _ configuration: RunConfiguration,
        _ clients: KafkaClients,
        layout: TopicLayout,
        endsWhenRead: Bool,
        board: RunBoard,
        log: RunLog
    ) throws {
        self.configuration = configuration
        self.clients = clients
        let topics = configuration.topics
        missing = MissingTopics([topics.events, topics.catalogue, topics.deadLetters], clients, board: board)
        partitioner = Partitioner(count: layout.accountPartitions)
        others = OthersParts(layout.input, log: log)
        self.endsWhenRead = endsWhenRead
        self.board = board
        self.log = log
        inStep = InStep(lead: Int64(configuration.detector.horizonHours) * 1800)
        reader = RecordReader(configuration.input)
        deadLetters = DeadLetterLog("intake", writingTo: topics.deadLetters, log)
        output = try IntakeOutput(clients, partitioner: partitioner, board: board, log: log)
        let member = clients.member(of: configuration.groupID + "-intake")
        consumer = try Consumer(member, log: log.kafkaSink("intake consumer"))
        fencing = Fencing(member, role: "intake")
    }

    /// Reads until the run ends, or until the input does.
    func run() throws {
        defer { consumer.onRebalance = nil }
        defer { leave() }
        do { try work() } catch {
            abandon()
            // Leaving the group would commit the places of what may not have arrived.
            partitions.removeAll()
            guard error is RunStopped || error is UndeliveredMessages else {
                board.fail(error)
                throw error
            }
            let cause = (error as? UndeliveredMessages)?.cause.description ?? "no answer in time"
            log.warning(
                "last records read were not delivered; they are read again at the next start",
                ["cause": .text(cause)]
            )
        }
        board.isIntakeDone = true
    }

    private func work() throws {
        try join()
        while !board.isStopping {
            do {
                try turn()
                if endsWhenRead, try isAtEnd() {
                    try commit()
                    break
                }
            } catch let undelivered as UndeliveredMessages {
                try goBack(undelivered)
            } catch {
                // Of a fenced member's client most calls fail.
                guard consumer.fenced != nil else { throw error }
            }
            if consumer.fenced != nil { try joinAgain() }
        }
        try commit(isEnding: true)
    }

    private func leave() {
        deadLetters.finish()
        do throws(KafkaError) { try consumer.close(timeout: .seconds(2)) } catch {
            log.debug(
                "cannot leave the consumer group in order",
                ["role": "intake", "cause": .text("\(error)")]
            )
        }
    }

    // MARK: One turn

    private func turn() throws {
        board.noteTurn(of: "intake")
        try place()
        let waits = pending.read == 0 ? Duration.milliseconds(100) : .milliseconds(5)
        let (count, failures) = try consumer.poll(maxMessages: Self.batchMessages, timeout: waits) { batch in
            try take(batch.messages)
            for end in batch.ends { partitions.noteEnd(end) }
            return (batch.messages.count, batch.failures)
        }
        for failure in failures { try handle(failure) }
        try checkPlacesAgain()
        board.noteStatistics(of: "intake consumer", consumer.takeStatistics())
        board.noteStatistics(of: "intake producer", output.takeStatistics())
        for error in consumer.takeErrors() where error.isFatal { throw Trouble.failure(error) }
        if output.isLingering, count < Self.batchMessages, hasCaughtUp { output.hurry() }
        output.poll()
        deadLetters.logDue()
        try release()
        if count == 0 || ContinuousClock.now - lastCommit >= Self.commitInterval {
            try commitWhenDue(isIdle: count == 0 && hasCaughtUp)
        }
    }

    /// Whether nothing more is known to come: a hint, from what the last fetches said.
    private var hasCaughtUp: Bool {
        partitions.allSatisfy { partition in
            partition.isAtEnd
                || consumer.cachedWatermarks(partition.name).map { partition.next >= $0.high } ?? false
        }
    }

    private func take(_ messages: UnsafeBufferPointer<Message>) throws {
        guard !messages.isEmpty, !partitions.needsSeek else { return }
        latestTime = Self.latestTime()
        var current = -1
        var last: Message?
        for message in messages {
            if current < 0 || partitions[current].name.partition != message.partition
                || partitions[current].topic != message.topic
            {
                if current >= 0, let last { sample(last, of: current) }
                guard let found = partitions.consumed(message.topic, message.partition) else {
                    current = -1
                    continue
                }
                current = found
            }
            guard partitions[current].isConsumed, message.offset >= partitions[current].next else {
                continue
            }
            let isSuspected = partitions[current].poisonGuard.isSuspected(message.offset)
            guard try isSuspected ? readSuspected(message, of: current) : read(message, of: current) else {
                if partitions.needsSeek { break }
                continue
            }
            partitions[current].next = message.offset + 1
            partitions[current].isAtEnd = false
            last = message
        }
        if current >= 0, let last { sample(last, of: current) }
        board.messagesRead += messages.count
    }

    /// Reads one message; false when it has to wait for other partitions.
    func read(_ message: Message, of index: Int) throws -> Bool {
        guard let payload = message.payload else {
            pending.read += 1
            pending.ignored += 1
            return true
        }
        let latest = latestTime
        var balance = IntakeBalance()
        var isHeldBack = false
        try reader.read(message: payload) { reading in
            switch reading {
            case .ignored(let count):
                balance.read += count
                balance.ignored += count
            case .record(let record, let bytes):
                if balance.read == balance.ignored, !record.isInventory, record.time <= latest,
                    !inStep.admits(record.time, from: index, of: partitions)
                {
                    // Nothing of the message is handed on yet, so all of it can be read again.
                    partitions[index].phase = .heldBack(record.time)
                    isHeldBack = true
                }
                guard !isHeldBack else { return }
                balance.read += 1
                if !record.isInventory, record.time <= latest { partitions[index].see(record.time) }
                guard bytes.count <= output.maximumBytes else {
                    return try deadLetter(
                        tooLarge(record, bytes, at: balance.read - 1),
                        message,
                        index,
                        &balance
                    )
                }
                try output.forward(record.account, bytes)
                balance.forwarded += 1
            case .deadLetter(let letter):
                guard !isHeldBack else { return }
                balance.read += letter.count
                try deadLetter(letter, message, index, &balance)
            }
        }
        if isHeldBack {
            let name = partitions[index].name
            try settle { () throws(KafkaError) in try consumer.pause([name]) }
            return false
        }
        pending += balance
        if balance.forwarded > 0, let envelope = reader.envelope {
            metrics.messages[envelope, default: 0] += 1
        }
        if balance.forwarded > 0, let time = message.timestamp {
            metrics.processingDelay.observe(milliseconds: HostClock.milliseconds - time)
        }
        return true
    }

    private func deadLetter(
        _ letter: DeadLetter,
        _ message: Message,
        _ index: Int,
        _ balance: inout IntakeBalance
    ) throws {
        let letter = DeadLetterMessage(
            lost: LostRecord(letter),
            position: MessagePosition(message, in: partitions[index].name)
        )
        try output.produce(letter)
        deadLetters.note(letter)
        balance.deadLettered += letter.lost.count
    }

    private func tooLarge(
        _ record: FoundRecord,
        _ bytes: UnsafeRawBufferPointer,
        at index: Int
    ) -> DeadLetter {
        DeadLetter(
            reason: .tooLarge,
            text: "\(bytes.count) bytes, and the events topic takes \(output.maximumBytes)",
            recordIndex: index,
            bytes: bytes,
            byteOffset: reader.offset(of: bytes),
            account: record.account
        )
    }

    // MARK: Time

    /// Looks at the time of a partition's newest message, of which most are ignored and not decoded.
    private func sample(_ message: Message, of index: Int) {
        guard let payload = message.payload, let time = reader.eventTime(of: payload),
            time <= latestTime
        else { return }
        partitions[index].see(time)
    }

    /// Once a second the detectors hear how far the input has come, also when nothing is worth handing on.
    private func publishTime() throws {
        guard !endsWhenRead, ContinuousClock.now - lastSample >= .seconds(1) else { return }
        lastSample = .now
        let furthest = partitions.max { ($0.time ?? .distantPast) < ($1.time ?? .distantPast) }
        if let furthest, let time = furthest.time { try output.publish(time, of: furthest.name) }
    }

    /// A record dated later than this moves no clock.
    static func latestTime() -> EventTime { EventTime(seconds: Int64(time(nil)) + 600) }

    // MARK: Committing

    private func commitWhenDue(isIdle: Bool) throws {
        guard ContinuousClock.now - lastCommit >= (isIdle ? .milliseconds(100) : Self.commitInterval) else {
            return
        }
        try commit()
        // Behind everything that it counts.
        try publishTime()
    }

    /// Commits the places when everything before them is delivered; then it counts.
    ///
    /// - Parameters:
    ///   - limit: How long delivering may take; nil is as long as the run goes on.
    ///   - isPushed: Whether what lingers is sent at once.
    ///   - isEnding: Whether this process gives its partitions up, in order.
    /// - Returns: Whether it is done; else the next commit carries them.
    /// - Throws: As `deliver`, and a failure that repeating cannot cure.
    @discardableResult
    func commit(within limit: Duration? = nil, isPushed: Bool = false, isEnding: Bool = false) throws -> Bool
    {
        lastCommit = .now
        let moved = partitions.indices.filter {
            partitions[$0].phase != .unplaced && partitions[$0].isUncommitted(isEnding: isEnding)
        }
        guard !moved.isEmpty else { return true }
        try output.deliver(within: limit, isPushed: isPushed || hasCaughtUp)
        guard try write(moved.map { ($0, partitions[$0].next) }, isEnding: isEnding) else { return false }
        log.debug(
            "input offsets committed",
            [
                "read": .number(pending.read), "forwarded": .number(pending.forwarded),
                "dead_lettered": .number(pending.deadLettered),
                "offsets": .texts(moved.map { "\(partitions[$0].name.name)=\(partitions[$0].next)" }),
                "milliseconds": .number(lastCommit.milliseconds),
            ]
        )
        var total = board.intakeBalance
        total += pending
        board.intakeBalance = total
        pending = IntakeBalance()
        deadLetters.commit()
        metrics.deadLetters = deadLetters.counts
        board.intakeMetrics = metrics
        return true
    }

    /// Starts again from the committed places with a new producer.
    private func goBack(_ undelivered: UndeliveredMessages) throws {
        try missing.check(after: undelivered.cause)
        guard !board.isStopping else { throw undelivered }
        log.warning(
            "records not delivered; reading again from the committed offsets",
            ["cause": .text(board.explaining(undelivered.cause))]
        )
        pending = IntakeBalance()
        deadLetters.discard()
        output = try IntakeOutput(clients, partitioner: partitioner, board: board, log: log)
        partitions.rollback()
        for index in partitions.indices where partitions[index].phase != .unplaced {
            partitions[index].phase = .reading
        }
    }
}
