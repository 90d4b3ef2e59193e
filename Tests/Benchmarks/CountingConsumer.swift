import CLibrdkafka
import Kafka

/// The ceiling: librdkafka alone reads a topic to its end and counts, in batches, through its C interface.
///
/// Its properties, and what it asks of the allocator, are those of amiwatch's own consumers where these matter to
/// speed.
enum CountingConsumer {
    static let options = Set(["servers", "topic", "partitions", "messages"])

    static func run(_ options: Options) throws {
        guard let servers = options.text("servers"), let topic = options.text("topic") else {
            throw UsageError("count needs --servers and --topic")
        }
        let partitions = try options.number("partitions", 4)
        FetchMemory.keep()
        let client = try open(servers)
        guard let list = rd_kafka_topic_partition_list_new(Int32(partitions)) else { return }
        for partition in 0..<Int32(partitions) {
            rd_kafka_topic_partition_list_add(list, topic, partition).pointee.offset = Int64(
                RD_KAFKA_OFFSET_BEGINNING
            )
        }
        rd_kafka_assign(client, list)
        rd_kafka_topic_partition_list_destroy(list)
        let (messages, bytes) = count(client, partitions)
        print("  \(messages) messages, \(bytes) bytes")
        let expected = try options.number("messages", messages)
        guard messages == expected else { throw UsageError("\(messages) messages instead of \(expected)") }
        rd_kafka_consumer_close(client)
        rd_kafka_destroy(client)
    }

    private static func open(_ servers: String) throws -> OpaquePointer {
        let configuration = rd_kafka_conf_new()
        for (name, value) in [
            ("bootstrap.servers", servers), ("group.id", "counting"), ("enable.auto.commit", "false"),
            ("enable.partition.eof", "true"), ("isolation.level", "read_committed"),
            ("fetch.wait.max.ms", "50"),
        ] {
            guard rd_kafka_conf_set(configuration, name, value, nil, 0) == RD_KAFKA_CONF_OK else {
                throw UsageError("librdkafka refuses \(name)")
            }
        }
        guard let client = rd_kafka_new(RD_KAFKA_CONSUMER, configuration, nil, 0) else {
            throw UsageError("librdkafka makes no consumer")
        }
        rd_kafka_poll_set_consumer(client)
        return client
    }

    private static func count(_ client: OpaquePointer, _ partitions: Int) -> (messages: Int, bytes: Int) {
        let queue = rd_kafka_queue_get_consumer(client)
        defer { rd_kafka_queue_destroy(queue) }
        var messages = 0
        var bytes = 0
        var ends = 0
        withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<rd_kafka_message_t>?.self, capacity: 1024) {
            batch in
            while ends < partitions {
                let got = rd_kafka_consume_batch_queue(queue, 5, batch.baseAddress, 1024)
                for index in 0..<max(0, got) {
                    guard let message = batch[index] else { continue }
                    if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                        messages += 1
                        bytes += message.pointee.len
                    } else if message.pointee.err == RD_KAFKA_RESP_ERR__PARTITION_EOF {
                        ends += 1
                    }
                    rd_kafka_message_destroy(message)
                }
            }
        }
        return (messages, bytes)
    }
}
