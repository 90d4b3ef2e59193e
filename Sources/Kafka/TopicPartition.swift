internal import CLibrdkafka

/// One partition of a topic, by name.
package struct TopicPartition: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var topic: String
    package var partition: Int32

    package init(_ topic: String, _ partition: Int32) {
        self.topic = topic
        self.partition = partition
    }

    /// `topic/partition`.
    package var description: String { "\(topic)/\(partition)" }

    package static func < (a: TopicPartition, b: TopicPartition) -> Bool {
        (a.topic, a.partition) < (b.topic, b.partition)
    }
}

/// A place in a partition: the offset of the next message to read.
package struct PartitionOffset: Hashable, Sendable, CustomStringConvertible {
    package var partition: TopicPartition
    /// The offset of the next message to read.
    package var offset: StartOffset

    package init(_ partition: TopicPartition, _ offset: StartOffset) {
        self.partition = partition
        self.offset = offset
    }

    package init(_ topic: String, _ partition: Int32, _ offset: Int64) {
        self.init(TopicPartition(topic, partition), .at(offset))
    }

    /// `topic/partition@offset`.
    package var description: String { "\(partition)@\(offset)" }
}

/// Where a group stands in a partition.
package struct GroupPosition: Hashable, Sendable {
    /// The offset of the next message that it reads.
    package let offset: Int64
    /// The offset behind the last message that it may read.
    package let end: Int64
}

/// A group's place in a partition, with what was committed beside it.
package struct CommittedOffset: Hashable, Sendable {
    package var partition: TopicPartition
    /// The offset of the next message to read.
    package var offset: Int64
    /// A text of the group's own, which a broker keeps up to `offset.metadata.max.bytes` (4,096); empty for none.
    package var metadata: String

    package init(_ partition: TopicPartition, _ offset: Int64, metadata: String = "") {
        self.partition = partition
        self.offset = offset
        self.metadata = metadata
    }

    init(_ element: rd_kafka_topic_partition_t) {
        self.init(
            TopicPartition(element),
            element.offset,
            metadata: String(
                decoding: UnsafeRawBufferPointer(start: element.metadata, count: element.metadata_size),
                as: UTF8.self
            )
        )
    }
}

package enum StartOffset: Hashable, Sendable {
    /// The oldest message that is kept.
    case beginning
    /// Behind the newest message.
    case end
    case at(Int64)

    var rawValue: Int64 {
        switch self {
        case .beginning: Int64(RD_KAFKA_OFFSET_BEGINNING)
        case .end: Int64(RD_KAFKA_OFFSET_END)
        case .at(let offset): offset
        }
    }
}

/// librdkafka's list of partitions, destroyed exactly once: a leaked list makes closing hang.
struct PartitionList: ~Copyable {
    private let raw: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    init(capacity: Int = 4) {
        raw = rd_kafka_topic_partition_list_new(Int32(clamping: max(capacity, 1)))
    }

    init(_ partitions: some Collection<TopicPartition>, at offset: Int64) {
        self.init(capacity: partitions.count)
        for partition in partitions { add(partition, offset) }
    }

    init(_ offsets: some Collection<PartitionOffset>) {
        self.init(capacity: offsets.count)
        for place in offsets { add(place.partition, place.offset.rawValue) }
    }

    init(_ offsets: some Collection<CommittedOffset>) {
        self.init(capacity: offsets.count)
        for place in offsets { add(place.partition, place.offset, metadata: place.metadata) }
    }

    deinit { rd_kafka_topic_partition_list_destroy(raw) }

    func add(_ partition: TopicPartition, _ offset: Int64, metadata: String = "") {
        guard let element = rd_kafka_topic_partition_list_add(raw, partition.topic, partition.partition)
        else { return }
        element.pointee.offset = offset
        guard !metadata.isEmpty else { return }
        let text = Array(metadata.utf8)
        // The list frees it.
        element.pointee.metadata = rd_kafka_mem_malloc(nil, text.count)
        element.pointee.metadata?.copyMemory(from: text, byteCount: text.count)
        element.pointee.metadata_size = text.count
    }

    /// Lends the list; it lives at least until `body` is done.
    borrowing func with<R, E: Error>(
        _ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) throws(E) -> R
    ) throws(E) -> R { try body(raw) }
}

extension rd_kafka_topic_partition_list_t {
    var buffer: UnsafeMutableBufferPointer<rd_kafka_topic_partition_t> {
        UnsafeMutableBufferPointer(start: elems, count: Int(cnt))
    }
}

extension TopicPartition {
    init(_ element: rd_kafka_topic_partition_t) {
        self.init(String(cString: element.topic), element.partition)
    }
}

extension Duration {
    /// Whole milliseconds, rounded up, within what librdkafka takes; never "for ever".
    var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        if overflow { return seconds < 0 ? 0 : Int32.max }
        let part = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(clamping: max(0, product + part))
    }
}
