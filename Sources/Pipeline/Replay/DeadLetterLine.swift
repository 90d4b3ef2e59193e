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
            json.string("amiwatch.dead-letter/1")
            json.key("reason")
            json.string(lost.reason.rawValue)
            json.key("text")
            json.string(lost.text)
            json.key("file")
            json.string(file.name)
            json.key("record")
            json.number(lost.recordIndex)
            json.key("size")
            json.number(lost.size)
            json.key("sha256")
            json.string(lost.sha256)
            json.key("truncated")
            json.boolean(lost.bytes.count < lost.size)
            if let text = String(validating: lost.bytes, as: UTF8.self) {
                json.key("bytes")
                json.string(text)
            } else {
                json.key("bytes_base64")
                json.string(base64(lost.bytes))
            }
        }
        return json.bytes
    }

    /// RFC 4648, with padding.
    static func base64(_ bytes: [UInt8]) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let rest = bytes[start...].prefix(3)
            let group = rest.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - rest.count))
            for place in 0..<4 {
                let isPadding = place > rest.count
                result.append(isPadding ? UInt8(ascii: "=") : digits[group >> (18 - 6 * place) & 63])
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
