import Foundation
import Kafka
import KafkaTestSupport
import Testing

@Suite("Three real brokers", .needsKafkaHome, .ownThread, .serialized)
struct ClusterTests {
    @Test("transactions go on when a broker is killed, frozen, and brought back; nothing is lost or repeated")
    func trouble() throws {
        let cluster = try RealBroker(brokers: 3)
        defer { cluster.stop() }
        let servers = cluster.bootstrapServers
        let topic = try cluster.makeTopic("durable", partitions: 3)
        let description = try #require(try Admin(["bootstrap.servers": servers]).describeTopic(topic))
        #expect(description.replication == 3)
        let id = uniqueName("t")
        var producer = try transactional(id, servers)
        var expected: [String] = []
        /// Ends what is open, and finds out whether it was committed.
        func isCommitted(_ texts: [String], after error: KafkaError) throws -> Bool {
            if !error.isFatal, (try? producer.abortTransaction(timeout: patience)) != nil { return false }
            // librdkafka 2.0.2 loses count of a partition's sequence numbers when a request is lost whose messages may
            // have arrived ("sequence desynchronization"). The next producer ends what is open; then the topic tells.
            producer = try transactional(id, servers)
            let committed = Set(try readAll(topic, at: servers).compactMap(\.value))
            if committed.isSuperset(of: texts) { return true }
            try #require(committed.isDisjoint(with: texts))
            return false
        }
        func transaction(_ name: String) throws {
            let texts = (0..<30).map { "\(name)-\($0)" }
            while true {
                do {
                    try send(texts, producer, to: topic)
                    break
                } catch {
                    guard error.isFatal || error.requiresAbort else { throw error }
                    if try isCommitted(texts, after: error) { break }
                }
            }
            expected += texts
        }
        try transaction("calm")
        cluster.kill(2)
        try transaction("killed")
        try cluster.start(2)
        let admin = try Admin(["bootstrap.servers": servers])
        let lonely = try lonelyTopic(admin)
        cluster.pause(3)
        try expectPatience(with: cluster, admin, lonely)
        try transaction("frozen")
        cluster.resume(3)
        try transaction("calm again")
        #expect(try readAll(topic, at: servers).compactMap(\.value).sorted() == expected.sorted())
    }

    /// A topic with one copy of each partition: that of a broker which is away has no other leader.
    private func lonelyTopic(_ admin: Admin) throws -> TopicDescription {
        let name = uniqueName("lonely")
        let topic = NewTopic(name: name, partitions: 3, replication: 1)
        if let error = try admin.createTopics([topic])[0] { throw error }
        #expect(
            try becomes {
                let partitions = try admin.describeTopic(name)?.partitions ?? []
                return Set(partitions.compactMap(\.leader)).count == 3
            }
        )
        return try #require(try admin.describeTopic(name))
    }

    /// Who asks the leaders, and one of them is frozen, waits for as long as it wanted to, and not until it goes on.
    private func expectPatience(with cluster: RealBroker, _ admin: Admin, _ topic: TopicDescription) throws {
        let isOver = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            if isOver.wait(timeout: .now() + 60) == .timedOut { cluster.resume(3) }
        }
        let asked = try timed { try admin.logInToLeaders(of: [topic], timeout: .seconds(2)) }
        // Nor does it wait for the same one again.
        let again = try timed { try admin.logInToLeaders(of: [topic]) }
        isOver.signal()
        #expect(asked.elapsed < .seconds(50), "\(asked)")
        #expect(again.calm < .seconds(1), "\(again)")
    }

    private func transactional(_ id: String, _ servers: String) throws(KafkaError) -> Producer {
        let producer = try Producer([
            "bootstrap.servers": servers, "transactional.id": id, "linger.ms": "0", "retry.backoff.ms": "50",
            "transaction.timeout.ms": "10000",
        ])
        try producer.initTransactions(timeout: patience)
        return producer
    }

    private func send(_ texts: [String], _ producer: Producer, to topic: String) throws(KafkaError) {
        try producer.beginTransaction()
        let target = try producer.topic(topic)
        for (number, text) in texts.enumerated() {
            try producer.produce(to: target, partition: Int32(number % 3), key: nil, value: Array(text.utf8))
        }
        try producer.commitTransaction(timeout: patience)
    }
}
