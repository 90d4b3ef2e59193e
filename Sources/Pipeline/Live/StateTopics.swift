import Detection
import Kafka

// Reading the state and the catalogue, as a detector does that restores, and as `republish` does.

extension Engine {
    /// Takes a message of the state or the catalogue back; returns what it is if it is one of the detector's own entries.
    ///
    /// - Throws: `RunFailure` when a newer version or something else has written it.
    mutating func restore(_ message: StateMessage) throws -> LedgerEntry? {
        guard let key = message.key, !Watermark.isWatermark(key) else { return nil }
        guard key.first.map({ $0 >= 0x20 }) ?? false else {
            do throws(StateError) {
                try restore(key: key, value: message.value)
            } catch { throw RunFailure(message, "\(error)") }
            return nil
        }
        let entry = message.value.flatMap { LedgerEntry(key: key, value: $0) }
        switch entry {
        case .unknown(let key):
            throw RunFailure(
                message,
                "\(key) was written by a newer amiwatch or by something else; run the version that wrote it"
            )
        case .malformed(let key, let problem):
            throw RunFailure(message, "\(StateError.malformed("\(key): \(problem)"))")
        default: return entry
        }
    }
}

extension RunFailure {
    /// A message of the state or the catalogue that cannot be read.
    init(_ message: StateMessage, _ problem: String) {
        self.init("\(message.topic)/\(message.partition)@\(message.offset): \(problem)")
    }
}

extension Consumer {
    /// The end of each partition's log; of a `read_uncommitted` consumer with open transactions included.
    func logEnds(
        of topic: String,
        _ partitions: some Sequence<Int32>,
        timeout: Duration
    ) throws(KafkaError) -> [Int32: Int64] {
        let found = try logOffsets(.end, of: partitions.map { TopicPartition(topic, $0) }, timeout: timeout)
        return Dictionary(found.map { ($0.key.partition, $0.value) }) { $1 }
    }
}
