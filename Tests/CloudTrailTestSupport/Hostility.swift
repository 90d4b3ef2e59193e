package import TestSupport

/// One change to the bytes of a record.
package enum Hostility {
    package static func change(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        guard bytes.count > 4 else { return }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<12, using: &random) {
        case 0: bytes.removeSubrange(place...)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes.insert(contentsOf: [0xFF, 0xC0, 0xED, 0xA0, 0x80].prefix(place % 5 + 1), at: place)
        case 3: bytes[place] = 0
        case 4: replaceAValue(&bytes, &random)
        case 5: replaceAValue(&bytes, &random)
        case 6: addAMember(&bytes, &random)
        case 7: addAMember(&bytes, &random)
        case 8: doubleAMember(&bytes, &random)
        case 9: escapeAText(&bytes, &random)
        case 10: bytes.insert(contentsOf: Array(repeating: 0x20, count: 64), at: afterAComma(bytes, place))
        default: bytes.remove(at: place)
        }
    }

    private static func value(_ random: inout SplitMix64) -> [UInt8] {
        let deep = Int.random(in: 1...140, using: &random)
        let values = [
            "null", "true", "false", "0", "-0", "1e999", "-1e-999", "123456789012", "123456789012.0",
            "1.23456789012E11", "18446744073709551616", "99999999999999999999999999", "0.1", "\"\"", "\"x\"",
            "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\uD83D\\uDE00\"", "\"\\u00e9\"", "\"é\"",
            "\"\(String(repeating: "y", count: 3000))\"", "[]", "{}", "[[]]", "{\"items\":[]}",
            "{\"items\":{}}",
            "{\"tag\":1,\"content\":\"ami-2\"}", "[{\"userId\":\"012345678901\"},{\"group\":\"all\"}]",
            "{\"omitted\":true}", "\"000000000000\"", "\"2026-03-04T05:06:60Z\"", "\"2025-02-00T00:00:00Z\"",
            String(repeating: "[", count: deep) + String(repeating: "]", count: deep),
            String(repeating: "{\"a\":", count: deep) + "1" + String(repeating: "}", count: deep),
        ]
        return Array((values.randomElement(using: &random) ?? "").utf8)
    }

    /// Puts another value in the place of a scalar.
    private static func replaceAValue(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        let colons = bytes.indices.filter {
            bytes[$0] == UInt8(ascii: ":") && bytes[$0 - ($0 > 0 ? 1 : 0)] == 0x22
        }
        guard let colon = colons.randomElement(using: &random) else { return }
        var end = colon + 1
        if end < bytes.count, bytes[end] == 0x22 {
            end += 1
            while end < bytes.count, bytes[end] != 0x22 { end += bytes[end] == 0x5C ? 2 : 1 }
            end += 1
        } else {
            while end < bytes.count, ![0x2C, 0x7D, 0x5D, 0x7B, 0x5B].contains(bytes[end]) { end += 1 }
        }
        bytes.replaceSubrange(colon + 1..<min(end, bytes.count), with: value(&random))
    }

    private static func addAMember(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        let keys = [
            "eventName", "eventSource", "eventTime", "eventID", "recipientAccountId", "requestParameters",
            "responseElements", "errorCode", "imageId", "launchPermission", "add", "items", "item", "tag",
            "content", "x", "", "Records", "detail", "payload", "aws",
        ]
        let opens = bytes.indices.filter { bytes[$0] == UInt8(ascii: "{") }
        guard let open = opens.randomElement(using: &random), open + 1 < bytes.count, bytes[open + 1] == 0x22
        else { return }
        let key = keys.randomElement(using: &random) ?? ""
        bytes.insert(contentsOf: Array("\"\(key)\":".utf8) + value(&random) + [0x2C], at: open + 1)
    }

    /// Puts a member of the frame at the end a second time.
    private static func doubleAMember(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        guard bytes.last == UInt8(ascii: "}") else { return }
        let members = [
            #""eventName":"DescribeImages""#, #""eventName":"RunInstances""#,
            #""eventSource":"sts.amazonaws.com""#,
            #""requestParameters":null"#, #""recipientAccountId":210987654321"#, #""errorCode":"""#,
            #""errorCode":"Client.X""#, #""eventID":null"#,
        ]
        bytes.removeLast()
        bytes.append(contentsOf: Array(",\(members.randomElement(using: &random) ?? "")}".utf8))
    }

    /// Writes a letter of a text as an escape.
    private static func escapeAText(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        let letters = bytes.indices.filter { (0x61...0x7A).contains(bytes[$0]) }
        guard let place = letters.randomElement(using: &random) else { return }
        bytes.replaceSubrange(place...place, with: Array("\\u00\(String(bytes[place], radix: 16))".utf8))
    }

    private static func afterAComma(_ bytes: [UInt8], _ place: Int) -> Int {
        bytes[place...].firstIndex(of: 0x2C).map { $0 + 1 } ?? 0
    }
}
