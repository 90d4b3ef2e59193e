import CloudTrail
import Hashing
import Kafka

/// A dead letter as it lies on its topic: the key is the place, so that a repeat replaces itself.
struct DeadLetterMessage {
    /// Of the bytes that could not be read, so many are kept; the hash is over all of them.
    static let keptBytes = 256 << 10

    let key: [UInt8]
    let value: [UInt8]

    init(_ letter: DeadLetter, topic: String, partition: Int32, offset: Int64) {
        self.init(
            reason: letter.reason.rawValue,
            text: letter.text,
            topic: topic,
            partition: partition,
            offset: offset,
            index: letter.recordIndex,
            bytes: letter.bytes
        )
    }

    init(
        reason: String,
        text: String,
        topic: String,
        partition: Int32,
        offset: Int64,
        index: Int,
        bytes: UnsafeRawBufferPointer
    ) {
        key = Array("\(topic)/\(partition)/\(offset)/\(index)".utf8)
        let document = DeadLetterDocument(
            reason: reason,
            text: text,
            place: .message(topic: topic, partition: partition, offset: offset),
            recordIndex: index,
            size: bytes.count,
            sha256: SHA256.hex(of: bytes)
        )
        value = document.encode(.init(rebasing: bytes.prefix(Self.keptBytes)), isText: false)
    }
}
