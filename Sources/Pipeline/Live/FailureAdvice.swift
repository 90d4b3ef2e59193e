import Configuration
import Kafka

/// What to do about a failure of a run, where that takes a look at the configuration or at the cluster.
struct FailureAdvice {
    private let clients: KafkaClients
    private let permissions: Permissions

    init(_ clients: KafkaClients, _ permissions: Permissions) {
        (self.clients, self.permissions) = (clients, permissions)
    }

    /// The same failure with better advice, if there is some.
    func complete(_ failure: RunFailure) -> RunFailure {
        if !failure.gone.isEmpty {
            return RunFailure(failure.fact, advice: MendingCommands(clients).createAndRestart, cause: nil)
        }
        guard let cause = failure.cause else { return failure }
        let advice: String? =
            switch cause.code {
            case .messageTooLarge, .recordListTooLarge: sizes(failure.fact)
            default: permissions.advice(cause, failure.fact)
            }
        return advice.map { RunFailure(failure.fact, advice: $0, cause: cause) } ?? failure
    }

    /// Completes what a step throws.
    func completing<R>(_ step: () throws -> R) throws(RunFailure) -> R {
        do { return try step() } catch { throw complete(RunFailure(error)) }
    }

    /// Which limit a message is beyond, and the command that raises it.
    private func sizes(_ fact: String) -> String? {
        let names = clients.configuration.topics
        let written =
            [names.events, names.state, names.catalogue, names.deadLetters]
            + clients.configuration.outputTopics
        guard let topic = written.first(where: { fact.names($0) }) else { return nil }
        let own = clients.forwarding.messageBytes
        // A batch may be as large as a message may.
        let wanted = max(Self.usualTopicBytes, own + 1024)
        let command = MendingCommands(clients).set("max.message.bytes", to: String(wanted), of: topic)
        guard let limit = limit(of: topic) else {
            return
                "raise max.message.bytes of \(topic) above \(own), this producer's message.max.bytes: \(command)"
        }
        guard limit > own else {
            return
                "\(topic) takes max.message.bytes=\(limit), and this producer sends up to message.max.bytes=\(own): "
                + command
        }
        return
            "this producer sends up to message.max.bytes=\(own): raise it under kafka.producer, at most to "
            + "max.message.bytes=\(limit) of \(topic)"
    }

    /// Kafka's default for a topic.
    private static let usualTopicBytes = 1_048_588

    /// What a topic takes; nil when that may not be looked at.
    private func limit(of topic: String) -> Int? {
        let properties = try? Admin(clients.admin).topicProperties(topic, timeout: .seconds(3))
        return properties?["max.message.bytes"].flatMap { Int($0) }
    }
}
