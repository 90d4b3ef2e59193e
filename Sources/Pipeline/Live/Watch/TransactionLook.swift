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
        var end: Int64
        let since: ContinuousClock.Instant
        var nextLog: ContinuousClock.Instant

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
                    nextLog: now + patience
                )
            }
        }
    }

    /// The partitions to tell of now, at most so many; each again after a pause.
    mutating func due(atMost count: Int, pause: Duration) -> [(partition: TopicPartition, Blocked)] {
        let now = ContinuousClock.now
        let due = blocked.filter { now >= $0.value.nextLog }.sorted { $0.key < $1.key }.prefix(count)
        for (partition, _) in due { blocked[partition]?.nextLog = now + pause }
        return due.map { ($0.key, $0.value) }
    }
}
