import Alerts
import Configuration
import Detection
import Kafka

/// Writes alerts again, in one transaction.
final class RepublishingOutput {
    private let producer: Producer
    private let topic: ProducerTopic
    private let maximumBytes: Int
    private var encoder = NativeAlert()
    /// How long a transaction of a process that is gone stays open.
    private let limit: Duration

    /// Takes over the transactional id: a republish to the same topic that was killed is undone, one that still runs fails.
    ///
    init(_ clients: KafkaClients, topic name: String, alerts: Int, log: RunLog) throws {
        // Brokers allow 15 minutes; a thousand alerts a second are fewer than the slowest of them takes.
        let seconds = min(900, 10 + alerts / 1000)
        limit = .seconds(seconds)
        // No instance_id has a colon and a topic behind it.
        let id = "\(clients.configuration.groupID)-republish:\(name)"
        let configuration = clients.transactional(id: id).merging([
            "transaction.timeout.ms": "\(seconds * 1000)", "linger.ms": "20",
        ])
        maximumBytes = configuration.alertBytes
        producer = try Producer(configuration, log: log.kafkaSink("republish producer"))
        topic = try producer.topic(name)
        try producer.initTransactions(timeout: .seconds(30))
    }

    /// Writes what `body` sends.
    func write(_ body: ((Alert) throws -> Void) throws -> Void) throws {
        let deadline = ContinuousClock.now + limit
        do {
            try producer.beginTransaction()
            try body(send)
        } catch { throw undo(error) }
        do throws(KafkaError) {
            try producer.commitTransaction(timeout: max(.seconds(5), deadline - .now))
        } catch {
            if error.requiresAbort || Trouble.isPermanent(error), !error.isFatal { throw undo(error) }
            let failure = Trouble.failure(error)
            throw RunFailure(
                failure.fact,
                advice: error.code == .fenced
                    ? "nothing was published: another republish to this topic has taken over"
                    : "whether the alerts were published is not known: run it again; readers drop by alert_id what "
                        + "they have seen",
                cause: nil
            )
        }
    }

    private func send(_ alert: Alert) throws {
        for message in encoder.messages(
            for: alert,
            raised: HostClock.milliseconds,
            maximumBytes: maximumBytes
        ) {
            try producer.produce(message.alert, message.line, to: topic)
        }
    }

    /// Takes back what was sent; returns why that had to be.
    private func undo(_ error: any Error) -> any Error {
        let cause =
            producer.takeDeliveryFailures().first ?? (error as? KafkaError).map(producer.cause(behind:))
        // Where even this fails, the broker does it when the time limit of the transaction is over.
        try? producer.abortTransaction(timeout: .seconds(10))
        guard let cause else { return error }
        // Of a transaction's topics librdkafka names the denied ones in its log only.
        let name = producer.name(of: topic)
        let isUnnamed = cause.code == .topicAuthorization && !cause.description.names(name)
        let failure = Trouble.failure(cause, about: isUnnamed ? name : nil)
        return RunFailure(failure.fact + "; nothing was published", advice: failure.advice, cause: cause)
    }
}
