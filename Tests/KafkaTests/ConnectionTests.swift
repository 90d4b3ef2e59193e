import Kafka
import KafkaTestSupport
import Testing

@Suite("Connecting", .timeLimit(.minutes(1)))
struct ConnectionTests {
    @Test("a port nobody listens on is said within seconds, with host and port")
    func closedPort() throws {
        let port = try freePorts(1)[0]
        let admin = try Admin(["bootstrap.servers": "127.0.0.1:\(port)"])
        let start = ContinuousClock.now
        let error = #expect(throws: KafkaError.self) { try admin.cluster(timeout: .seconds(20)) }
        #expect(ContinuousClock.now - start < .seconds(8))
        let text = error?.description ?? ""
        #expect(text.contains("127.0.0.1:\(port)"))
        #expect(text.contains("refused"), "\(text)")
    }

    @Test("a host name without address is said, too")
    func unknownHost() throws {
        let admin = try Admin(["bootstrap.servers": "no-such-host.invalid:9092"])
        let error = #expect(throws: KafkaError.self) { try admin.describeTopic("x", timeout: .seconds(20)) }
        #expect(error?.description.contains("no-such-host.invalid:9092") == true)
        #expect(error?.code == .resolve, "\(String(describing: error))")
    }

    @Test("TLS against a port that speaks plain Kafka ends in an error, not in waiting")
    func wrongProtocol() throws {
        let broker = try EmbeddedBroker()
        defer { broker.stop() }
        let admin = try Admin(["bootstrap.servers": broker.bootstrapServers, "security.protocol": "SSL"])
        let start = ContinuousClock.now
        #expect(throws: KafkaError.self) { try admin.cluster(timeout: .seconds(15)) }
        #expect(ContinuousClock.now - start < .seconds(18))
    }

    @Test("the cluster and its topics describe themselves")
    func describes() throws {
        let broker = try EmbeddedBroker(brokers: 3)
        defer { broker.stop() }
        try broker.createTopic("there", partitions: 5, replication: 3)
        let admin = try Admin(["bootstrap.servers": broker.bootstrapServers])
        #expect(try admin.cluster().brokers.count == 3)
        let topic = try #require(try admin.describeTopic("there"))
        #expect(topic.partitions.map(\.id) == [0, 1, 2, 3, 4])
        #expect(topic.replication == 3)
    }
}
