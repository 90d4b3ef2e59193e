import Foundation
package import Testing

/// Whether a real broker can be had; says so on standard error, once, when it cannot.
package let hasRealBroker: Bool = {
    let names = ["AMIWATCH_TEST_BOOTSTRAP", "KAFKA_HOME"]
    if names.contains(where: { ProcessInfo.processInfo.environment[$0]?.isEmpty == false }) { return true }
    FileHandle.standardError.write(
        Data("SKIPPED: every test with a real broker; set KAFKA_HOME or AMIWATCH_TEST_BOOTSTRAP\n".utf8)
    )
    return false
}()

extension Trait where Self == ConditionTrait {
    /// Skips a test or suite, loudly, when there is no real broker.
    package static var needsRealBroker: Self {
        .enabled(if: hasRealBroker, "needs KAFKA_HOME (a Kafka distribution) or AMIWATCH_TEST_BOOTSTRAP")
    }

    /// Skips a test or suite when there is no Kafka distribution to start brokers from or to take tools from.
    package static var needsKafkaHome: Self {
        .enabled(if: hasRealBroker && RealBroker.kafkaHome != nil, "needs KAFKA_HOME (a Kafka distribution)")
    }
}
