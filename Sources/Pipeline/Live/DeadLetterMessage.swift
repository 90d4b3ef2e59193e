import Alerts
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
        var json = JSONWriter()
        json.object { json in
            json.key("schema")
            json.string("amiwatch.deadletter/1")
            json.key("reason")
            json.string(reason)
            json.key("text")
            json.string(text)
            json.key("topic")
            json.string(topic)
            json.key("partition")
            json.number(Int(partition))
            json.key("offset")
            json.number(Int(offset))
            json.key("record_index")
            json.number(index)
            json.key("size")
            json.number(bytes.count)
            json.key("sha256")
            json.string(SHA256.hex(of: bytes))
            json.key("is_cut")
            json.boolean(bytes.count > Self.keptBytes)
            json.key("bytes_base64")
            json.string(Base64.text(of: bytes.prefix(Self.keptBytes)))
        }
        value = json.bytes
    }
}

/// RFC 4648, with padding.
enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func text(of bytes: Slice<UnsafeRawBufferPointer>) -> String {
        let count = bytes.count
        return String(unsafeUninitializedCapacity: (count + 2) / 3 * 4) { buffer in
            var written = 0
            var index = bytes.startIndex
            while index < bytes.endIndex {
                let left = min(3, bytes.endIndex - index)
                var group: UInt32 = 0
                for position in 0..<3 {
                    group = group << 8 | (position < left ? UInt32(bytes[index + position]) : 0)
                }
                for position in 0..<4 {
                    buffer[written] =
                        position <= left ? digits[Int(group >> UInt32(18 - 6 * position) & 63)] : 0x3D
                    written += 1
                }
                index += left
            }
            return written
        }
    }
}
