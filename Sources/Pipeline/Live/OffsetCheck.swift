import Glibc
import Kafka

/// Decides whether offsets that a broker has called out of range are lost, by what the partition's leader says of its log.
///
/// A broker that was frozen or cut off believes for a moment after its return that it still leads, and its log ends
/// where it had been left. A reader that was sent there is told that its offset is out of range; so is one whose records
/// retention has deleted. Only the latter's are lost.
struct OffsetCheck {
    enum Outcome: Equatable {
        /// It lies in the log, or behind an end that may be that of a broker that leads no more: to be read from again.
        case valid
        /// Retention has overtaken it, or the topic was truncated or created anew.
        case lost(low: Int64, high: Int64)
    }

    /// How long an offset has to lie behind the log's end: longer than a broker that comes back takes to learn who leads.
    static let patience = Duration.seconds(30)
    /// An offset that nobody has complained about for so long begins anew.
    private static let pause = Duration.seconds(15)

    /// An offset that lies behind the end.
    private struct Behind {
        let offset: Int64
        let since: ContinuousClock.Instant
        /// When that was seen last.
        let last: ContinuousClock.Instant
    }

    private var behind: [TopicPartition: Behind] = [:]

    /// Decides about an offset; `low` and `high` are the first offset that the leader keeps, and its log's end.
    mutating func assess(
        _ offset: Int64,
        of partition: TopicPartition,
        low: Int64,
        high: Int64,
        now: ContinuousClock.Instant = .now
    ) -> Outcome {
        if offset < low {
            behind[partition] = nil
            return .lost(low: low, high: high)
        }
        guard offset > high else {
            behind[partition] = nil
            return .valid
        }
        let since = behind[partition].flatMap { now - $0.last < Self.pause ? $0.since : nil } ?? now
        guard now - since >= Self.patience else {
            behind[partition] = Behind(offset: offset, since: since, last: now)
            return .valid
        }
        behind[partition] = nil
        return .lost(low: low, high: high)
    }

    /// Whether an offset lies behind the end, as far as it is known.
    func isBehind(_ partition: TopicPartition) -> Bool { behind[partition] != nil }

    /// The offsets that lay behind their logs' ends a second ago, to be looked at again: of a topic that was made anew, and
    /// has got records since, librdkafka need not complain a second time.
    func due(now: ContinuousClock.Instant = .now) -> [(partition: TopicPartition, offset: Int64)] {
        if behind.isEmpty { return [] }
        return behind.filter { now - $0.value.last >= .seconds(1) }.sorted { $0.key < $1.key }
            .map { ($0.key, $0.value.offset) }
    }

    /// Forgets a partition that is not read any more.
    mutating func forget(_ partition: TopicPartition) { behind[partition] = nil }

    /// Asks the leader for its log's ends, decides by them, and logs when the offset is to be read from again.
    ///
    /// `reader` is the client that was told so; `asking` waits for the leader's answer as long as the run goes on.
    mutating func assess(
        _ offset: Int64,
        of partition: TopicPartition,
        reader: Consumer,
        asking: Consumer,
        _ board: RunBoard,
        _ log: RunLog
    ) throws(KafkaError) -> Outcome {
        reader.refreshMetadata()
        let (low, high) = try asking.ends(of: partition, board)
        let outcome = assess(offset, of: partition, low: low, high: high)
        if outcome == .valid {
            log.debug(
                "offset was called out of range; reading from it again",
                partition.fields + [
                    "offset": .number(Int(offset)), "log_start_offset": .number(Int(low)),
                    "log_end_offset": .number(Int(high)),
                ]
            )
            // The broker that has said so says so again until it learns who leads.
            usleep(100_000)
        }
        return outcome
    }
}

extension ConsumerFailure {
    /// Whether the offset that is read from is out of range, as a broker says: its fetcher is off then.
    var isOffsetOutOfRange: Bool { [.autoOffsetReset, .offsetOutOfRange].contains(error.code) }
}

extension Consumer {
    /// Begins to read partitions anew that are not a group's: a fetcher that has found its offset out of range is off,
    /// and no seeking wakes it.
    func reassign(_ offsets: [PartitionOffset]) throws(KafkaError) {
        try removeAssignment(offsets.map(\.partition))
        try addAssignment(offsets)
    }
}
