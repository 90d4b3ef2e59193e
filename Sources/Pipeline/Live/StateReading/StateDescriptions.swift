import Configuration
import Kafka

/// The topics that hold the state and the catalogue, looked at before anything is read.
struct StateDescriptions {
    let state: TopicDescription
    let catalogue: TopicDescription

    /// - Throws: `RunFailure` when one is missing, or must not be seen.
    init(_ clients: KafkaClients, _ admin: Admin) throws {
        let names = [clients.configuration.topics.state, clients.configuration.topics.catalogue]
        let found = try names.map { try admin.find($0) }
        let missing = zip(names, found).filter { $1 == nil }.map(\.0)
        guard let state = found[0], let catalogue = found[1] else {
            throw RunFailure(
                "missing topic\(missing.count == 1 ? "" : "s") \(missing.joined(separator: ", ")): without them nobody "
                    + "knows what is open",
                advice: "give --config and the environment of the workers",
                cause: nil
            )
        }
        (self.state, self.catalogue) = (state, catalogue)
    }
}

extension Admin {
    /// A topic that a command needs; nil when there is none.
    ///
    /// - Throws: `RunFailure`, which names the topic where that may not be seen.
    func find(_ name: String) throws -> TopicDescription? {
        do throws(KafkaError) { return try describeTopic(name) } catch {
            throw Trouble.failure(error, about: error.code == .topicAuthorization ? name : nil)
        }
    }
}
