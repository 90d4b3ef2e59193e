package import CloudTrail
internal import Foundation
internal import Kafka
package import TrailArchive

/// A dead letter as JSON, `amiwatch.deadletter/1` (`Schemas/deadletter.schema.json`): the same on its topic and in the
/// file of a replay, but for `source`.
struct DeadLetterDocument {
    /// The name of the format, and the value of `schema`.
    static let schema = "amiwatch.deadletter/1"
    /// So many bytes are shown as text, for people.
    private static let excerptBytes = 200

    enum Source {
        case message(MessagePosition)
        case file(String)
    }

    let lost: LostRecord
    let source: Source

    /// The document, on one line without a newline, with at most so many of the bytes that could not be read.
    func encode(keeping maximum: Int = LostRecord.keptBytes) -> [UInt8] {
        let kept = lost.bytes.prefix(max(0, maximum))
        var json = JSONWriter()
        json.object { json in
            json.member("schema", Self.schema)
            json.member("reason", lost.reason.rawValue)
            json.member("message", lost.text)
            json.key("source")
            json.object(write(source:))
            json.member("account_id", lost.account?.description)
            json.member("count", lost.count)
            json.member("size", lost.size)
            json.member("sha256", lost.sha256)
            json.member("is_truncated", kept.count < lost.size)
            json.member("excerpt", excerpt)
            json.member("bytes_base64", Data(kept).base64EncodedString())
        }
        return json.bytes
    }

    private func write(source json: inout JSONWriter) {
        switch source {
        case .message(let place):
            json.member("topic", place.partition.topic)
            json.member("partition", Int(place.partition.partition))
            json.member("offset", Int(place.offset))
            json.member("key_base64", place.key.map { Data($0).base64EncodedString() })
            json.member("timestamp", place.timestamp.map { EventTime.text(milliseconds: $0) })
        case .file(let name):
            json.member("file", name)
        }
        json.member("record_index", lost.recordIndex)
        json.member("byte_offset", lost.byteOffset)
    }

    /// The beginning as text; nil where it is none.
    private var excerpt: String? {
        let bytes = lost.bytes.prefix(Self.excerptBytes)
        // The last character may be cut off, which loses three bytes at most.
        return (0...(bytes.count < lost.bytes.count ? 3 : 0)).lazy
            .compactMap { String(validating: bytes.dropLast($0), as: UTF8.self) }.first
    }
}

/// A dead letter of a replay as one line of JSON, `amiwatch.deadletter/1`.
package enum DeadLetterLine {
    /// The line, without a newline.
    package static func encode(_ lost: LostRecord, file: TrailFile) -> [UInt8] {
        DeadLetterDocument(lost: lost, source: .file(file.name)).encode()
    }
}
