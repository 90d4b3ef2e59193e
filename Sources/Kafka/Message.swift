internal import CLibrdkafka

/// A topic's number within one ``Consumer``: comparing it costs nothing, and a message needs no string.
package struct TopicIndex: Hashable, Sendable {
    /// From 0, in the order in which the consumer met the topics.
    package let rawValue: Int32
}

/// A message as librdkafka holds it: nothing is copied.
///
/// Valid only inside the closure of ``Consumer/poll(maxMessages:timeout:_:)`` that got it.
package struct Message {
    /// The topic: see ``Consumer/index(of:)`` and ``Consumer/name(of:)``.
    package let topic: TopicIndex
    package let partition: Int32
    /// The message's place in the partition.
    package let offset: Int64
    /// The key's bytes; nil when there is none.
    package let key: UnsafeRawBufferPointer?
    /// The payload's bytes; nil is a *tombstone*, and normal.
    ///
    /// An empty payload is not nil.
    package let payload: UnsafeRawBufferPointer?

    /// The `rd_kafka_message_t`.
    let raw: UnsafeRawPointer

    init(_ message: UnsafeMutablePointer<rd_kafka_message_t>, topic: TopicIndex) {
        let fields = message.pointee
        self.topic = topic
        self.partition = fields.partition
        self.offset = fields.offset
        self.key = fields.key.map { UnsafeRawBufferPointer(start: $0, count: fields.key_len) }
        self.payload = fields.payload.map { UnsafeRawBufferPointer(start: $0, count: fields.len) }
        self.raw = UnsafeRawPointer(message)
    }

    private var message: UnsafePointer<rd_kafka_message_t> {
        raw.assumingMemoryBound(to: rd_kafka_message_t.self)
    }

    /// Milliseconds since 1970 (when it was produced, or appended, as the topic is set); nil when there is none.
    package var timestamp: Int64? {
        var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let time = rd_kafka_message_timestamp(message, &type)
        return type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || time < 0 ? nil : time
    }

    /// The value of the last header of that name: nil when there is no such header or it has a null value.
    package func header(_ name: String) -> UnsafeRawBufferPointer? {
        var headers: OpaquePointer?
        guard rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR, let headers
        else { return nil }
        var value: UnsafeRawPointer?
        var size = 0
        guard rd_kafka_header_get_last(headers, name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR
        else { return nil }
        return value.map { UnsafeRawBufferPointer(start: $0, count: size) }
    }

    /// All headers in their order, copied.
    package var headers: [Header] {
        var headers: OpaquePointer?
        guard rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR, let headers
        else { return [] }
        var result: [Header] = []
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while rd_kafka_header_get_all(headers, result.count, &name, &value, &size)
            == RD_KAFKA_RESP_ERR_NO_ERROR
        {
            result.append(
                Header(
                    name: name.map { String(cString: $0) } ?? "",
                    value: value.map { Array(UnsafeRawBufferPointer(start: $0, count: size)) }
                )
            )
        }
        return result
    }
}

package struct Header: Hashable, Sendable {
    /// The name; may repeat.
    package var name: String
    /// The value's bytes; nil is a null value.
    package var value: [UInt8]?

    package init(name: String, value: [UInt8]?) {
        self.name = name
        self.value = value
    }

    package init(_ name: String, _ text: String) { self.init(name: name, value: Array(text.utf8)) }
}

/// Whatever one poll brought.
package struct Batch: ~Copyable {
    /// The messages, in order within each partition.
    ///
    /// Valid inside the closure only.
    package let messages: UnsafeBufferPointer<Message>
    /// Partitions whose end was reached (with `enable.partition.eof`).
    package let ends: [PartitionEnd]
    /// What went wrong with a partition, a topic or the group.
    package let failures: [ConsumerFailure]
}

/// The log's end, as of the moment it was reached.
package struct PartitionEnd: Hashable, Sendable {
    package let topic: TopicIndex
    package let partition: Int32
    /// The offset of the next message that will ever come.
    ///
    /// Messages of the same batch at or above it came later.
    package let offset: Int64
}

/// An error that came in a message's place.
package struct ConsumerFailure: Sendable {
    /// The partition, where it concerns one; a partition number of −1 stands for the whole topic.
    package let partition: TopicPartition?
    /// The offset, where it concerns one (the lost position, say).
    package let offset: Int64?
    /// What went wrong: `.autoOffsetReset`, `.topicAuthorization`, `.unknownTopicOrPartition` and so on.
    package let error: KafkaError
}
