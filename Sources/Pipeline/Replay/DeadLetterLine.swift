internal import Alerts
internal import CloudTrail
public import TrailArchive

/// A dead letter of a replay as one line of JSON.
public enum DeadLetterLine {
    /// The line, without a newline: why, where, and the bytes (as text, or in base64 when they are no UTF-8) up to
    /// a cap, with the SHA-256 of all of them.
    public static func encode(_ lost: LostRecord, file: TrailFile) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.key("schema")
            json.string("amiwatch.deadletter/1")
            json.key("reason")
            json.string(lost.reason.rawValue)
            json.key("text")
            json.string(lost.text)
            json.key("file")
            json.string(file.name)
            json.key("record_index")
            json.number(lost.recordIndex)
            json.key("size")
            json.number(lost.size)
            json.key("sha256")
            json.string(lost.sha256)
            json.key("is_cut")
            json.boolean(lost.bytes.count < lost.size)
            if let text = String(validating: lost.bytes, as: UTF8.self) {
                json.key("bytes")
                json.string(text)
            } else {
                json.key("bytes_base64")
                json.string(lost.bytes.withUnsafeBytes { Base64.text(of: $0[...]) })
            }
        }
        return json.bytes
    }
}
