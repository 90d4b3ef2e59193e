import Kafka

/// How far a consumer group is in its partitions, whoever has them.
struct GroupLook {
    /// The stage that reads as this group: `intake`, `detector`.
    let role: String
    /// What the lag is called in `progress`: `input`, `events`.
    let name: String
    let group: String
    let partitions: [TopicPartition]

    /// Where the group stands in one partition.
    struct Standing {
        /// The offset of the next message that the group reads.
        var committed: Int64
        /// The offset behind the last message.
        var end: Int64
        /// When the group had not been further for the first time, with messages waiting.
        var since: ContinuousClock.Instant

        var lag: Int { Int(max(0, end - committed)) }
    }

    private(set) var standings: [TopicPartition: Standing] = [:]
    private var nextLog = ContinuousClock.now

    init(role: String, name: String, group: String, _ partitions: [TopicPartition]) {
        (self.role, self.name, self.group, self.partitions) = (role, name, group, partitions)
    }

    /// Messages that wait, of all partitions; nil while nothing is known.
    var lag: Int? { standings.isEmpty ? nil : standings.values.reduce(0) { $0 + $1.lag } }

    /// Takes what Kafka has answered: of partitions it has not answered for, the last answer stands.
    ///
    /// - Parameters:
    ///   - committed: the group's offsets; nil for a partition without one.
    ///   - starts: where the logs of those begin.
    ///   - ends: where the logs end.
    mutating func take(
        committed: [TopicPartition: Int64?],
        starts: [TopicPartition: Int64],
        ends: [TopicPartition: Int64]
    ) {
        let now = ContinuousClock.now
        for (partition, offset) in committed {
            guard let end = ends[partition] ?? standings[partition]?.end,
                let place = offset ?? starts[partition]
            else { continue }
            let known = standings[partition]
            let isStill = known.map { $0.committed == place && $0.lag > 0 } ?? false
            standings[partition] = Standing(
                committed: place,
                end: end,
                since: isStill ? known?.since ?? now : now
            )
        }
    }

    /// The partitions in which messages wait and nobody has got on for so long, the largest lag first; each time they
    /// are told there is a pause.
    mutating func standstill(
        for patience: Duration,
        pause: Duration
    ) -> [(partition: TopicPartition, standing: Standing)] {
        let now = ContinuousClock.now
        guard now >= nextLog else { return [] }
        let still = standings.filter { $0.value.lag > 0 && now - $0.value.since >= patience }
        if still.isEmpty { return [] }
        nextLog = now + pause
        return still.sorted { ($1.value.lag, $0.key) < ($0.value.lag, $1.key) }.map { ($0.key, $0.value) }
    }
}
