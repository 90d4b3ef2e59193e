import Configuration
import Detection
import Kafka

/// Reads the state and the catalogue once, to their present ends.
struct StateReading {
    private let reading: TopicReading

    init(_ clients: KafkaClients, log: RunLog) { reading = TopicReading(clients, log: log) }

    /// Puts what both topics hold into an engine, and hands over what is no entry of the engine's; returns where their
    /// partitions ended.
    ///
    /// The state goes first, so that the catalogue holds whatever the state's last transactions told.
    /// - Throws: `RunFailure`, also when messages are there of which none is an entry of amiwatch.
    func read(
        state: TopicDescription,
        catalogue: TopicDescription,
        into engine: inout Engine,
        onEntry: (Int32, LedgerEntry) -> Void = { _, _ in }
    ) throws -> [TopicPartition: Int64] {
        var ends: [TopicPartition: Int64] = [:]
        for topic in [state, catalogue] { try ends.merge(read(topic, into: &engine, onEntry)) { $1 } }
        return ends
    }

    private func read(
        _ topic: TopicDescription,
        into engine: inout Engine,
        _ onEntry: (Int32, LedgerEntry) -> Void
    ) throws -> [TopicPartition: Int64] {
        var (messages, hasKey) = (0, false)
        let ends = try reading.read(topic) { message in
            messages += 1
            hasKey = hasKey || message.key != nil
            if let entry = try engine.restore(StateMessage(message, of: topic.name)) {
                onEntry(message.partition, entry)
            }
        }
        guard hasKey || messages == 0 else {
            throw RunFailure(
                "\(topic.name) holds \(messages) messages without a key, and no state of amiwatch",
                advice: "give --config and the environment of the workers",
                cause: nil
            )
        }
        return ends
    }
}
