import Kafka
import KafkaTestSupport
import Synchronization
import Testing

@Suite("Embedded broker", .ownThread, .serialized)
struct EmbeddedBrokerTests {
    let broker: EmbeddedBroker
    let topic: String

    init() throws {
        broker = try EmbeddedBroker()
        topic = uniqueName("topic")
        try broker.createTopic(topic, partitions: 2)
    }

    private func reader(_ more: KafkaConfiguration = [:]) throws -> Consumer {
        let base: KafkaConfiguration = ["bootstrap.servers": broker.bootstrapServers, "group.id": "g"]
        return try Consumer(base.merging(more))
    }

    @Test("keys, payloads, tombstones, empty values, headers and timestamps come back as they were")
    func roundTrip() throws {
        let headers = [
            Header("rule", "x"), Header(name: "none", value: nil), Header("rule", "y"), Header("e", ""),
        ]
        let producer = try Producer(["bootstrap.servers": broker.bootstrapServers])
        let target = try producer.topic(topic)
        try producer.produce(
            to: target,
            partition: 0,
            key: Array("k".utf8),
            value: Array("v".utf8),
            headers: headers,
            timestamp: 1_700_000_000_123
        )
        try producer.produce(to: target, partition: 0, key: Array("k".utf8), value: nil)
        try producer.produce(to: target, partition: 0, key: nil, value: [])
        try producer.flush(timeout: patience)
        #expect(producer.outstanding == 0)

        let read = try readAll(topic, at: broker.bootstrapServers)
        #expect(read.map(\.value) == ["v", nil, ""])
        #expect(read.map(\.key) == ["k", "k", nil])
        #expect(read.map(\.offset) == [0, 1, 2])
        #expect(read.first?.headers == headers)
        #expect(read.first?.timestamp == 1_700_000_000_123)
        #expect(read.last?.headers == [])
    }

    @Test("the last of the headers of one name is found without copying the others")
    func headerByName() throws {
        try produce(
            [TestMessage("v", partition: 0, headers: [Header("a", "1"), Header("a", "2")])],
            to: topic,
            at: broker.bootstrapServers
        )
        let consumer = try reader()
        try consumer.assign([PartitionOffset(topic, 0, 0)])
        let found = try firstMessage(consumer) { message in
            (message.header("a").map { String(decoding: $0, as: UTF8.self) }, message.header("b") == nil)
        }
        #expect(found.0 == "2")
        #expect(found.1)
        try consumer.close()
    }

    @Test("the end of each partition is an event, also of an empty one, and comes again after more")
    func ends() throws {
        let consumer = try reader(["enable.partition.eof": "true"])
        try produce([TestMessage("a", partition: 0)], to: topic, at: broker.bootstrapServers)
        try consumer.assign([PartitionOffset(topic, 0, 0), PartitionOffset(topic, 1, 0)])
        let index = consumer.index(of: topic)
        #expect(consumer.name(of: index) == topic)
        var ends: Set<PartitionEnd> = []
        try pollUntil(consumer) { batch in
            ends.formUnion(batch.ends)
            return ends.count == 2
        }
        #expect(Set(ends.map(\.partition)) == [0, 1])
        #expect(ends.allSatisfy { $0.topic == index && $0.offset == ($0.partition == 0 ? 1 : 0) })
        try produce([TestMessage("b", partition: 1)], to: topic, at: broker.bootstrapServers)
        try pollUntil(consumer) { batch in batch.ends.contains { $0.partition == 1 && $0.offset == 1 } }
        try consumer.close()
    }

    @Test("seeking goes back and forth, and what was fetched before does not come afterwards")
    func seeking() throws {
        try produce(
            (0..<50).map { TestMessage("\($0)", partition: 0) },
            to: topic,
            at: broker.bootstrapServers
        )
        let consumer = try reader()
        try consumer.assign([PartitionOffset(topic, 0, 0)])
        #expect(try firstMessage(consumer, maxMessages: 10) { $0.offset } == 0)
        try consumer.seek([PartitionOffset(topic, 0, 40)])
        #expect(try firstMessage(consumer) { $0.offset } == 40)
        try consumer.seek([PartitionOffset(topic, 0, 3)])
        #expect(try firstMessage(consumer) { $0.offset } == 3)
        let error = #expect(throws: KafkaError.self) { try consumer.seek([PartitionOffset(topic, 1, 0)]) }
        #expect(error?.code == .unknownPartition)
        #expect(error?.description.contains("\(topic)/1") == true)
        try consumer.close()
    }

    @Test("a paused partition yields nothing until it is resumed, from where it is told")
    func pausing() throws {
        try produce(
            (0..<10).map { TestMessage("\($0)", partition: 0) },
            to: topic,
            at: broker.bootstrapServers
        )
        let consumer = try reader()
        try consumer.assign([PartitionOffset(topic, 0, 0)])
        try consumer.pause([TopicPartition(topic, 0)])
        for _ in 0..<10 {
            consumer.poll(maxMessages: 10, timeout: .milliseconds(20)) { #expect($0.messages.isEmpty) }
        }
        try consumer.resume(at: [PartitionOffset(topic, 0, 7)])
        #expect(try firstMessage(consumer) { $0.offset } == 7)
        // A pause does not outlive the assignment.
        try consumer.pause([TopicPartition(topic, 0)])
        try consumer.removeAssignment([TopicPartition(topic, 0)])
        try consumer.addAssignment([PartitionOffset(topic, 0, 5)])
        #expect(try firstMessage(consumer) { $0.offset } == 5)
        try consumer.pause([TopicPartition(topic, 0)])
        try consumer.assign([PartitionOffset(topic, 0, 4)])
        #expect(try firstMessage(consumer) { $0.offset } == 4)
        try consumer.close()
    }

    @Test("partitions can be added and removed one by one")
    func incrementalAssignment() throws {
        try produce(
            [TestMessage("a", partition: 0), TestMessage("b", partition: 1)],
            to: topic,
            at: broker.bootstrapServers
        )
        let consumer = try reader()
        try consumer.addAssignment([PartitionOffset(topic, 0, 0)])
        #expect(try firstMessage(consumer) { $0.partition } == 0)
        try consumer.addAssignment([PartitionOffset(topic, 1, 0)])
        #expect(try firstMessage(consumer) { $0.partition } == 1)
        try consumer.removeAssignment([TopicPartition(topic, 0)])
        try consumer.seek([PartitionOffset(topic, 1, 0)])
        #expect(try firstMessage(consumer) { $0.partition } == 1)
        try consumer.close()
    }

    @Test("a waiting poll returns as soon as a message comes, long before its time-out")
    func wakesEarly() throws {
        let consumer = try reader()
        try consumer.assign([PartitionOffset(topic, 0, 0)])
        try produce([TestMessage("a", partition: 0)], to: topic, at: broker.bootstrapServers)
        let poll = timed { consumer.poll(maxMessages: 100, timeout: patience) { $0.messages.count } }
        #expect(poll.value == 1)
        #expect(poll.calm < .seconds(10), "\(poll)")
        try consumer.close()
    }

    @Test("messages are destroyed also when the closure throws: closing does not hang")
    func throwing() throws {
        struct Stop: Error {}
        try produce(
            (0..<10).map { TestMessage("\($0)", partition: 0) },
            to: topic,
            at: broker.bootstrapServers
        )
        let consumer = try reader()
        try consumer.assign([PartitionOffset(topic, 0, 0)])
        #expect(throws: Stop.self) {
            for _ in 0..<1000 {
                try consumer.poll(maxMessages: 10, timeout: .milliseconds(20)) { batch throws(Stop) in
                    if !batch.messages.isEmpty { throw Stop() }
                }
            }
        }
        try consumer.close()
    }

    @Test("a message that is too large is refused at once, and permanently")
    func tooLarge() throws {
        let producer = try Producer([
            "bootstrap.servers": broker.bootstrapServers, "message.max.bytes": "2000",
        ])
        let target = try producer.topic(topic)
        let error = #expect(throws: KafkaError.self) {
            try producer.produce(to: target, key: nil, value: [UInt8](repeating: 1, count: 5000))
        }
        #expect(error?.code == .messageTooLarge)
        #expect(error?.isRetriable == false)
    }

    @Test("a full queue makes producing wait for room instead of failing")
    func fullQueue() throws {
        let producer = try Producer([
            "bootstrap.servers": broker.bootstrapServers, "queue.buffering.max.messages": "10",
            "linger.ms": "0",
        ])
        let target = try producer.topic(topic)
        for number in 0..<500 {
            try producer.produce(to: target, partition: 0, key: nil, value: Array("\(number)".utf8))
        }
        try producer.flush(timeout: patience)
        #expect(try readAll(topic, at: broker.bootstrapServers).map(\.value) == (0..<500).map { "\($0)" })
    }

    @Test("a stopped broker shows as errors of the client, and undelivered messages as failures")
    func brokerGone() throws {
        let producer = try Producer([
            "bootstrap.servers": broker.bootstrapServers, "message.timeout.ms": "6000", "linger.ms": "0",
        ])
        let target = try producer.topic(topic)
        try producer.produce(to: target, partition: 0, key: nil, value: [1])
        try producer.flush(timeout: patience)
        broker.stop()
        try producer.produce(to: target, partition: 0, key: nil, value: [2])
        let error = #expect(throws: KafkaError.self) { try producer.flush(timeout: patience) }
        #expect(error?.code == .messageTimedOut)
        #expect(producer.takeErrors().contains { $0.code == .transport || $0.code == .allBrokersDown })
        #expect(producer.takeDeliveryFailures().count == 1)
        try producer.flush(timeout: .seconds(1))
    }

    @Test("the log goes to the sink, with level and facility")
    func logging() throws {
        let lines = Mutex<[String]>([])
        let consumer = try Consumer(
            ["bootstrap.servers": broker.bootstrapServers, "group.id": "g", "debug": "generic"]
        ) { level, facility, text in
            lines.withLock { $0.append("\(level) \(facility) \(text)") }
        }
        try consumer.close()
        #expect(lines.withLock { $0 }.contains { $0.hasPrefix("debug ") })
    }

    @Test("plain commits: a second consumer finds the position, an uncommitted partition has none")
    func commits() throws {
        let consumer = try reader()
        try consumer.assign([PartitionOffset(topic, 0, 0)])
        try consumer.commit([CommittedOffset(TopicPartition(topic, 0), 5)])
        try consumer.close()
        let second = try reader()
        let partitions = [TopicPartition(topic, 0), TopicPartition(topic, 1)]
        let found = try second.committed(partitions, timeout: patience)
        #expect(found[partitions[0]] == .some(5))
        #expect(found[partitions[1]] == .some(nil))
    }
}
