internal import CLibrdkafka

/// librdkafka's own Kafka cluster inside this process: for a first run, demonstrations and tests.
///
/// It listens on loopback, on ports of its own choice, and keeps everything in memory, at most 5 MiB or 100,000
/// batches a partition. **It proves nothing about exactly-once**: positions sent to a transaction are forgotten,
/// aborted messages stay visible, nothing is fenced or compacted. Lives until ``stop()`` or until it is let go of;
/// belongs to the thread that made it.
package final class EmbeddedBroker {
    private let client: Client
    private let brokers: Int
    private var cluster: OpaquePointer?
    /// `host:port` of each broker, with commas between: for the property `bootstrap.servers`.
    package let bootstrapServers: String

    /// Starts the cluster.
    ///
    /// - Throws: ``KafkaError`` when librdkafka cannot (no free port, no memory).
    package init(brokers: Int = 1, log: KafkaLogSink? = nil) throws(KafkaError) {
        let operation = "starting the embedded broker"
        client = try Client(RD_KAFKA_PRODUCER, [:], log: log, operation: operation)
        self.brokers = max(1, brokers)
        guard let cluster = rd_kafka_mock_cluster_new(client.raw, Int32(clamping: self.brokers)),
            let servers = rd_kafka_mock_cluster_bootstraps(cluster)
        else {
            throw KafkaError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, operation)
        }
        self.cluster = cluster
        bootstrapServers = String(cString: servers)
    }

    deinit { stop() }

    /// Makes a topic; CreateTopics requests are not answered.
    ///
    /// A topic that is missing comes into being with 4 partitions as soon as anybody asks about it.
    /// - Throws: ``KafkaError``: `.topicAlreadyExists`, or a name or number that is refused.
    package func createTopic(_ name: String, partitions: Int, replication: Int = 1) throws(KafkaError) {
        guard let cluster else {
            throw KafkaError(
                RD_KAFKA_RESP_ERR__STATE,
                "creating the topic \(name)",
                message: "it was stopped"
            )
        }
        try check(
            rd_kafka_mock_topic_create(
                cluster,
                name,
                Int32(clamping: partitions),
                Int32(clamping: replication)
            ),
            "creating the topic \(name) in the embedded broker"
        )
    }

    /// Answers the next so many fetches with `OFFSET_OUT_OF_RANGE` for each partition, as a broker does that was left
    /// behind and does not know yet that it leads no more.
    package func misleadFetches(_ count: Int) {
        guard let cluster else { return }
        let errors = [rd_kafka_resp_err_t](repeating: RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, count: count)
        rd_kafka_mock_push_request_errors_array(cluster, Self.fetchKey, errors.count, errors)
    }

    /// Sends every answer from now on so much later, as a broker does that is overloaded or far away.
    package func delayAnswers(_ delay: Duration) {
        guard let cluster else { return }
        for id in 1...Int32(brokers) { rd_kafka_mock_broker_set_rtt(cluster, id, delay.milliseconds) }
    }

    /// The number of the Fetch request in Kafka's protocol.
    private static let fetchKey: Int16 = 1

    /// Ends the cluster; what it held is gone.
    package func stop() {
        guard let cluster else { return }
        self.cluster = nil
        rd_kafka_mock_cluster_destroy(cluster)
    }
}
