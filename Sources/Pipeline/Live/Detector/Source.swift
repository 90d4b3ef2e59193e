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
