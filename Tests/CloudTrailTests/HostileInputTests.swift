import CloudTrail
import Foundation
import TestSupport
import Testing

/// Records changed in every way that somebody who can write to the topic might think of.
@Suite
struct HostileInputTests {
    /// How many; `AMIWATCH_HOSTILE_ROUNDS` and `AMIWATCH_HOSTILE_SEED` ask for more and for others.
    private static func number(_ name: String, else standard: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? standard
    }

    private static let seeds: [[UInt8]] = {
        let made =
            [Samples.share, Samples.launch, Samples.other, wrapped, tags]
            + WatchedCall.allCases.map { Samples.record($0.name, request: "{\"imageId\":\"ami-1\"}") }
        let real = CorpusTests.files.filter { $0.contains("/events/") }.compactMap {
            try? Data(contentsOf: URL(fileURLWithPath: $0))
        }
        return made.map { Array($0.utf8) } + real.map { Array($0) }
    }()

    private static let wrapped = Samples.record(
        "ReplaceImageCriteriaInAllowedImagesSettings",
        request:
            #"{"ReplaceImageCriteriaInAllowedImagesSettingsRequest":{"ImageCriterion":[{"tag":1,"ImageProvider":[{"tag":1,"content":"amazon"},{"tag":2,"content":12345678901}]},{"tag":2,"ImageName":{"tag":1,"content":"é-*"},"CreationDateCondition":{"MaximumDaysSinceCreated":300}}]}}"#
    )

    private static let tags = Samples.record(
        "CreateTags",
        request:
            #"{"resourcesSet":{"items":[{"resourceId":"ami-1"},{"resourceId":"i-1"}]},"tagSet":{"items":[{"key":"Role","value":"golden"},{"key":"\ud83d\ude00","value":"\u0000\t\\"}]}}"#,
        response: #"{"_return":true}"#
    )

    /// What the strict reader takes, written anew in the plainest way, is the same record; what it refuses is none.
    @Test
    func theSameAsTheStrictReaderOrADeadLetter() {
        var random = SplitMix64(seed: UInt64(Self.number("AMIWATCH_HOSTILE_SEED", else: 77)))
        let (quick, thorough) = (RecordReader(), RecordReader(validate: .all))
        var (records, letters, refused) = (0, 0, 0)
        for index in 0..<Self.number("AMIWATCH_HOSTILE_ROUNDS", else: 6_000) {
            var bytes = Self.seeds[index % Self.seeds.count]
            for _ in 0..<Int.random(in: 1...3, using: &random) { Hostility.change(&bytes, &random) }
            let text = { String(decoding: bytes, as: UTF8.self) }
            let found = quick.gather(message: bytes)
            #expect(found.read >= 1)
            #expect(found.records == thorough.gather(message: bytes).records, "\(text())")
            guard let strict = StrictJSON.parse(bytes) else {
                refused += 1
                #expect(found.letters.count + found.ignored >= 1, "\(text())")
                continue
            }
            let plain = quick.gather(message: strict.plain)
            #expect(found.records == plain.records, "\(text())\n\(strict.plain)")
            #expect(found.letters.map(\.reason) == plain.letters.map(\.reason), "\(text())")
            records += found.records.count
            letters += found.letters.count
        }
        let all = records + letters + refused
        #expect(records * 5 > all && letters > 100 && refused * 10 > all, "\(records) \(letters) \(refused)")
    }

    /// Among others every record is counted once, and the sound ones are read.
    @Test
    func amongSoundOnes() {
        var random = SplitMix64(seed: UInt64(Self.number("AMIWATCH_HOSTILE_SEED", else: 77)) + 1)
        let reader = RecordReader()
        for index in 0..<Self.number("AMIWATCH_HOSTILE_ROUNDS", else: 6_000) / 10 {
            var bytes = Self.seeds[index % Self.seeds.count]
            for _ in 0..<Int.random(in: 1...3, using: &random) { Hostility.change(&bytes, &random) }
            guard StrictJSON.parse(bytes) != nil, !bytes.contains(0x0A) else { continue }
            let line = String(decoding: bytes, as: UTF8.self)
            let alone = reader.gather(message: line)
            let lines = reader.gather(
                file: Array([Samples.share, line, Samples.launch].joined(separator: "\n").utf8)
            )
            let list = reader.gather(message: "{\"Records\":[\(Samples.share),\(line),\(Samples.launch)]}")
            for gathered in [lines, list] {
                #expect(gathered.records.count == alone.records.count + 2, "\(line)")
                #expect(gathered.read == alone.read + 2, "\(line)")
            }
        }
    }
}

/// One change to the bytes of a record.
private enum Hostility {
    static func change(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
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

extension StrictJSON {
    /// The value in the plainest way: sorted, no white space, no escape that need not be, numbers as they stood.
    var plain: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let text): text
        case .string(let text): Self.quoted(text)
        case .array(let elements): "[" + elements.map(\.plain).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.sorted { $0.key < $1.key }.map { "\(Self.quoted($0.key)):\($0.value.plain)" }
                .joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                quoted += "\\u00" + (scalar.value < 0x10 ? "0" : "") + String(scalar.value, radix: 16)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
