import Kafka
import Synchronization

/// The topics that a broker does not let a producer write to: librdkafka names them in its log only.
final class RefusedTopics: Sendable {
    private let found = Mutex<Set<String>>([])

    var names: [String] { found.withLock { $0.sorted() } }

    /// A log that hears what goes to another.
    func listening(to log: @escaping KafkaLogSink) -> KafkaLogSink {
        { [self] level, facility, text in
            if facility == "ADDPARTS", text.contains("authorization failed"),
                let name = text.firstMatch(of: /partition "([^"]+)"/)?.output.1
            {
                found.withLock { _ = $0.insert(String(name)) }
            }
            log(level, facility, text)
        }
    }
}
