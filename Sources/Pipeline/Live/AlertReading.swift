package import Alerts
package import Configuration
import Kafka

/// Reads a topic of alerts as it lies there, to check it.
package enum AlertReading {
    /// Goes through the committed messages of a topic, of each partition in order; returns where the partitions ended:
    /// `amiwatch.alerts[0]=17`.
    ///
    /// - Throws: `RunFailure`.
    package static func read(
        _ topic: String?,
        _ configuration: RunConfiguration,
        log: RunLog,
        _ body: (AlertVerification.Message) throws -> Void
    ) throws -> [String] {
        let clients = try KafkaClients(configuration)
        let name = topic ?? configuration.topics.alerts
        return try FailureAdvice(clients, .reading([name], configuration)).completing {
            guard let description = try clients.openAdmin(log).find(name) else {
                throw RunFailure("missing topic \(name)", advice: "name another with --topic", cause: nil)
            }
            let ends = try TopicReading(clients, log: log).read(description) { message in
                func text(_ header: String) -> String? {
                    message.header(header).map { String(decoding: $0, as: UTF8.self) }
                }
                try body(
                    AlertVerification.Message(
                        partition: message.partition,
                        offset: message.offset,
                        value: message.payload.map { Array($0) },
                        signature: text(AlertSignature.header),
                        keyID: text(AlertSignature.keyHeader)
                    )
                )
            }
            return ends.sorted { $0.key < $1.key }.map { "\($0.key.name)=\($0.value)" }
        }
    }
}
