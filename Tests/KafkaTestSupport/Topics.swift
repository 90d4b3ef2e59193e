package import Kafka

/// A topic (group, transactional id) name that nothing else uses.
package func uniqueName(_ stem: String) -> String {
    "\(stem)-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
}

/// A message to produce; nil is a null key, or a tombstone.
package struct TestMessage: Hashable, Sendable {
    /// The partition; nil lets the key choose.
    package var partition: Int32?
    /// The key.
    package var key: String?
    /// The payload.
    package var value: String?
    /// The headers.
    package var headers: [Header]

    /// A message.
    package init(_ value: String?, key: String? = nil, partition: Int32? = nil, headers: [Header] = []) {
        self.partition = partition
        self.key = key
        self.value = value
        self.headers = headers
    }
}

/// A message that was read, copied; invalid UTF-8 is repaired.
package struct ReadMessage: Hashable, Sendable {
    /// The partition.
    package let partition: Int32
    /// The offset.
    package let offset: Int64
    /// The key.
    package let key: String?
    /// The payload; nil is a tombstone.
    package let value: String?
    /// The headers.
    package let headers: [Header]
    /// Milliseconds since 1970.
    package let timestamp: Int64?

    /// A copy of a message.
    package init(_ message: Message) {
        partition = message.partition
        offset = message.offset
        key = message.key.map { String(decoding: $0, as: UTF8.self) }
        value = message.payload.map { String(decoding: $0, as: UTF8.self) }
        headers = message.headers
        timestamp = message.timestamp
    }
}

extension RealBroker {
    /// Creates a topic of a unique name, with this cluster's replication, and returns the name.
    ///
    /// - Throws: `KafkaError`.
    package func makeTopic(
        _ stem: String = "test",
        partitions: Int = 1,
        properties: KeyValuePairs<String, String> = [:]
    ) throws -> String {
        let name = uniqueName(stem)
        try makeTopic(named: name, partitions: partitions, properties: properties)
        return name
    }

    /// Creates a topic with this cluster's replication.
    ///
    /// - Throws: `KafkaError`.
    package func makeTopic(
        named name: String,
        partitions: Int,
        properties: KeyValuePairs<String, String> = [:]
    ) throws {
        let topic = NewTopic(name: name, partitions: partitions, properties: properties)
        let admin = try Admin(["bootstrap.servers": bootstrapServers])
        if let error = try admin.createTopics([topic])[0] { throw error }
        // A broker hears of it a moment later.
        _ = try becomes { try admin.describeTopic(name)?.partitions.count == partitions }
    }
}

/// Produces messages and waits until all are delivered.
///
/// - Throws: `KafkaError`.
package func produce(_ messages: [TestMessage], to topic: String, at servers: String) throws {
    let producer = try Producer(["bootstrap.servers": servers, "linger.ms": "0"])
    let topic = try producer.topic(topic)
    for message in messages {
        try producer.produce(
            to: topic,
            partition: message.partition,
            key: message.key.map { Array($0.utf8) },
            value: message.value.map { Array($0.utf8) },
            headers: message.headers
        )
    }
    try producer.flush(timeout: patience)
}

/// Reads a topic from its beginning to its present end, in order of partition and offset.
///
/// - Throws: `KafkaError`; also when the end is not reached in time.
package func readAll(
    _ topic: String,
    at servers: String,
    isolation: String = "read_committed",
    timeout: Duration = patience
) throws -> [ReadMessage] {
    let deadline = ContinuousClock.now + timeout
    let configuration: KafkaConfiguration = [
        "bootstrap.servers": servers, "group.id": uniqueName("reader"), "isolation.level": isolation,
        "enable.partition.eof": "true",
    ]
    guard let description = try Admin(["bootstrap.servers": servers]).describeTopic(topic) else {
        throw ReadError(message: "there is no topic \(topic)")
    }
    let consumer = try Consumer(configuration)
    try consumer.assign(
        description.partitions.map { PartitionOffset(TopicPartition(topic, $0.id), .beginning) }
    )
    var waiting = Set(description.partitions.map(\.id))
    var result: [ReadMessage] = []
    while !waiting.isEmpty {
        guard ContinuousClock.now < deadline else {
            throw ReadError(message: "no end of \(topic) within \(timeout); read \(result.count)")
        }
        try consumer.poll(maxMessages: 1000, timeout: .milliseconds(100)) { batch in
            result += batch.messages.map { ReadMessage($0) }
            for end in batch.ends { waiting.remove(end.partition) }
            if let failure = batch.failures.first(where: { !$0.error.isRetriable }) { throw failure.error }
        }
    }
    try consumer.close()
    return result.sorted { ($0.partition, $0.offset) < ($1.partition, $1.offset) }
}

/// Why a topic could not be read to its end.
package struct ReadError: Error, CustomStringConvertible {
    let message: String

    /// The reason.
    package var description: String { message }
}
