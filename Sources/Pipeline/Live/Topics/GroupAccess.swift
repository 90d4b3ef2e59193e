import Configuration
import Kafka

/// Something that is no topic, that a worker needs, and that this user may not use.
package struct Denial: Sendable {
    /// What it is: `consumer group amiwatch`.
    package let name: String
    /// What is not allowed, and the command that allows it.
    package let fault: TopicFault
}

/// Finds out by trying whether a user may be a member of the groups and use the transactional ids: librdkafka 2.0.2
/// cannot ask a cluster which operations it allows.
///
/// No group hears of it, and no worker: see `Consumer.mayCommit` and `mayUseTransactions`.
struct GroupAccess {
    let clients: KafkaClients
    let log: KafkaLogSink
    private static let answerTime = Duration.seconds(5)

    /// What is not allowed; what is not answered in time counts as allowed.
    func denials() -> [Denial] {
        let configuration = clients.configuration
        let (needed, commands) = (Permissions.run(configuration), MendingCommands(clients))
        var denials = needed.groups.filter { !mayJoin($0) }.map { group in
            Denial(
                name: "consumer group \(group)",
                fault: TopicFault(
                    .error,
                    "this user may not join it: grant Read",
                    command: commands.allow(["Read"], ["--group", group])
                )
            )
        }
        let prefix = needed.transactionalIDPrefix
        if configuration.roles.contains(.detector), !mayUseTransactions(prefix) {
            let resource = ["--transactional-id", prefix, "--resource-pattern-type", "prefixed"]
            denials.append(
                Denial(
                    name: "transactional ids with the prefix \(prefix)",
                    fault: TopicFault(
                        .error,
                        "this user may not use them: grant Write",
                        command: commands.allow(["Write"], resource)
                    )
                )
            )
        }
        return denials
    }

    private func mayJoin(_ group: String) -> Bool {
        do throws(KafkaError) {
            // For as long as a session lasts, librdkafka waits for the coordinator of a group that must not be seen, however
            // long ago it was refused, and even when the client is to end.
            let consumer = try Consumer(
                clients.reader(group: group).merging([
                    "session.timeout.ms": "\(Self.answerTime.components.seconds * 1000)"
                ]),
                log: log
            )
            let topic = clients.configuration.topics.state
            return try consumer.mayCommit(topic: topic, timeout: Self.answerTime)
        } catch { return true }
    }

    /// An id that no worker has is asked for, with a time limit that no broker grants: permission is looked at first,
    /// and what is refused for the limit leaves nothing behind.
    private func mayUseTransactions(_ prefix: String) -> Bool {
        do throws(KafkaError) {
            let producer = try Producer(
                clients.transactional(id: prefix + "permission-check").merging([
                    "transaction.timeout.ms": "2147483000", "socket.timeout.ms": "5000",
                ]),
                log: log
            )
            try producer.initTransactions(timeout: Self.answerTime)
            return true
        } catch { return error.code != .transactionalIDAuthorization }
    }
}
