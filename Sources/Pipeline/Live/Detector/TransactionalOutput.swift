import CloudTrail
import Configuration
import Detection
import Kafka

/// Publishes what the detector found: alerts, state, catalogue, dead letters and positions, all or nothing.
final class TransactionalOutput {
    private let producer: Producer
    private var alerts: AlertOutput
    private let state: ProducerTopic
    private let catalogue: ProducerTopic
    private let deadLetters: ProducerTopic
    private let cataloguePartitions: Int32
    private let maximumBytes: Int
    private let board: RunBoard
    private let log: RunLog
    private let refused = RefusedTopics()
    /// Every topic whose name librdkafka may tell by itself.
    private let names: [String]

    /// The header of a catalogue message that names the process that wrote it.
    static let writerHeader = "process"
    let writer: String
    /// When the alerts of the last transaction that has any were published, in milliseconds since 1970.
    private(set) var raised: Int64 = 0

    enum Outcome {
        case committed
        /// Nothing of it is visible; the same may be tried again.
        case aborted(KafkaError)
        /// Nobody knows, or this producer is of no use any more.
        case broken(KafkaError)
        /// Trying again cannot help.
        case refused(RunFailure)
    }

    init(
        _ clients: KafkaClients,
        id: String,
        process: Int,
        cataloguePartitions: Int,
        signer: AlertSigner?,
        board: RunBoard,
        log: RunLog
    ) throws {
        (self.board, self.log) = (board, log)
        writer = String(process)
        let configuration = clients.transactional(id: id)
        let topics = clients.configuration.topics
        names = clients.configuration.input.topics + [topics.events]
        producer = try Producer(configuration, log: refused.listening(to: log.kafkaSink("detector producer")))
        alerts = try AlertOutput(
            producer,
            clients.configuration,
            signer: signer,
            maximumBytes: configuration.alertBytes
        )
        state = try producer.topic(topics.state)
        catalogue = try producer.topic(topics.catalogue)
        deadLetters = try producer.topic(topics.deadLetters)
        self.cataloguePartitions = max(1, Int32(clamping: cataloguePartitions))
        maximumBytes = configuration.alertBytes
    }

    /// Takes over the transactional id; the first time it takes about a second.
    func takeOver(timeout: Duration) throws(KafkaError) { try producer.initTransactions(timeout: timeout) }

    func takeStatistics() -> [UInt8]? { producer.takeStatistics() }

    /// The producer's own errors since the last call.
    func takeErrors() -> [KafkaError] { producer.takeErrors() }

    func write(
        _ content: Transaction,
        proof: ConsumerGroupMetadata,
        until deadline: ContinuousClock.Instant
    ) -> Outcome {
        do throws(KafkaError) {
            try producer.beginTransaction()
            if !content.alerts.isEmpty { raised = HostClock.milliseconds }
            for alert in content.alerts { try alerts.send(alert, raised: raised) }
            for identity in content.forgotten { try alerts.forget(identity) }
            for letter in content.deadLetters {
                try producer.produce(
                    to: deadLetters,
                    key: letter.key,
                    value: letter.value(atMost: maximumBytes),
                    headers: letter.headers
                )
            }
            for entry in content.entries { try send(entry) }
            try wait(until: deadline) { () throws(KafkaError) in
                try producer.sendOffsets(content.positions, group: proof, timeout: .seconds(1))
            }
        } catch { return undo(producer.cause(behind: error)) }
        do throws(KafkaError) {
            try wait(until: deadline) { () throws(KafkaError) in
                try producer.commitTransaction(timeout: .milliseconds(500))
            }
            return .committed
        } catch {
            let mayUndo = error.requiresAbort || Trouble.isPermanent(error)
            return mayUndo && !error.isFatal ? undo(error) : .broken(error)
        }
    }

    /// Repeats a short step until the deadline, which comes sooner when the run is asked to end.
    private func wait(
        until deadline: ContinuousClock.Instant,
        _ step: () throws(KafkaError) -> Void
    ) throws(KafkaError) {
        while true {
            do throws(KafkaError) { return try step() } catch {
                let mayRepeat =
                    error.isRetriable && !error.isFatal && !error.requiresAbort && !Trouble.isPermanent(error)
                guard mayRepeat, ContinuousClock.now < board.limit(deadline) else { throw error }
                board.note("detector", waitsFor: "\(error)")
                log.debug("transaction step retried", ["cause": .text("\(error)")])
            }
        }
    }

    private func send(_ entry: Transaction.Entry) throws(KafkaError) {
        try entry.key.withUnsafeBufferPointer { (key) throws(KafkaError) in
            guard let value = entry.value else { return try send(entry, UnsafeRawBufferPointer(key), nil) }
            try value.withUnsafeBufferPointer { (value) throws(KafkaError) in
                try send(entry, UnsafeRawBufferPointer(key), UnsafeRawBufferPointer(value))
            }
        }
    }

    private func send(
        _ entry: Transaction.Entry,
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer?
    ) throws(KafkaError) {
        switch entry.store {
        case .state:
            try producer.produce(to: state, partition: entry.partition, key: key, value: value)
        case .catalogue:
            try producer.produce(
                to: catalogue,
                partition: entry.partition % cataloguePartitions,
                key: key,
                value: value,
                headers: [Header(Self.writerHeader, writer)]
            )
        }
    }

    private func undo(_ error: KafkaError) -> Outcome {
        let cause = producer.takeDeliveryFailures().first ?? error
        var broken = error.isFatal ? error : nil
        if broken == nil {
            do throws(KafkaError) {
                try producer.abortTransaction(timeout: board.isStopping ? .seconds(1) : .seconds(5))
                _ = producer.takeDeliveryFailures()
            } catch { broken = error }
        }
        if Trouble.isPermanent(cause) { return .refused(refusal(cause)) }
        return broken == nil ? .aborted(cause) : .broken(cause)
    }

    /// The line for a transaction that cannot be written, with the topics that refuse it.
    private func refusal(_ error: KafkaError) -> RunFailure {
        let topics = alerts.topics + [state, catalogue, deadLetters]
        let written = topics.map(producer.name(of:))
        if error.code == .messageTooLarge,
            let topic = topics.first(where: { error.description.names(producer.name(of: $0)) })
        {
            let size = producer.largestMessage(to: topic)
            return Trouble.failure(error, about: "the largest message had \(size) bytes")
        }
        guard error.code == .topicAuthorization,
            !(names + written).contains(where: { error.description.contains($0) })
        else { return Trouble.failure(error) }
        let refused = refused.names
        let told =
            refused.isEmpty ? "one of \(written.joined(separator: ", "))" : refused.joined(separator: ", ")
        return Trouble.failure(error, about: told)
    }
}

extension Producer {
    /// Why producing is not allowed any more: only an attempt to commit tells, and it fails.
    func cause(behind error: KafkaError) -> KafkaError {
        guard error.code == .state else { return error }
        do throws(KafkaError) { try commitTransaction(timeout: .milliseconds(500)) } catch { return error }
        return error
    }
}
