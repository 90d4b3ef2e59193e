package import Alerts
package import Configuration
package import Detection
import Kafka

/// Publishes the alerts of a replay on the topics of live ones, marked as the replay's and with ids of its own.
///
/// Some hundred alerts make a transaction, which is begun when all of them are there: readers at `read_committed` wait
/// at an open one, also for live alerts, and a replay may take long. Publishing the same replay under the same name again publishes the same ids,
/// so that readers can drop what they have seen. One thread owns it.
package final class ReplayPublisher {
    private let name: String
    private let producer: Producer
    private var output: AlertOutput
    private let advice: FailureAdvice
    /// Alerts of the next transaction.
    private var pending: [(alert: Alert, evidence: EvidenceStanding?)] = []
    /// Alerts that readers see.
    package private(set) var published = 0
    /// Where they go.
    package let topics: [String]

    private static let alertsAtOnce = 500

    /// Connects, and looks whether the topics are there.
    ///
    /// - Throws: `RunFailure`.
    package init(_ configuration: RunConfiguration, name: String, log: RunLog) throws {
        self.name = name
        topics = configuration.outputTopics
        let clients = try KafkaClients(configuration)
        let advice = FailureAdvice(clients, .publishing(configuration))
        self.advice = advice
        let signer = try AlertSigner(configuration)
        (producer, output) = try advice.completing { [topics] in
            let admin = try clients.openAdmin(log)
            let missing = try topics.filter { try admin.find($0) == nil }
            guard missing.isEmpty else {
                throw RunFailure(
                    "missing topic\(missing.count == 1 ? "" : "s") \(missing.joined(separator: ", "))",
                    advice: "run '\(MendingCommands(clients).create)'",
                    cause: nil
                )
            }
            let settings = clients.transactional(id: "\(configuration.groupID)-replay:\(name)").merging([
                "linger.ms": "20", "transaction.timeout.ms": "60000",
            ])
            let producer = try Producer(settings, log: log.kafkaSink("replay producer"))
            let output = try AlertOutput(
                producer,
                configuration,
                signer: signer,
                maximumBytes: settings.alertBytes
            )
            try producer.initTransactions(timeout: .seconds(30))
            return (producer, output)
        }
    }

    /// Publishes an alert, with some others or at the end.
    ///
    /// `evidence` is told where files were verified.
    package func publish(_ alert: Alert, evidence: EvidenceStanding? = nil) throws {
        pending.append((alert, evidence))
        if pending.count == Self.alertsAtOnce { try write() }
    }

    /// Publishes what is left.
    package func finish() throws { if !pending.isEmpty { try write() } }

    private func write() throws {
        do {
            try producer.beginTransaction()
            for (alert, evidence) in pending {
                try output.send(
                    alert.marked(asOfReplay: name),
                    raised: HostClock.milliseconds,
                    evidence: evidence
                )
            }
            try producer.commitTransaction(timeout: .seconds(60))
            published += pending.count
            pending.removeAll()
        } catch {
            let cause = producer.takeDeliveryFailures().first ?? error
            try? producer.abortTransaction(timeout: .seconds(10))
            let failure = advice.complete(RunFailure(cause))
            throw RunFailure(
                "\(failure.fact); \(published) alerts of the replay were published",
                advice: failure.advice
                    ?? "run it again under the same name: readers drop by alert_id what they have seen",
                cause: failure.cause
            )
        }
    }
}
