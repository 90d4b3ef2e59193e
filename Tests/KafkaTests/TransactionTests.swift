import Kafka
import KafkaTestSupport
import Testing

@Suite("Transactions on a real broker", .needsRealBroker, .ownThread, .serialized)
struct TransactionTests {
    let broker: RealBroker
    let servers: String

    init() throws {
        broker = try RealBroker.shared()
        servers = broker.bootstrapServers
    }

    private func transactional(_ id: String) throws -> Producer {
        let producer = try Producer([
            "bootstrap.servers": servers, "transactional.id": id, "transaction.timeout.ms": "300000",
            "linger.ms": "0", "retry.backoff.ms": "5",
        ])
        try producer.initTransactions(timeout: patience)
        return producer
    }

    private func send(_ texts: [String], _ producer: Producer, to topic: String) throws {
        let target = try producer.topic(topic)
        for text in texts {
            try producer.produce(to: target, partition: 0, key: nil, value: Array(text.utf8))
        }
    }

    @Test("a read_committed reader sees what was committed and nothing of what was aborted")
    func commitAndAbort() throws {
        let topic = try broker.makeTopic("transactions")
        let producer = try transactional(uniqueName("t"))
        try producer.beginTransaction()
        try send(["a"], producer, to: topic)
        try producer.commitTransaction(timeout: patience)
        try producer.beginTransaction()
        try send(["dropped"], producer, to: topic)
        try producer.flush(timeout: patience)
        #expect(try readAll(topic, at: servers).map(\.value) == ["a"])
        try producer.abortTransaction(timeout: patience)
        #expect(producer.takeDeliveryFailures().count == 0)
        try producer.beginTransaction()
        try send(["b"], producer, to: topic)
        try producer.commitTransaction(timeout: patience)
        #expect(try readAll(topic, at: servers).map(\.value) == ["a", "b"])
        let all = try readAll(topic, at: servers, isolation: "read_uncommitted")
        #expect(all.map(\.value) == ["a", "dropped", "b"])
    }

    @Test("a second producer with the same id fences the first one, which is told that this is fatal")
    func fencing() throws {
        let topic = try broker.makeTopic("fencing")
        let id = uniqueName("t")
        let first = try transactional(id)
        try first.beginTransaction()
        try send(["zombie"], first, to: topic)
        try first.flush(timeout: patience)
        let second = try transactional(id)
        try second.beginTransaction()
        try send(["heir"], second, to: topic)
        try second.commitTransaction(timeout: patience)
        let error = #expect(throws: KafkaError.self) { try first.commitTransaction(timeout: patience) }
        #expect(error?.isFatal == true, "\(String(describing: error))")
        #expect(error?.isRetriable == false)
        #expect(first.fatalError?.isFatal == true)
        #expect(throws: KafkaError.self) { try first.beginTransaction() }
        #expect(try readAll(topic, at: servers).map(\.value) == ["heir"])
    }

    @Test("positions sent to a transaction are the group's after its commit, not after an abort")
    func sendOffsets() throws {
        let topic = try broker.makeTopic("offsets", partitions: 2)
        let group = uniqueName("g")
        try produce([TestMessage("x", partition: 0)], to: topic, at: servers)
        let consumer = try Consumer(["bootstrap.servers": servers, "group.id": group])
        var owned: [TopicPartition] = []
        consumer.onRebalance = { if case .assigned(let partitions) = $0 { owned += partitions } }
        #expect(throws: KafkaError.self) { _ = try consumer.groupMetadata() }
        try consumer.subscribe([topic])
        try pollUntil(consumer) { _ in owned.count == 2 }

        let producer = try transactional(uniqueName("t"))
        try producer.beginTransaction()
        try producer.sendOffsets(
            [PartitionOffset(topic, 0, 1), PartitionOffset(topic, 1, 0)],
            group: consumer.groupMetadata(),
            timeout: patience
        )
        try producer.commitTransaction(timeout: patience)
        try producer.beginTransaction()
        try producer.sendOffsets(
            [PartitionOffset(topic, 0, 99)],
            group: consumer.groupMetadata(),
            timeout: patience
        )
        try producer.abortTransaction(timeout: patience)
        let empty = #expect(throws: KafkaError.self) {
            try producer.sendOffsets([], group: consumer.groupMetadata(), timeout: .seconds(1))
        }
        #expect(empty?.code == .invalidArgument)

        let other = try Consumer(["bootstrap.servers": servers, "group.id": group])
        let found = try other.committed(
            [TopicPartition(topic, 0), TopicPartition(topic, 1)],
            timeout: patience
        )
        #expect(found == [TopicPartition(topic, 0): 1, TopicPartition(topic, 1): 0])
        consumer.onRebalance = nil
        try consumer.close()
    }

    @Test("asking for committed offsets waits for a pending transaction: stable offsets only")
    func stableOffsets() throws {
        let topic = try broker.makeTopic("stable")
        let group = uniqueName("g")
        let consumer = try Consumer(["bootstrap.servers": servers, "group.id": group])
        var isOwner = false
        consumer.onRebalance = { if case .assigned = $0 { isOwner = true } }
        try consumer.subscribe([topic])
        try pollUntil(consumer) { _ in isOwner }
        let producer = try transactional(uniqueName("t"))
        try producer.beginTransaction()
        try producer.sendOffsets(
            [PartitionOffset(topic, 0, 7)],
            group: consumer.groupMetadata(),
            timeout: patience
        )
        let other = try Consumer(["bootstrap.servers": servers, "group.id": group])
        let partition = TopicPartition(topic, 0)
        let error = #expect(throws: KafkaError.self) {
            try other.committed([partition], timeout: .seconds(2))
        }
        #expect(error?.isRetriable == true, "\(String(describing: error))")
        try producer.commitTransaction(timeout: patience)
        #expect(try other.committed([partition], timeout: patience) == [partition: 7])
        consumer.onRebalance = nil
        try consumer.close()
    }

    @Test("a member that was replaced cannot commit: its transaction has to be aborted")
    func zombieMember() throws {
        let topic = try broker.makeTopic("zombie")
        let group = uniqueName("g")
        let consumer = try Consumer([
            "bootstrap.servers": servers, "group.id": group, "session.timeout.ms": "6000",
        ])
        var isOwner = false
        consumer.onRebalance = { if case .assigned = $0 { isOwner = true } }
        try consumer.subscribe([topic])
        try pollUntil(consumer) { _ in isOwner }
        let stale = try consumer.groupMetadata()
        consumer.onRebalance = nil
        try consumer.close()
        let producer = try transactional(uniqueName("t"))
        try producer.beginTransaction()
        let error = #expect(throws: KafkaError.self) {
            try producer.sendOffsets([PartitionOffset(topic, 0, 7)], group: stale, timeout: patience)
        }
        #expect(error?.requiresAbort == true, "\(String(describing: error))")
        try producer.abortTransaction(timeout: patience)
        #expect(throws: KafkaError.self) { _ = try consumer.groupMetadata() }
    }

    @Test("what was read may be committed in a transaction while its partitions are being revoked")
    func commitWhileRevoked() throws {
        let topic = try broker.makeTopic("revoked", partitions: 2)
        let group = uniqueName("g")
        let producer = try transactional(uniqueName("t"))
        let first = try Consumer(["bootstrap.servers": servers, "group.id": group])
        var revoked: [TopicPartition] = []
        var owned = 0
        first.onRebalance = { [unowned first] event in
            switch event {
            case .assigned(let partitions): owned += partitions.count
            case .lost: Issue.record("lost")
            case .revoked(let partitions):
                revoked += partitions
                do {
                    try producer.beginTransaction()
                    try producer.sendOffsets(
                        partitions.map { PartitionOffset($0, .at(5)) },
                        group: first.groupMetadata(),
                        timeout: patience
                    )
                    try producer.commitTransaction(timeout: patience)
                } catch { Issue.record(error) }
            }
        }
        try first.subscribe([topic])
        try pollUntil(first) { _ in owned == 2 }
        let second = try Consumer(["bootstrap.servers": servers, "group.id": group])
        var heirs: [TopicPartition] = []
        second.onRebalance = { if case .assigned(let partitions) = $0 { heirs += partitions } }
        try second.subscribe([topic])
        try pollUntil(first) { _ in
            second.poll(maxMessages: 1, timeout: .milliseconds(20)) { _ in }
            return heirs.count == 1
        }
        #expect(revoked.count == 2 && heirs.allSatisfy(revoked.contains))
        #expect(try second.committed(heirs, timeout: patience) == [heirs[0]: 5])
        // A fetcher that is put back to work in the client is none of the group's business.
        try second.restart()
        try second.resume(at: [PartitionOffset(heirs[0], .at(0))])
        try produce([TestMessage("x", partition: heirs[0].partition)], to: topic, at: servers)
        #expect(try firstMessage(second) { $0.partition } == heirs[0].partition)
        try second.close()
        first.onRebalance = nil
        try first.close()
    }
}
