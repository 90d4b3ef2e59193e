import Kafka

/// Transactions that nobody ends: what lies behind the first message of one is not read by anybody.
///
/// Its producer may be gone with a long time-out, or the broker may have lost the marker that ends it: then only an
/// operator can.
struct TransactionLook {
    /// A partition whose last stable offset does not move.
    struct Blocked {
        /// The first offset of the oldest open transaction: readers come to here.
        var stableOffset: Int64
        /// The high watermark.
        var end: Int64
        let since: ContinuousClock.Instant
        var nextWord: ContinuousClock.Instant

        var seconds: Int { since.seconds }
    }

    private(set) var blocked: [TopicPartition: Blocked] = [:]
    /// The ends up to which nothing was open when it was last asked.
    private var clear: [TopicPartition: Int64] = [:]

    /// The partitions that have to be asked about: those that have grown, and those that were blocked.
    func asked(_ ends: [TopicPartition: Int64]) -> [TopicPartition] {
        ends.filter { clear[$0.key] != $0.value }.keys.sorted()
    }

    /// Takes high watermarks, and the last stable offsets that were asked for after them.
    mutating func take(ends: [TopicPartition: Int64], stable: [TopicPartition: Int64], patience: Duration) {
        let now = ContinuousClock.now
        for (partition, offset) in stable {
            guard let end = ends[partition] else { continue }
            guard offset < end else {
                clear[partition] = end
                blocked[partition] = nil
                continue
            }
            clear[partition] = nil
            if blocked[partition]?.stableOffset == offset {
                blocked[partition]?.end = end
            } else {
                blocked[partition] = Blocked(
                    stableOffset: offset,
                    end: end,
                    since: now,
                    nextWord: now + patience
                )
            }
        }
    }

    /// The partitions to tell of now, at most so many; each again after a pause.
    mutating func due(atMost count: Int, pause: Duration) -> [(partition: TopicPartition, Blocked)] {
        let now = ContinuousClock.now
        let due = blocked.filter { now >= $0.value.nextWord }.sorted { $0.key < $1.key }.prefix(count)
        for (partition, _) in due { blocked[partition]?.nextWord = now + pause }
        return due.map { ($0.key, $0.value) }
    }
}

/// Kafka's own tools, called as an operator would for this cluster.
struct KafkaTools: Sendable {
    private let cluster: String

    init(_ clients: KafkaClients) {
        let security = clients.admin["security.protocol"]?.lowercased() ?? "plaintext"
        cluster =
            "--bootstrap-server \(clients.bootstrapServers)"
            // Their own configuration: they are other clients than librdkafka.
            + (security == "plaintext" ? "" : " --command-config client.properties")
    }

    /// Shows the producers of a partition: id, epoch, and where their open transactions begin.
    func showProducers(_ partition: TopicPartition) -> String {
        transactions("describe-producers", partition)
    }

    /// Shows transactions that nobody is going to end.
    func findHanging(_ partition: TopicPartition) -> String { transactions("find-hanging", partition) }

    /// Ends the transaction that begins at an offset.
    func abort(_ partition: TopicPartition, startOffset: Int64) -> String {
        transactions("abort", partition) + " --start-offset \(startOffset)"
    }

    private func transactions(_ command: String, _ partition: TopicPartition) -> String {
        "kafka-transactions.sh \(cluster) \(command) --topic \(partition.topic) --partition "
            + "\(partition.partition)"
    }
}
