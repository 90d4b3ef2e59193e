internal import CLibrdkafka

/// How a producer chooses the partition of a key, as librdkafka computes it.
package enum KeyHash: Sendable {
    /// The Java client's and Kafka Connect's (`murmur2`).
    case murmur2
    /// librdkafka's own (`consistent`): CRC-32.
    case crc32
    /// Sarama's (`fnv1a`): FNV-1a of 32 bits.
    case fnv1a

    /// The partition of a key, one of `count`, which is at least 1.
    package func partition(of key: UnsafeRawBufferPointer, count: Int32) -> Int32 {
        switch self {
        case .murmur2: rd_kafka_msg_partitioner_murmur2(nil, key.baseAddress, key.count, count, nil, nil)
        case .crc32: rd_kafka_msg_partitioner_consistent(nil, key.baseAddress, key.count, count, nil, nil)
        case .fnv1a: rd_kafka_msg_partitioner_fnv1a(nil, key.baseAddress, key.count, count, nil, nil)
        }
    }
}
