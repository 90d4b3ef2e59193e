import Configuration
import Kafka

/// The topics that republishing needs, looked at before anything is read.
struct RepublishingTopics {
    let state: TopicDescription
    let catalogue: TopicDescription

    /// - Throws: `RunFailure` when one is missing, or must not be seen.
    init(_ clients: KafkaClients, target: String, log: RunLog) throws {
        let topics = clients.configuration.topics
        let admin = try clients.openAdmin(log)
        func find(_ name: String) throws -> TopicDescription? {
            do throws(KafkaError) { return try admin.describeTopic(name) } catch {
                throw Trouble.failure(error, about: error.code == .topicAuthorization ? name : nil)
            }
        }
        let found = try [topics.state, topics.catalogue].map(find)
        let missing = zip([topics.state, topics.catalogue], found).filter { $1 == nil }.map(\.0)
        guard let state = found[0], let catalogue = found[1] else {
            throw RunFailure(
                "missing topic\(missing.count == 1 ? "" : "s") \(missing.joined(separator: ", ")): without them nobody "
                    + "knows what is open",
                advice: "give --config and the environment of the workers",
                cause: nil
            )
        }
        (self.state, self.catalogue) = (state, catalogue)
        guard try find(target) == nil else { return }
        let commands = MendingCommands(clients)
        let command =
            target == topics.alerts
            ? commands.create : commands.create(target, partitions: state.partitions.count)
        throw RunFailure("missing topic \(target)", advice: "run '\(command)', then republish", cause: nil)
    }
}
