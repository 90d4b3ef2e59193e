package import CloudTrail
package import Configuration
import Kafka

/// Puts inventories on the topic that the detectors read, each under its account.
package final class InventoryPublisher {
    private let producer: Producer
    private let topic: ProducerTopic
    private let partitioner: Partitioner
    private let advice: FailureAdvice

    /// Connects, and finds out how the topic is cut.
    ///
    /// - Throws: `RunFailure`.
    package init(_ configuration: RunConfiguration, log: RunLog) throws {
        let clients = try KafkaClients(configuration)
        let advice = FailureAdvice(clients, .inventory(configuration))
        self.advice = advice
        (partitioner, producer, topic) = try advice.completing {
            let again = "publish the inventory again"
            let layout = try TopicLayout.find(clients, clients.openAdmin(log), log: log, then: again)
            let producer = try Producer(clients.forwarding, log: log.kafkaSink("inventory"))
            let topic = try producer.topic(configuration.recordTopics[0])
            return (Partitioner(configuration.input, count: layout.accountPartitions), producer, topic)
        }
    }

    /// Publishes records that carry inventories, and waits until they are delivered.
    ///
    /// - Throws: `RunFailure`.
    package func publish(_ records: [Record]) throws {
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
