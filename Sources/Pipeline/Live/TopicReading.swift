import Kafka

/// Reads a topic once, to its present end, as a member of no group: nobody who works with it notices anything.
struct TopicReading {
    private let clients: KafkaClients
    private let log: RunLog
    /// How long a partition may stay where it is.
    private static let patience = Duration.seconds(30)

    init(_ clients: KafkaClients, log: RunLog) { (self.clients, self.log) = (clients, log) }

    /// Goes through the committed messages that are there, of each partition in order; returns where the partitions ended.
    ///
    /// - Throws: `RunFailure` or `KafkaError`; what `body` throws.
    func read(
        _ topic: TopicDescription,
        _ body: (Message) throws -> Void
    ) throws -> [TopicPartition: Int64] {
        let partitions = topic.partitions.map(\.id)
        let asking = try Consumer(clients.reader(isolation: "read_uncommitted"), log: log.kafkaSink("ends"))
        let ends = try asking.logEnds(of: topic.name, partitions, timeout: .seconds(10))
        let consumer = try Consumer(clients.reader(), log: log.kafkaSink("reader"))
        try consumer.assign(partitions.map { PartitionOffset(TopicPartition(topic.name, $0), .beginning) })
        var next: [Int32: Int64] = [:]
        var moved = ContinuousClock.now
        while let waiting = ends.filter({ next[$0.key] ?? 0 < $0.value }).keys.min() {
            let failures = try consumer.poll(maxMessages: 4096, timeout: .milliseconds(100)) { batch in
                for message in batch.messages {
                    next[message.partition] = message.offset + 1
                    try body(message)
                }
                for end in batch.ends where end.offset > next[end.partition] ?? 0 {
                    next[end.partition] = end.offset
                }
                if !batch.messages.isEmpty { moved = .now }
                return batch.failures
            }
            for failure in failures {
                if failure.isOffsetOutOfRange { throw failure.error }
                if let fatal = Trouble.reading(failure) { throw fatal }
            }
            for error in consumer.takeErrors() where error.isFatal || Trouble.isPermanent(error) {
                throw error
            }
            guard ContinuousClock.now - moved < Self.patience else {
                throw standstill(
                    TopicPartition(topic.name, waiting),
                    at: next[waiting] ?? 0,
                    ends[waiting] ?? 0
                )
            }
        }
        return Dictionary(
            uniqueKeysWithValues: ends.map { (TopicPartition(topic.name, $0.key), $0.value) }
        )
    }

    private func standstill(_ partition: TopicPartition, at offset: Int64, _ end: Int64) -> RunFailure {
        RunFailure(
            "no progress on \(partition.name) for \(Self.patience.components.seconds) s: at offset \(offset), log end "
                + "\(end)",
            advice: "a transaction that nobody ends may be open there: run "
                + "'\(MendingCommands(clients).transactions("find-hanging", partition))'",
            cause: nil
        )
    }
}
