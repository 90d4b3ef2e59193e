import CloudTrail
import CloudTrailTestSupport
import TestSupport
import Testing

/// A line that is cut off costs itself, and none of the lines behind it.
@Suite
struct CutLineTests {
    private static let event =
        #"{"version":"0","detail-type":"AWS API Call via CloudTrail","account":"123456789012","detail":"#

    /// The ways in which a line holds two records.
    static let lines: [(name: String, text: String)] = {
        let (share, launch) = (Samples.share, Samples.launch)
        return [
            ("Records", "{\"Records\":[\(share),\(launch)]}"),
            ("Records, members behind", "{\"Records\":[\(share),\(launch)],\"more\":{\"a\":[1,\"x\"]}}"),
            ("Records, members before", "{\"more\":{\"a\":[1,\"x\"]},\"Records\":[\(share),\(launch)]}"),
            ("Events", "{\"Events\":[\(share),\(launch)]}"),
            ("a list", "[\(share),\(launch)]"),
            (
                "logEvents",
                "{\"logEvents\":[{\"id\":\"1\",\"message\":\(Samples.string(share))},{\"id\":\"2\",\"message\":\(Samples.string(launch))}]}"
            ),
            ("a list of containers", "[{\"Records\":[\(share)]},{\"Records\":[\(launch)]}]"),
            ("EventBridge", "[\(event)\(share)},\(event)\(launch)}]"),
        ]
    }()

    @Test(arguments: lines.map(\.name))
    func atEveryPlace(_ name: String) throws {
        let line = Array(try #require(Self.lines.first { $0.name == name }).text.utf8)
        let reader = RecordReader()
        let whole = reader.gather(file: line)
        #expect(whole.records.count == 2 && whole.read == 2)
        let others = [
            Samples.other, Samples.share, "{\"Records\":[\(Samples.launch)]}", "[\(Samples.share)]",
            Samples.other,
        ]
        let rest = Array(("\n" + others.joined(separator: "\n")).utf8)
        for end in 1..<line.count {
            let cut = Array(line[..<end])
            let alone = reader.gather(file: cut)
            let found = reader.gather(file: cut + rest)
            // What the other lines hold, and what the cut one gives when nothing follows it.
            #expect(
                found.records.count == alone.records.count + 3,
                "\(end): \(String(decoding: cut, as: UTF8.self))"
            )
            #expect(found.ignored == alone.ignored + 2, "\(end): \(String(decoding: cut, as: UTF8.self))")
            #expect(alone.letters.count == 1 && found.letters.count == 1, "\(end): \(found.letters)")
            let own = Array(cut[...(cut.lastIndex { $0 > 0x20 } ?? 0)])
            for letter in [alone.letters.first, found.letters.first] {
                #expect(letter?.bytes.isEmpty == false, "\(end)")
                // Its own bytes: the end of the cut line.
                #expect(own.suffix(letter?.bytes.count ?? 0) == (letter?.bytes ?? [])[...], "\(end)")
            }
        }
    }

    /// Where every member has a line of its own, a broken one costs itself.
    @Test(arguments: ["[", "{\"Records\":[", "{\"x\":1,\"Events\":["])
    func membersOnLines(_ opening: String) {
        let share = Array(Samples.share.utf8)
        let closing = opening == "[" ? "]" : "]}"
        for end in stride(from: 1, to: share.count, by: 5) {
            let broken = String(decoding: share[..<end], as: UTF8.self)
            let text = [
                opening, "\(Samples.launch),", "\(broken),", "\(Samples.other),", Samples.launch, closing,
            ]
            .joined(separator: "\n")
            for found in [
                RecordReader().gather(file: Array(text.utf8)), RecordReader().gather(message: text),
            ] {
                #expect(
                    found.records.count == 2 && found.ignored == 1 && found.letters.count == 1,
                    "\(end) \(found.ignored) \(found.records.count) \(found.letters.map { ($0.text, String(decoding: $0.bytes.suffix(60), as: UTF8.self)) })"
                )
            }
        }
    }

    @Test
    func manyCutListsTakeLinearTime() {
        let line = #"{"Records":[{"eventName":"RunInstances","a":{"b":[1"#
        let file = Array(
            (Array(repeating: line, count: 20_000) + [Samples.share]).joined(separator: "\n").utf8
        )
        let found = RecordReader().gather(file: file)
        #expect(found.letters.count == 20_000 && found.records.count == 1)
    }

    @Test
    func aListThatHasHardlyBegun() {
        for text in ["{\"Records\":[", "[", "{\"Records\": [ ", "{\"Records\":[{"] {
            let found = RecordReader().gather(message: text)
            #expect(found.read == 1 && found.letters.count == 1, "\(text): \(found)")
            #expect(found.letters.first?.bytes.isEmpty == false, "\(text)")
        }
    }
}
