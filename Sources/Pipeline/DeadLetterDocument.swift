internal import CloudTrail
internal import Foundation
internal import Kafka

/// A dead letter as JSON, `amiwatch.deadletter/1` (`Schemas/deadletter.schema.json`): the same on its topic and in the
/// file of a replay, but for `source`.
struct DeadLetterDocument {
    /// The name of the format, and the value of `schema`.
    static let schema = "amiwatch.deadletter/1"
    /// So many bytes are shown as text, for people.
    private static let excerptBytes = 200

    /// Where it was found.
    enum Source {
        case message(MessagePlace)
        case file(String)
    }

    let lost: LostRecord
    let source: Source

    /// The document, on one line without a newline, with at most so many of the bytes that could not be read.
    func encode(keeping maximum: Int = LostRecord.keptBytes) -> [UInt8] {
        let kept = lost.bytes.prefix(max(0, maximum))
        var json = JSONWriter()
        json.object { json in
            json.key("schema")
            json.string(Self.schema)
            json.key("reason")
            json.string(lost.reason.rawValue)
            json.key("message")
            json.string(lost.text)
            json.key("source")
            json.object(write(source:))
            json.key("account_id")
            json.string(lost.account?.description)
            json.key("count")
            json.number(lost.count)
            json.key("size")
            json.number(lost.size)
            json.key("sha256")
            json.string(lost.sha256)
            json.key("is_truncated")
            json.boolean(kept.count < lost.size)
            json.key("excerpt")
            json.string(excerpt)
            json.key("bytes_base64")
            json.string(Data(kept).base64EncodedString())
        }
        return json.bytes
    }

    private func write(source json: inout JSONWriter) {
        switch source {
        case .message(let place):
            json.key("topic")
            json.string(place.partition.topic)
            json.key("partition")
            json.number(Int(place.partition.partition))
            json.key("offset")
            json.number(Int(place.offset))
            json.key("key_base64")
            json.string(place.key.map { Data($0).base64EncodedString() })
            json.key("timestamp")
            json.string(place.timestamp.map { EventTime.text(milliseconds: $0) })
        case .file(let name):
            json.key("file")
            json.string(name)
        }
        json.key("record_index")
        json.number(lost.recordIndex)
        json.key("byte_offset")
        json.number(lost.byteOffset)
    }

    /// The beginning as text; nil where it is none.
    private var excerpt: String? {
        let bytes = lost.bytes.prefix(Self.excerptBytes)
        // The last character may be cut off, which loses three bytes at most.
        return (0...(bytes.count < lost.bytes.count ? 3 : 0)).lazy
            .compactMap { String(validating: bytes.dropLast($0), as: UTF8.self) }.first
    }
}
