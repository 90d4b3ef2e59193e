import CloudTrail
import Configuration
import Kafka

/// Where the intake hands records on: each to its account's partition of the events, what cannot be read to the dead
/// letters.
final class IntakeOutput {
    private let producer: Producer
    private let events: ProducerTopic
    private let deadLetters: ProducerTopic
    private let catalogue: ProducerTopic
    private let partitioner: Partitioner
    private let board: RunBoard
    /// Whether something may be waiting for company.
    private(set) var isLingering = false
    /// How long messages may take by themselves: they linger, then they travel.
    private static let patience = Duration.milliseconds(150)
    /// The most bytes of a record that a message of the events topic can hold.
    let maximumBytes: Int

    init(_ clients: KafkaClients, partitioner: Partitioner, board: RunBoard, log: RunLog) throws {
        let topics = clients.configuration.topics
        let configuration = clients.forwarding
        producer = try Producer(configuration, log: log.kafkaSink("intake producer"))
        events = try producer.topic(topics.events)
        deadLetters = try producer.topic(topics.deadLetters)
        catalogue = try producer.topic(topics.catalogue)
        self.partitioner = partitioner
        self.board = board
        // Room for key and framing.
        maximumBytes = configuration.messageBytes - 1024
    }

    /// Hands a record on, under its account.
    func forward(_ account: AccountID, _ bytes: UnsafeRawBufferPointer) throws {
        try withUnsafeTemporaryAllocation(byteCount: AccountID.digitCount, alignment: 1) { digits in
            account.write(to: digits)
            let key = UnsafeRawBufferPointer(digits)
            try waiting { () throws(KafkaError) in
                try producer.produce(
                    to: events,
                    partition: partitioner.partition(of: key),
                    key: key,
                    value: bytes,
                    timeout: .milliseconds(500)
                )
            }
        }
    }

    /// Puts a dead letter on its topic.
    func produce(_ letter: DeadLetterMessage) throws {
        try waiting { () throws(KafkaError) in
            try producer.produce(
                to: deadLetters,
                key: letter.key,
                value: letter.value(atMost: maximumBytes),
                headers: letter.headers,
                timeout: .milliseconds(500)
            )
        }
    }

    /// Publishes the event time of an ignored record, for the clock of all detectors.
    func publish(_ time: EventTime, of partition: TopicPartition) throws {
        let entry = Watermark(source: "input/\(partition)", time: time)
        try waiting { () throws(KafkaError) in
            try producer.produce(
                to: catalogue,
                key: entry.key,
                value: entry.value,
                timeout: .milliseconds(500)
            )
        }
    }

    /// A full queue is waited for as long as the run goes on.
    private func waiting(_ produce: () throws(KafkaError) -> Void) throws {
        isLingering = true
        while true {
            do throws(KafkaError) { return try produce() } catch {
                try requireProducer()
                // librdkafka may know that a topic is gone before the first message is reported as undelivered.
                if error.code == .unknownTopic { throw UndeliveredMessages(cause: error) }
                guard error.code == .queueFull else { throw Trouble.failure(error) }
                if board.isStopping { throw RunStopped() }
            }
        }
    }

    /// What this producer had queued is lost with it; another one may send the same again.
    private func requireProducer() throws {
        if let fatal = producer.fatalError { throw failure(fatal) }
    }

    /// What ends the run, or what reading again may cure.
    private func failure(_ error: KafkaError) -> any Error {
        Trouble.isPermanent(error) ? Trouble.failure(error) : UndeliveredMessages(cause: error)
    }

    /// Waits until everything is delivered, as long as the run goes on, or until the limit.
    ///
    /// On a backlog first without a push: while earlier requests are on their way, librdkafka's thread would spin for
    /// those that are pushed. Where nothing more waits, records that come meanwhile would wait for what lingers.
    /// - Throws: a failure that repeating cannot cure; `UndeliveredMessages` for what can; `RunStopped`.
    func deliver(within limit: Duration? = nil, isPushed: Bool = false) throws {
        let deadline = limit.map { ContinuousClock.now + $0 }
        let patience = ContinuousClock.now + min(limit ?? Self.patience, Self.patience)
        while !isPushed, producer.outstanding > 0, ContinuousClock.now < patience {
            producer.poll(timeout: .milliseconds(5))
        }
        while true {
            do throws(KafkaError) {
                try producer.flush(timeout: .milliseconds(200))
                isLingering = false
                board.note("intake", waitsFor: nil)
                return
            } catch {
                board.note("intake", waitsFor: "\(error): \(producer.outstanding) messages")
                try requireProducer()
                if let undelivered = producer.takeDeliveryFailures().first { throw failure(undelivered) }
                guard error.code == .timedOut else { throw UndeliveredMessages(cause: error) }
                if board.isOverdue || deadline.map({ $0 <= .now }) ?? false { throw RunStopped() }
            }
        }
    }

    func takeStatistics() -> [UInt8]? { producer.takeStatistics() }

    /// Serves delivery reports without waiting.
    func poll() { producer.poll() }

    /// Sends what lingers: nothing more is coming that could go with it.
    func hurry() {
        // What fails is told by the next `deliver`.
        try? producer.flush(timeout: .milliseconds(1))
        // librdkafka's own thread may not have noticed in so short a time.
        isLingering = producer.outstanding > 0
    }
}

/// Messages that did not arrive, and may be sent again: reading goes back to the last committed places.
struct UndeliveredMessages: Error {
    let cause: KafkaError
}

/// The run ends while something was still waiting; what was not committed is read again next time.
struct RunStopped: Error {}
