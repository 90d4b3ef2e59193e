import CloudTrail
import Kafka

/// One partition of the input, as the intake reads it.
struct InputPartition: OwnedPartition {
    enum Phase: Equatable {
        /// Assigned, and its offset not known yet.
        case unplaced
        /// Being read.
        case reading
        /// Held back, because its next candidate is too far ahead of the other partitions: at that time.
        case heldBack(EventTime)
    }

    let topic: TopicIndex
    let name: TopicPartition
    var phase = Phase.unplaced
    var next: Int64 = 0
    var committed: Int64 = -1
    /// Whether its offset was gone, and the one that it goes on at is not committed yet.
    var isReset = false
    /// The greatest event time seen.
    var time: EventTime?
    var isAtEnd = false
    /// Its attempt is committed with the offset.
    var poisonGuard = PoisonGuard()

    init(topic: TopicIndex, name: TopicPartition) { (self.topic, self.name) = (topic, name) }

    var isConsumed: Bool { phase == .reading }

    /// How far it has come: nothing earlier is expected from it.
    var reached: EventTime? {
        if case .heldBack(let time) = phase { return time }
        return time
    }

    mutating func see(_ time: EventTime) {
        if let known = self.time, known >= time { return }
        self.time = time
    }
}

/// Keeps the partitions in step: none hands on a record that is further than `lead` ahead of the slowest unfinished
/// one, so that a backlog is not read as a heap of late events.
struct InStep {
    /// Half the horizon, in seconds.
    let lead: Int64
    /// The least time met, for partitions that have shown none yet.
    private(set) var first: EventTime?

    init(lead: Int64) { self.lead = lead }

    /// Whether a partition may hand on a record of this time.
    mutating func admits(
        _ time: EventTime,
        from index: Int,
        of partitions: OwnedPartitions<InputPartition>
    ) -> Bool {
        if first.map({ time < $0 }) ?? true { first = time }
        guard partitions.count > 1 else { return true }
        var slowest: EventTime?
        for other in partitions.indices where other != index && !partitions[other].isAtEnd {
            guard let reached = partitions[other].reached ?? first else { continue }
            slowest = min(slowest ?? reached, reached)
        }
        return slowest.map { time <= $0.advanced(bySeconds: lead) } ?? true
    }
}
