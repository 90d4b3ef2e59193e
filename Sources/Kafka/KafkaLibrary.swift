internal import CLibrdkafka

/// The librdkafka that this program runs with.
public enum KafkaLibrary {
    /// Its version: `2.0.2`.
    public static let version = String(cString: rd_kafka_version_str())

    /// Whether it can log in to Kafka 4 with SCRAM.
    ///
    /// Before 2.6.1 it sends its nonce twice, which Kafka 4 takes for wrong credentials:
    /// https://github.com/confluentinc/librdkafka/pull/4895.
    public static let hasScramOfKafka4 = rd_kafka_version() >= 0x0206_0100
}
