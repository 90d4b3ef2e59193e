public import CloudTrail
public import Configuration
import Kafka

/// Puts inventories on the topic that the detectors read, each under its account.
public final class InventoryPublisher {
    private let producer: Producer
    private let topic: ProducerTopic
    private let partitioner: Partitioner
    private let advice: FailureAdvice

    /// Connects, and finds out how the topic is cut.
    ///
    /// - Throws: `RunFailure`.
    public init(_ configuration: RunConfiguration, log: RunLog) throws {
        guard let servers = configuration.kafka.bootstrapServers else {
            throw RunFailure("kafka.bootstrap_servers is not set: name your brokers with --bootstrap-servers")
        }
        let clients = KafkaClients(configuration: configuration, bootstrapServers: servers)
        advice = FailureAdvice(clients, .inventory(configuration))
        let admin: Admin
        do throws(KafkaError) {
            admin = try Admin(clients.admin, log: log.kafkaSink("admin", isQuiet: true))
        } catch {
            throw Trouble.failure(error)
        }
        let layout = try advice.completing {
            try TopicLayout.find(clients, admin, log: log, then: "publish the inventory again")
        }
        let input = configuration.input
        partitioner = Partitioner(input, count: layout.accountPartitions)
        do throws(KafkaError) {
            producer = try Producer(clients.forwarding, log: log.kafkaSink("inventory"))
            topic = try producer.topic(
                input.isKeyedByAccount ? input.topics[0] : configuration.topics.events
            )
        } catch { throw Trouble.failure(error) }
    }

    /// Publishes records that carry inventories, and waits until they are delivered.
    ///
    /// - Throws: `RunFailure`.
    public func publish(_ records: [Record]) throws {
        do throws(KafkaError) {
            for record in records {
                guard let message = InventoryMessage.encode(record) else { continue }
                try producer.produce(
                    to: topic,
                    partition: partitioner.partition(of: record.account),
                    key: Array(record.account.description.utf8),
                    value: message
                )
            }
            try producer.flush(timeout: .seconds(30))
        } catch {
            // A time limit says nothing; what the client met before does.
            let cause =
                error.code == .timedOut ? producer.takeErrors().last { $0.code != .allBrokersDown } : nil
            throw advice.complete(Trouble.failure(cause ?? error))
        }
    }
}
