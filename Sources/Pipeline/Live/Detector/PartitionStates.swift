import CloudTrail
import Kafka

/// What belongs to one partition of the state.
struct PartitionState {
    /// Everything ever counted.
    var totals = DetectorBalance()
    /// What was counted since the last commit.
    fileprivate(set) var pending = DetectorBalance()
    /// Whether the next transaction has to carry its positions.
    fileprivate(set) var isTouched = false
    /// The stream time by which it was judged last, as the state holds it.
    var time = EventTime.distantPast
    /// Whether the state holds the partition count.
    var isCountRecorded = false
    /// The policy by which all of it was judged, as the state holds it: the first 64 bits of its hash.
    var policy: UInt64?
    /// Where its changelog ended when it was read: memory is what stands before, and what this worker wrote behind.
    var restoredEnd: Int64?
    var positions: [TopicPartition: Int64] = [:]
    /// How far reading had come before offsets were reset, as the state holds it.
    var reached: [TopicPartition: Int64] = [:]
    /// Where reading has begun how often, as the state holds it.
    var attempts: [TopicPartition: Attempt] = [:]

    /// The offset of the first message of a source that was never read, as far as the state knows.
    func reached(_ name: TopicPartition) -> Int64 { max(positions[name] ?? 0, reached[name] ?? 0) }
}

/// The partitions of the state that this worker holds in memory.
struct PartitionStates {
    private var states: [Int32: PartitionState] = [:]
    /// Those that are restored: the engine evaluates their accounts, and no others.
    var restored: Set<Int32> = []

    subscript(partition: Int32) -> PartitionState? {
        _read { yield states[partition] }
        _modify { yield &states[partition] }
    }

    /// Those in memory, restored or not.
    var numbers: Set<Int32> { Set(states.keys) }

    /// Whether all of them are restored.
    var areRestored: Bool { restored.count == states.count }

    /// Whether a transaction has to be written though nothing else has changed.
    var hasTouched: Bool { states.values.contains { $0.isTouched } }

    /// Those whose positions the next transaction carries, in order.
    var touched: [(key: Int32, value: PartitionState)] {
        states.filter { $0.value.isTouched }.sorted { $0.key < $1.key }
    }

    func isTouched(_ partition: Int32) -> Bool { states[partition]?.isTouched ?? false }

    mutating func touch(_ partition: Int32) { states[partition]?.isTouched = true }

    mutating func touch(_ partitions: Set<Int32>) { for partition in partitions { touch(partition) } }

    /// Counts what became of records.
    mutating func count(_ records: Int, in partition: Int32, _ change: (inout DetectorBalance) -> Void) {
        guard states[partition] != nil else { return }
        states[partition]?.pending.read += records
        change(&states[partition, default: PartitionState()].pending)
    }

    /// Everything ever counted in all of them.
    var totals: DetectorBalance { states.values.reduce(into: DetectorBalance()) { $0 += $1.totals } }

    /// A transaction is visible that was judged by a stream time; returns what was counted since the one before.
    mutating func commit(judgedAt time: EventTime) -> DetectorBalance {
        var counted = DetectorBalance()
        for (partition, var state) in states {
            counted += state.pending
            state.totals += state.pending
            if state.isTouched { (state.isCountRecorded, state.time) = (true, max(state.time, time)) }
            (state.pending, state.isTouched) = (DetectorBalance(), false)
            states[partition] = state
        }
        return counted
    }

    mutating func rollback() {
        for partition in states.keys {
            states[partition]?.pending = DetectorBalance()
            states[partition]?.isTouched = false
        }
    }
}
