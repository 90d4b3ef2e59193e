import Kafka
import KafkaTestSupport
import Testing

@Suite("A real broker", .needsRealBroker, .ownThread, .serialized)
struct RealBrokerTests {
    let broker: RealBroker
    let servers: String

    init() throws {
        broker = try RealBroker.shared()
        servers = broker.bootstrapServers
    }

    @Test("topics are created with their properties, and described; a missing one is nil")
    func topics() throws {
        let admin = try Admin(["bootstrap.servers": servers])
        let name = uniqueName("state")
        let topic = NewTopic(
            name: name,
            partitions: 3,
            replication: 1,
            properties: ["cleanup.policy": "compact", "delete.retention.ms": "604800000"]
        )
        #expect(try admin.describeTopic(name) == nil)
        let outcomes = try admin.createTopics([topic, NewTopic(name: "bad name", partitions: 1)])
        #expect(outcomes[0] == nil)
        #expect(outcomes[1]?.description.contains("bad name") == true)
        #expect(try admin.createTopics([topic])[0]?.code == .topicAlreadyExists)
        #expect(try becomes { try admin.describeTopic(name)?.partitions.count == 3 })
        let properties = try admin.topicProperties(name)
        #expect(properties["cleanup.policy"] == "compact")
        #expect(properties["delete.retention.ms"] == "604800000")
        #expect(properties["min.insync.replicas"] != nil)
    }

    @Test("a position that is gone is a failure that names the partition, not a silent jump")
    func outOfRange() throws {
        let topic = try broker.makeTopic("gone")
        try produce((0..<10).map { TestMessage("\($0)", partition: 0) }, to: topic, at: servers)
        try broker.deleteRecords(before: [TopicPartition(topic, 0): 6])
        let consumer = try Consumer(["bootstrap.servers": servers, "group.id": uniqueName("g")])
        let partition = TopicPartition(topic, 0)
        #expect(try consumer.watermarks(partition, timeout: patience) == (6, 10))
        try consumer.assign([PartitionOffset(topic, 0, 2)])
        var found: ConsumerFailure?
        try pollUntil(consumer) { batch in
            #expect(batch.messages.isEmpty)
            found = batch.failures.first
            return found != nil
        }
        #expect(found?.error.code == .autoOffsetReset, "\(String(describing: found))")
        #expect(found?.partition == partition)
        let off = #expect(throws: KafkaError.self) {
            try consumer.seek([PartitionOffset(topic, 0, 6)], timeout: .milliseconds(200))
        }
        #expect(off?.code == .state)
        try consumer.restart()
        try consumer.resume(at: [PartitionOffset(topic, 0, 6)])
        #expect(try firstMessage(consumer) { $0.offset } == 6)
        try consumer.close()
    }

    @Test("subscribing to a missing topic is a failure that names it")
    func missingTopic() throws {
        let name = uniqueName("missing")
        let consumer = try Consumer(["bootstrap.servers": servers, "group.id": uniqueName("g")])
        try consumer.subscribe([name])
        var found: ConsumerFailure?
        try pollUntil(consumer) { batch in
            found = batch.failures.first
            return found != nil
        }
        #expect(found?.error.code == .unknownTopicOrPartition, "\(String(describing: found))")
        #expect(found?.partition?.topic == name)
        try consumer.close()
    }

    @Test("the end of a log that closes with transaction markers is told by an event")
    func endBehindMarkers() throws {
        let topic = try broker.makeTopic("markers")
        let producer = try Producer(["bootstrap.servers": servers, "transactional.id": uniqueName("t")])
        try producer.initTransactions(timeout: patience)
        try producer.beginTransaction()
        try producer.produce(to: producer.topic(topic), partition: 0, key: nil, value: [1])
        try producer.commitTransaction(timeout: patience)
        let consumer = try Consumer([
            "bootstrap.servers": servers, "group.id": uniqueName("g"), "enable.partition.eof": "true",
        ])
        try consumer.assign([PartitionOffset(topic, 0, 0)])
        var end: PartitionEnd?
        try pollUntil(consumer) { batch in
            end = batch.ends.first
            return end != nil
        }
        #expect(end?.offset == 2)
        try consumer.close()
    }

    @Test("Java's console consumer reads what we produced", .needsKafkaHome)
    func consoleConsumer() throws {
        let topic = try broker.makeTopic("console")
        let message = TestMessage("täxt", key: "schlüssel", partition: 0, headers: [Header("rule", "x")])
        try produce([message, TestMessage(nil, key: "k", partition: 0)], to: topic, at: servers)
        let result = try broker.tool(
            "kafka-console-consumer.sh",
            [
                "--topic", topic, "--from-beginning", "--isolation-level", "read_committed", "--max-messages",
                "2",
                "--timeout-ms", "120000", "--property", "print.key=true", "--property", "print.headers=true",
            ]
        )
        #expect(result.output.contains("rule:x\tschlüssel\ttäxt"), "\(result)")
        #expect(result.output.contains("k\tnull"), "\(result)")
    }

    @Test("the murmur2 partitioner puts keys where Java puts them", .needsKafkaHome)
    func partitioner() throws {
        let topic = try broker.makeTopic("partitioner", partitions: 7)
        let keys = (0..<40).map { "\(111_122_223_333 + $0 * 7_919)" }
        let producer = try Producer(["bootstrap.servers": servers, "partitioner": "murmur2_random"])
        let target = try producer.topic(topic)
        for key in keys { try producer.produce(to: target, key: Array(key.utf8), value: [1]) }
        try producer.flush(timeout: patience)
        let lines = keys.map { "\($0):java\n" }.joined()
        let result = try broker.tool(
            "kafka-console-producer.sh",
            ["--topic", topic, "--property", "parse.key=true", "--property", "key.separator=:"],
            input: lines
        )
        #expect(result.status == 0, "\(result)")
        let read = try readAll(topic, at: servers)
        #expect(read.count == 80)
        for key in keys { #expect(Set(read.filter { $0.key == key }.map(\.partition)).count == 1) }
    }
}
