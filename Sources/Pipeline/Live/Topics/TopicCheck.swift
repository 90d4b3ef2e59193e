package import Configuration
import Kafka

/// Compares the topics of a cluster, and what a user may do there, with what amiwatch needs, and creates the topics that
/// are missing.
package struct TopicCheck: Sendable {
    /// One row a topic, the input first.
    package let rows: [TopicRow]
    /// What is no topic, and may not be used.
    package let denials: [Denial]
    /// The command that creates topics that are missing.
    package let creating: String

    /// Whether `run` may start.
    package var isSound: Bool { rows.allSatisfy(\.errors.isEmpty) && denials.isEmpty }

    /// Asks the cluster.
    ///
    /// - Parameters:
    ///   - configuration: says which topics, and where Kafka is.
    ///   - creates: creates what is missing.
    ///   - partitions: of new topics; nil takes what the topics of accounts have already, else 12.
    ///   - replication: of new topics; nil takes 3, or as many as there are brokers.
    ///   - log: takes librdkafka's lines.
    /// - Throws: `RunFailure`: no connection, no log-in.
    package init(
        _ configuration: RunConfiguration,
        creates: Bool,
        partitions: Int? = nil,
        replication: Int? = nil,
        log: RunLog
    ) throws {
        let clients = try KafkaClients(configuration)
        do throws(KafkaError) {
            let quiet = log.kafkaSink("admin", isQuiet: true)
            var survey = try TopicSurvey(clients, clients.openAdmin(log), .demanded)
            if creates {
                let replicas = replication ?? min(3, max(1, survey.brokerCount))
                try survey.create(partitions: partitions ?? 12, replication: replicas)
            }
            try survey.assess(asked: partitions)
            try survey.assessAccess(clients, log: quiet)
            rows = survey.rows
            denials = GroupAccess(clients: clients, log: quiet).denials()
            creating = survey.commands.create
        } catch { throw Trouble.failure(error) }
    }
}
