import Kafka
import KafkaTestSupport
import Testing

@Suite("Connecting", .ownThread, .serialized)
struct ConnectionTests {
    @Test("a port nobody listens on is said within seconds, with host and port")
    func closedPort() throws {
        let port = try freePorts(1)[0]
        let admin = try Admin(["bootstrap.servers": "127.0.0.1:\(port)"])
        let attempt = timed { #expect(throws: KafkaError.self) { try admin.brokers(timeout: patience) } }
        #expect(attempt.calm < .seconds(8), "\(attempt)")
        let text = attempt.value?.description ?? ""
        #expect(text.contains("127.0.0.1:\(port)"))
        #expect(text.contains("refused"), "\(text)")
    }

    @Test("a host name without address is said, too")
    func unknownHost() throws {
        let admin = try Admin(["bootstrap.servers": "no-such-host.invalid:9092"])
        let error = #expect(throws: KafkaError.self) { try admin.describeTopic("x", timeout: patience) }
        #expect(error?.description.contains("no-such-host.invalid:9092") == true)
        #expect(error?.code == .resolve, "\(String(describing: error))")
    }

    @Test("TLS against a port that speaks plain Kafka ends in an error, not in waiting")
    func wrongProtocol() throws {
        let broker = try EmbeddedBroker()
        defer { broker.stop() }
        let admin = try Admin(["bootstrap.servers": broker.bootstrapServers, "security.protocol": "SSL"])
        let attempt = timed {
            #expect(throws: KafkaError.self) { try admin.brokers(timeout: .seconds(15)) }
        }
        #expect(attempt.calm < .seconds(18), "\(attempt)")
    }

    @Test("a broker that takes longer for each answer than the first question waits is heard")
    func slowAnswers() throws {
        let broker = try EmbeddedBroker()
        defer { broker.stop() }
        try broker.createTopic("there", partitions: 5)
        broker.delayAnswers(.milliseconds(700))
        let admin = try Admin(["bootstrap.servers": broker.bootstrapServers])
        #expect(try admin.brokers(timeout: patience) == [1])
        let topic = try #require(try admin.describeTopic("there", timeout: patience))
        try admin.logInToLeaders(of: [topic])
        #expect(topic.partitions.count == 5)
    }

    @Test("the cluster and its topics describe themselves")
    func describes() throws {
        let broker = try EmbeddedBroker(brokers: 3)
        defer { broker.stop() }
        try broker.createTopic("there", partitions: 5, replication: 3)
        let admin = try Admin(["bootstrap.servers": broker.bootstrapServers])
        #expect(try admin.brokers().count == 3)
        let topic = try #require(try admin.describeTopic("there"))
        #expect(topic.partitions.map(\.id) == [0, 1, 2, 3, 4])
        #expect(topic.replication == 3)
    }
}
