import Kafka
import Testing

@Suite("Kafka configuration")
struct KafkaConfigurationTests {
    @Test("an unknown property and a bad value are errors that name the property")
    func namesTheProperty() throws {
        let configuration: KafkaConfiguration = [
            "bootstrap.servers": "127.0.0.1:1", "no.such.property": "1", "acks": "many", "linger.ms": "5",
        ]
        let problems = configuration.problems()
        #expect(problems.count == 2)
        #expect(problems.first?.description.contains("no.such.property") == true)
        #expect(problems.last?.description.contains("acks") == true)
        let error = #expect(throws: KafkaError.self) { _ = try Producer(configuration) }
        #expect(error?.operation.contains("no.such.property") == true)
    }

    @Test("a good configuration has no problems, TLS and SASL included")
    func passesThrough() {
        let configuration: KafkaConfiguration = [
            "bootstrap.servers": "kafka.example:9093", "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "amiwatch", "sasl.password": "hunter2",
            "ssl.ca.location": "/etc/ssl/certs/ca-certificates.crt", "enable.idempotence": "true",
        ]
        #expect(configuration.problems() == [])
    }

    @Test("secrets are shown nowhere")
    func redacts() {
        let secrets = [
            "sasl.password", "ssl.key.password", "ssl.keystore.password", "ssl.key.pem",
            "ssl.certificate.pem",
            "sasl.oauthbearer.config", "sasl.oauthbearer.client.secret",
        ]
        var configuration: KafkaConfiguration = ["bootstrap.servers": "kafka.example:9093"]
        for name in secrets { configuration[name] = "hunter2" }
        var dumped = ""
        dump(configuration, to: &dumped)
        dump(configuration.properties, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(!text.contains("hunter2"))
            #expect(text.contains("kafka.example:9093"))
        }
        #expect(!KafkaConfiguration.isSecret("ssl.key.location"))
    }

    @Test("a value that librdkafka refuses is not quoted when it is a secret")
    func redactsErrors() {
        let configuration: KafkaConfiguration = [
            "sasl.oauthbearer.method": "hunter2", "sasl.password": "a\0b",
        ]
        let problems = configuration.problems()
        #expect(problems.count == 2)
        #expect(!"\(problems)".contains("hunter2"))
    }

    @Test("the later of two values counts, nil takes a property out, order is kept")
    func order() {
        var configuration: KafkaConfiguration = ["a": "1", "b": "2", "a": "3"]
        #expect(configuration.description == "a=3 b=2")
        configuration["a"] = nil
        #expect(configuration.merging(["c": "4", "b": "5"]).description == "b=5 c=4")
    }

    @Test("properties the pipeline relies on cannot be changed; a missing group id is said")
    func required() {
        let broken: KafkaConfiguration = ["group.id": "g", "enable.auto.commit": "true"]
        let error = #expect(throws: KafkaError.self) { _ = try Consumer(broken) }
        #expect(error?.description.contains("enable.auto.commit") == true)
        let missing = #expect(throws: KafkaError.self) {
            _ = try Consumer(["bootstrap.servers": "127.0.0.1:1"])
        }
        #expect(missing?.description.contains("group.id") == true, "\(String(describing: missing))")
    }
}
