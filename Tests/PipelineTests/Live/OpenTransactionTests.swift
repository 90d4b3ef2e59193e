import Kafka
import KafkaTestSupport
import Testing

@testable import Configuration
@testable import Pipeline

/// A worker dies within a transaction: whoever reads what it wrote to waits until a broker ends it.
@Suite(.needsKafkaHome, .ownThread)
struct OpenTransactionTests {
    @Test("Nobody waits for it much longer than ten seconds")
    func endsSoon() throws {
        let broker = try RealBroker.shared()
        let servers = broker.bootstrapServers
        let topic = try broker.makeTopic("open")
        let clients = KafkaClients(configuration: RunConfiguration(), bootstrapServers: servers)
        let dying = try Producer(clients.transactional(id: uniqueName("worker")))
        try dying.initTransactions(timeout: patience)
        try dying.beginTransaction()
        try dying.produce(to: dying.topic(topic), partition: 0, key: nil, value: Array("never".utf8))
        try dying.flush(timeout: patience)
        try produce([TestMessage("others", partition: 0)], to: topic, at: servers)
        let waiting = try timed {
            try becomes { try readAll(topic, at: servers).map(\.value) == ["others"] }
        }
        #expect(waiting.value)
        // Ten seconds, and the second after which these brokers look; a broker waits no longer on a busy machine.
        #expect(waiting.elapsed < .seconds(45), "\(waiting)")
        #expect(throws: KafkaError.self) { try dying.commitTransaction(timeout: patience) }
    }
}
