import Kafka
import KafkaTestSupport
import Testing

/// A group member as the pipeline is to write one: own positions, put back after every event.
private final class Member {
    let consumer: Consumer
    let topic: String
    var owned: [Int32: Int64] = [:]
    var seen: [Int32: [Int64]] = [:]
    var events: [RebalanceEvent] = []
    var committed: [TopicPartition] = []
    private var mustSeek = false

    init(_ topic: String, group: String, servers: String) throws {
        self.topic = topic
        consumer = try Consumer(["bootstrap.servers": servers, "group.id": group])
        consumer.onRebalance = { [unowned self] in handle($0) }
        try consumer.subscribe([topic])
    }

    private func handle(_ event: RebalanceEvent) {
        events.append(event)
        mustSeek = true
        switch event {
        case .assigned(let partitions):
            for partition in partitions { owned[partition.partition] = -1 }
        case .revoked(let partitions):
            // What was read may still be committed here.
            let positions = partitions.compactMap { partition in
                owned[partition.partition].flatMap { $0 < 0 ? nil : CommittedOffset(partition, $0) }
            }
            do { try consumer.commit(positions) } catch { Issue.record(error) }
            committed += positions.map(\.partition)
            for partition in partitions { owned[partition.partition] = nil }
        case .lost(let partitions):
            for partition in partitions { owned[partition.partition] = nil }
        }
    }

    func poll() throws {
        consumer.poll(maxMessages: 100, timeout: .milliseconds(20)) { batch in
            for message in batch.messages {
                guard let next = owned[message.partition], next >= 0, message.offset >= next else { continue }
                #expect(message.offset == next)
                seen[message.partition, default: []].append(message.offset)
                owned[message.partition] = message.offset + 1
            }
        }
        guard mustSeek else { return }
        mustSeek = false
        let fresh = owned.filter { $0.value < 0 }.map { TopicPartition(topic, $0.key) }
        if !fresh.isEmpty {
            for (partition, offset) in try consumer.committed(fresh, timeout: patience) {
                owned[partition.partition] = offset ?? 0
            }
        }
        try consumer.resume(at: owned.map { PartitionOffset(topic, $0.key, $0.value) })
    }

    func close() throws { try consumer.close() }
}

@Suite("Rebalancing on a real broker", .needsRealBroker, .ownThread, .serialized)
struct RebalanceTests {
    @Test("two members share the partitions, nothing is lost or read twice, and the survivor takes over")
    func twoMembers() throws {
        let broker = try RealBroker.shared()
        let servers = broker.bootstrapServers
        let topic = try broker.makeTopic("shared", partitions: 4)
        let group = uniqueName("g")
        let messages = (0..<4000).map { TestMessage("\($0)", partition: Int32($0 % 4)) }
        try produce(messages, to: topic, at: servers)

        let first = try Member(topic, group: group, servers: servers)
        try polling([first]) { first.owned.count == 4 && !first.seen.isEmpty }
        let second = try Member(topic, group: group, servers: servers)
        try polling([first, second]) { first.owned.count == 2 && second.owned.count == 2 }
        #expect(first.events.contains { if case .revoked(let gone) = $0 { gone.count == 4 } else { false } })
        try produce(messages, to: topic, at: servers)
        try polling([first, second]) { count(first) + count(second) == 8000 }
        try first.close()
        #expect(first.owned.isEmpty)
        try produce(messages, to: topic, at: servers)
        try polling([second]) { second.owned.count == 4 && count(first) + count(second) == 12000 }
        for partition in Int32(0)..<4 {
            let all = (first.seen[partition] ?? []) + (second.seen[partition] ?? [])
            #expect(all.sorted() == Array(0..<3000))
        }
        try second.close()
    }

    @Test("a member that stops polling is thrown out: it is told, and may commit nothing")
    func tooSlow() throws {
        let broker = try RealBroker.shared()
        let topic = try broker.makeTopic("slow")
        let consumer = try Consumer([
            "bootstrap.servers": broker.bootstrapServers, "group.id": uniqueName("g"),
            "session.timeout.ms": "3000", "heartbeat.interval.ms": "500", "max.poll.interval.ms": "3000",
        ])
        var events: [RebalanceEvent] = []
        consumer.onRebalance = { events.append($0) }
        try consumer.subscribe([topic])
        try pollUntil(consumer) { _ in !events.isEmpty }
        _ = try consumer.groupMetadata()
        // Without a poll, until max.poll.interval.ms is over.
        #expect(becomes { (try? consumer.groupMetadata()) == nil })
        var failure: ConsumerFailure?
        try pollUntil(consumer) { batch in
            failure = failure ?? batch.failures.first
            return events.contains(.lost([TopicPartition(topic, 0)]))
        }
        #expect(failure?.error.code == .maxPollExceeded, "\(String(describing: failure))")
        consumer.onRebalance = nil
        try consumer.close()
    }

    private func count(_ member: Member) -> Int { member.seen.values.reduce(0) { $0 + $1.count } }

    private func polling(_ members: [Member], until done: () -> Bool) throws {
        let deadline = ContinuousClock.now + patience
        while !done() {
            guard ContinuousClock.now < deadline else { throw NothingCame() }
            for member in members { try member.poll() }
        }
    }
}
