import Alerts
import CloudTrail
import Testing

@Suite
struct JSONWriterTests {
    @Test("A character that JSON escapes is escaped wherever it stands")
    func escapes() {
        for special in ["\"", "\\", "\n", "\u{0}", "\u{1F}", "ü"] {
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
