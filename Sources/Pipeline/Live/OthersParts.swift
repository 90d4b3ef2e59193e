import Kafka

/// The partitions that other members of the group have, for a run that stops at the end.
///
/// Reaching the ends of its own is not enough: a member that died while it joined has partitions too until the
/// broker misses it, and nobody reads them.
struct OthersParts {
    private let all: [TopicPartition]
    private let patience: Duration
    private let log: RunLog
    /// The member's own partitions, and since when it has them.
    private var own: (partitions: [TopicPartition], since: ContinuousClock.Instant)?
    /// Where each ended when it was first looked at.
    private var ends: [TopicPartition: Int64] = [:]
    private var nextLook = ContinuousClock.now
    private var nextLog = ContinuousClock.now

    /// Time between two questions to the broker.
    private static let interval = Duration.milliseconds(200)
    /// Time between two log lines about the waiting.
    private static let logInterval = Duration.seconds(30)

    /// All partitions that the group reads; `patience` is how long others may have partitions though they are gone.
    ///
    /// A static member that was stopped has its partitions until its session is over. What it had read and not yet told
    /// of is told by whoever gets them.
    init(_ all: [TopicPartition], patience: Duration = .zero, log: RunLog) {
        self.all = all
        self.patience = patience
        self.log = log
    }

    /// Whether the group has committed everything that was there at the first look, in all but the member's own
    /// partitions, and no member that is gone has any of them.
    mutating func areRead(except owned: [TopicPartition], _ consumer: Consumer) throws -> Bool {
        let others = Set(all).subtracting(owned)
        guard !others.isEmpty else { return true }
        let now = ContinuousClock.now
        if own?.partitions != owned { own = (owned, now) }
        guard now >= nextLook, let since = own?.since, now - since >= patience else { return false }
        defer { nextLook = .now + Self.interval }
        do throws(KafkaError) {
            let positions = try consumer.groupPositions(in: Array(others), timeout: .milliseconds(500))
            for (partition, found) in positions where ends[partition] == nil { ends[partition] = found.end }
            for (partition, found) in positions {
                guard let end = ends[partition], found.offset < end else { continue }
                logWaiting(partition, found.offset, end)
                return false
            }
            return true
        } catch {
            guard error.isRetriable else { throw error }
            return false
        }
    }

    private mutating func logWaiting(_ partition: TopicPartition, _ offset: Int64, _ end: Int64) {
        guard ContinuousClock.now >= nextLog else { return }
        nextLog = .now + Self.logInterval
        log.info(
            "own partitions are read to their end; waiting for other members of the group",
            partition.fields + [
                "committed_offset": .number(Int(offset)), "log_end_offset": .number(Int(end)),
            ]
        )
    }
}
