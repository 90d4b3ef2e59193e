import Configuration
import Kafka

/// Finds the partitions to which brokers refuse to write, because too few copies are in step
/// (`NOT_ENOUGH_REPLICAS`): librdkafka repeats such a write without a word, until it calls it timed out.
///
/// Belongs to the thread that made it; connects when it is asked first.
struct InSyncReplicas {
    private let topics: [String]
    private let clients: KafkaClients
    private let log: RunLog
    private var admin: Admin?

    private static let answerTime = Duration.seconds(2)
    /// Kafka's own, which say the same about groups and transactions; not everybody may look at them.
    private static let internals = ["__consumer_offsets", "__transaction_state"]

    init(_ clients: KafkaClients, log: RunLog) {
        self.clients = clients
        self.log = log
        let names = clients.configuration.topics
        topics = [names.events, names.state, names.catalogue, names.alerts, names.deadLetters]
            .filter { $0 != names.events || !clients.configuration.input.isKeyedByAccount }
    }

    /// A partition that takes no writes.
    struct Lack: CustomStringConvertible {
        let partition: TopicPartition
        let inSync: Int
        let replicas: Int
        /// `min.insync.replicas` of its topic, or 1 where nobody leads it.
        let needed: Int

        var description: String {
            if inSync == 0 {
                return "\(partition.name) takes no writes: it has no leader; start the brokers that hold it"
            }
            // Kafka 4 then asks for as many as there are.
            let limit = needed > replicas ? ", which brokers before 4.0 insist on" : ""
            return
                "\(partition.name) takes no writes (NOT_ENOUGH_REPLICAS): \(inSync) of \(replicas) replicas "
                + "\(inSync == 1 ? "is" : "are") in sync, and min.insync.replicas is \(needed)\(limit)"
        }
    }

    /// The partitions that lack copies, as far as the cluster tells.
    mutating func lacking() -> [Lack] {
        var result: [Lack] = []
        for topic in topics + Self.internals {
            do throws(KafkaError) { result += try lacking(of: topic) } catch {
                if Self.internals.contains(topic) { continue }
                log.debug(
                    "cannot look for in-sync replicas",
                    ["topic": .text(topic), "cause": .text("\(error)")]
                )
                // Others would not answer either.
                if error.isUnreachable { break }
            }
        }
        return result
    }

    private mutating func lacking(of topic: String) throws(KafkaError) -> [Lack] {
        let admin: Admin
        if let known = self.admin {
            admin = known
        } else {
            admin = try Admin(clients.admin, log: log.kafkaSink("watch", isQuiet: true))
        }
        self.admin = admin
        guard let found = try admin.describeTopic(topic, timeout: Self.answerTime) else { return [] }
        let needed = try neededCopies(of: topic, admin)
        return found.partitions.compactMap { partition in
            let inSync = partition.leader == nil ? 0 : partition.inSync.count
            guard inSync < max(1, needed) else { return nil }
            return Lack(
                partition: TopicPartition(topic, partition.id),
                inSync: inSync,
                replicas: partition.replicas.count,
                needed: max(1, needed)
            )
        }
    }

    /// Read each time: an operator may just be lowering it.
    ///
    /// Without the permission only a missing leader is told.
    private func neededCopies(of topic: String, _ admin: Admin) throws(KafkaError) -> Int {
        do throws(KafkaError) {
            let property = try admin.topicProperties(topic, timeout: Self.answerTime)["min.insync.replicas"]
            return property.flatMap { Int($0) } ?? 1
        } catch {
            if error.isUnreachable { throw error }
            log.debug(
                "cannot read min.insync.replicas",
                ["topic": .text(topic), "cause": .text("\(error)")]
            )
            return 1
        }
    }
}
