import Alerts
import Configuration
import Detection
import Kafka

/// Writes alerts again, in one transaction.
final class RepublishingOutput {
    private let producer: Producer
    private var alerts: AlertOutput
    private let refused = RefusedTopics()
    /// How long a transaction of a process that is gone stays open.
    private let limit: Duration

    /// Takes over the transactional id: a republish to the same topic that was killed is undone, one that still runs fails.
    ///
    init(
        _ clients: KafkaClients,
        only name: String?,
        signer: AlertSigner?,
        alerts count: Int,
        log: RunLog
    ) throws {
        // Brokers allow 15 minutes; a thousand alerts a second are fewer than the slowest of them takes.
        let seconds = min(900, 10 + count / 1000)
        limit = .seconds(seconds)
        // No instance_id has a colon and a topic behind it.
        let id = "\(clients.configuration.groupID)-republish:\(name ?? clients.configuration.topics.alerts)"
        let configuration = clients.transactional(id: id).merging([
            "transaction.timeout.ms": "\(seconds * 1000)", "linger.ms": "20",
        ])
        producer = try Producer(
            configuration,
            log: refused.listening(to: log.kafkaSink("republish producer"))
        )
        alerts = try AlertOutput(
            producer,
            clients.configuration,
            only: name,
            writesFindings: false,
            signer: signer,
            maximumBytes: configuration.alertBytes
        )
        try producer.initTransactions(timeout: .seconds(30))
    }

    /// Writes what `body` sends.
    func write(_ body: ((Alert) throws -> Void) throws -> Void) throws {
        let deadline = ContinuousClock.now + limit
        do {
            try producer.beginTransaction()
            try body { try alerts.send($0, raised: HostClock.milliseconds) }
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

    /// Takes back what was sent; returns why that had to be.
    private func undo(_ error: any Error) -> any Error {
        let cause =
            producer.takeDeliveryFailures().first ?? (error as? KafkaError).map(producer.cause(behind:))
        // Where even this fails, the broker does it when the time limit of the transaction is over.
        try? producer.abortTransaction(timeout: .seconds(10))
        guard let cause else { return error }
        // Of a transaction's topics librdkafka names the denied ones in its log only.
        let names = alerts.topics.map(producer.name(of:))
        let isUnnamed =
            cause.code == .topicAuthorization && !names.contains(where: cause.description.names)
        let denied = refused.names.isEmpty ? names : refused.names
        let failure = Trouble.failure(cause, about: isUnnamed ? denied.joined(separator: ", ") : nil)
        return RunFailure(failure.fact + "; nothing was published", advice: failure.advice, cause: cause)
    }
}
