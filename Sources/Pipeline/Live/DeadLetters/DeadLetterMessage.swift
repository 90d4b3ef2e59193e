import CloudTrail
import Kafka

/// A dead letter as it lies on its topic: the key is the place, so that readers can tell a repeat.
struct DeadLetterMessage {
    let lost: LostRecord
    let position: MessagePosition

    /// What a document takes beside the bytes that could not be read.
    private static let overhead = 8 << 10

    var key: [UInt8] { Array("\(position.partition)/\(position.offset)/\(lost.recordIndex)".utf8) }

    /// For readers that route without parsing.
    var headers: [Header] {
        [
            Header("schema", DeadLetterDocument.schema), Header("content-type", "application/json"),
            Header("reason", lost.reason.rawValue),
        ] + (lost.account.map { [Header("account_id", $0.description)] } ?? []) + [
            Header("source_topic", position.partition.topic),
            Header("source_partition", String(position.partition.partition)),
            Header("source_offset", String(position.offset)),
        ]
    }

    /// The document, with as much of what could not be read as a message of so many bytes holds.
    func value(atMost maximumBytes: Int) -> [UInt8] {
        let room = max(0, maximumBytes - Self.overhead)
        return DeadLetterDocument(lost: lost, source: .message(position)).encode(keeping: room / 4 * 3)
    }
}

/// Where a message lies, and what its producer said of it.
struct MessagePosition {
    let partition: TopicPartition
    let offset: Int64
    let key: [UInt8]?
    /// Milliseconds since 1970; nil when there is none.
    let timestamp: Int64?
}

extension MessagePosition {
    /// Of a longer key the beginning is told.
    static let keptKeyBytes = 1 << 10

    init(_ message: Message, in partition: TopicPartition) {
        self.partition = partition
        offset = message.offset
        key = message.key.map { Array($0.prefix(Self.keptKeyBytes)) }
        timestamp = message.timestamp
    }
}
