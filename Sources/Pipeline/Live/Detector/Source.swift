import CloudTrail
import Kafka

/// One partition that the detector reads records from: of the events, or of the input where that is keyed by account.
///
/// Its number is also that of the accounts' partition of the state.
struct Source: OwnedPartition {
    let topic: TopicIndex
    let name: TopicPartition
    var next: Int64 = -1
    var committed: Int64 = -1
    /// The offset of the first message that was never read and committed: what lies before is counted already.
    var reached: Int64 = 0
    /// Whether its state is restored and reconciled.
    var isConsumed = false
    var isAtEnd = false
    /// The greatest time of a record.
    var watermark = EventTime.distantPast
    /// What of it the catalogue tells.
    var publishedWatermark = EventTime.distantPast
    /// The state holds its attempt.
    var poisonGuard = PoisonGuard()

    init(topic: TopicIndex, name: TopicPartition) { (self.topic, self.name) = (topic, name) }

    /// Whether the next record is processed alone.
    var isNextSuspected: Bool { poisonGuard.isSuspected(next) }
}

/// What belongs to one partition of the state.
struct Share {
    /// Everything ever counted.
    var totals = DetectorBalance()
    /// What was counted since the last commit.
    var pending = DetectorBalance()
    /// Whether the next transaction has to carry its positions.
    var isTouched = false
    /// Whether the state holds the partition count.
    var isCountRecorded = false
    /// Where its changelog ended when it was read: memory is what stands before, and what this worker wrote behind.
    var restoredEnd: Int64?
    /// The positions that the state holds.
    var positions: [TopicPartition: Int64] = [:]
    /// How far reading had come before offsets were reset, as the state holds it.
    var reached: [TopicPartition: Int64] = [:]
    /// Where reading has begun how often, as the state holds it.
    var attempts: [TopicPartition: Attempt] = [:]
}
