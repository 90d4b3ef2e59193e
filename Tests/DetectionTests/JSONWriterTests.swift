import Alerts
import CloudTrail
import Testing

@Suite
struct JSONWriterTests {
    /// What a terminal or an editor could obey, and nothing else that is not ASCII.
    @Test("No control character and nothing that turns a text's direction is written raw")
    func nothingRaw() {
        let escaped: [ClosedRange<UInt32>] = [
            0x00...0x1F, 0x7F...0x9F, 0x61C...0x61C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069,
        ]
        for value in (0...0x2FFFF as ClosedRange<UInt32>) {
            guard let scalar = Unicode.Scalar(value) else { continue }
            var json = JSONWriter()
            let text = "a\(scalar)b"
            json.string(text)
            let isRaw = json.bytes == Array("\"\(text)\"".utf8)
            let isEscaped = escaped.contains { $0.contains(value) } || scalar == "\"" || scalar == "\\"
            guard isRaw != isEscaped, JSONTree(json.bytes)?.text.map({ Array($0.utf8) }) == Array(text.utf8)
            else {
                Issue.record("U+\(String(value, radix: 16)): \(json.text)")
                return
            }
        }
    }

    @Test("A character that JSON escapes is escaped wherever it stands")
    func escapes() {
        for special in ["\"", "\\", "\n", "\u{0}", "\u{1F}", "\u{7F}", "ü", "\u{9B}", "\u{202E}", "😀"] {
            for before in 0..<20 {
                for after in 0..<20 {
                    let text =
                        String(repeating: "a", count: before) + special + String(repeating: "~", count: after)
                    var json = JSONWriter()
                    json.string(text)
                    #expect(JSONTree(json.bytes) == .string(text))
                }
            }
        }
    }
}
