import Configuration
import Kafka

/// The topics that republishing needs, looked at before anything is read.
struct RepublishingTopics {
    let read: StateDescriptions

    /// - Throws: `RunFailure` when one is missing, or must not be seen.
    init(_ clients: KafkaClients, targets: [String], log: RunLog) throws {
        let admin = try clients.openAdmin(log)
        read = try StateDescriptions(clients, admin)
        guard let target = try targets.first(where: { try admin.find($0) == nil }) else { return }
        let commands = MendingCommands(clients)
        let command =
            clients.configuration.outputTopics.contains(target)
            ? commands.create : commands.create(target, partitions: read.state.partitions.count)
        throw RunFailure("missing topic \(target)", advice: "run '\(command)', then republish", cause: nil)
    }
}
