import CloudTrail
import CloudTrailTestSupport
import Foundation
import TestSupport
import Testing

/// Strings that some writers let through, and JSON does not: half of a surrogate pair, control characters.
@Suite
struct LenientTextTests {
    static let lenient = [
        #"cut \ud83d"#, #"\udc00\ud800 \ud83d\ud83d\ude00"#, #"\uD83Dx"#, "a\u{1}b\u{1F}", "tab\tline\nend",
        #"\ude00\\"#, "\u{0}\u{0}", #"\\\ud83d\" \\ud83d"#, "\n{\\\"eventName\u{7}", #"\ud83d\ude0"# + "0",
    ]

    private static func with(agent: String) -> String {
        Samples.share.replacingOccurrences(of: #"aws-cli/2.15 \"quoted\" C:\\temp"#, with: agent)
    }

    @Test(arguments: lenient)
    func aTextThatDoesNotMatterLosesNothing(_ text: String) {
        let expected = RecordReader().gather(message: Samples.share).records
        let added = String(Samples.share.dropLast()) + ",\"x\":[\"\(text)\",1e999]}"
        for validation in Validation.allCases {
            let reader = RecordReader(validate: validation)
            for message in [added, "{\"Records\":[\(added)]}", "[\(added)]"] {
                #expect(reader.gather(message: message).records == expected)
                #expect(reader.gather(file: Array(message.utf8)).records == expected)
            }
            #expect(reader.gather(message: "{\"Records\":[\(added),\(added)]}").records.count == 2)
        }
        let found = RecordReader().gather(message: Self.with(agent: text))
        #expect(found.records.map(\.call) == expected.map(\.call), "\(found)")
    }

    @Test
    func halvesAreReplacedAndControlsKept() {
        func agent(_ text: String) -> String? {
            RecordReader().gather(message: Self.with(agent: text)).records.first?.actor.userAgent
        }
        #expect(agent(#"a\ud83d"#) == "a\u{FFFD}")
        #expect(agent(#"\ude00\ud83d\ude00\ud83dz"#) == "\u{FFFD}😀\u{FFFD}z")
        #expect(agent("a\u{1}\tb\n\u{1F}") == "a\u{1}\tb\n\u{1F}")
        #expect(agent(#"\\ud83d"#) == #"\ud83d"#)
    }

    /// A call's parameters that are JSON in a string are read in the same way.
    @Test
    func inTextsThatAreJSON() {
        let share = Samples.string(Self.with(agent: #"cut \ud83d"#))
        let found = RecordReader().gather(message: #"{"schema":{},"payload":\#(share)}"#)
        #expect(found.records.first?.actor.userAgent == "cut \u{FFFD}")
    }

    /// What cannot be told at all stays no JSON, and so does what stands outside a string.
    @Test(arguments: [
        #""\ud83""#, #""\ug000""#, #""\x""#, "\"\\\u{1}\"", "\u{1}", #"\ud83d"#, #""a" \ud83d"#,
    ])
    func brokenTextsStayBroken(_ value: String) {
        let broken = String(Samples.share.dropLast()) + ",\"x\":\(value)}"
        #expect(RecordReader().gather(message: broken).letters.map(\.reason) == [.notJSON])
    }

    /// A record that is cut inside a string costs itself alone, however its rest could be read.
    @Test
    func aCutLineTakesNothingWithIt() {
        let cut = String(Samples.share.prefix(400))
        let found = RecordReader().gather(
            file: Array("\(cut)\n\(Samples.share)\n\(Samples.other)\n".utf8)
        )
        #expect(found.records.count == 1 && found.ignored == 1 && found.letters.count == 1)
    }

    /// Of the greatest message nothing but control characters: as much work as a few readings.
    @Test
    func manyOfThem() {
        let reader = RecordReader()
        for text in [
            String(repeating: "\u{1}", count: 3 << 20), String(repeating: #"\ud83d"#, count: 500_000),
        ] {
            let found = reader.gather(message: Samples.share.dropLast() + ",\"x\":\"\(text)\"}")
            #expect(found.records.count == 1)
        }
        #expect(reader.gather(message: Samples.share).records.count == 1)
    }

    /// The fast parser gives what the slow one gives, whatever the strings hold.
    @Test
    func agreesWithTheSlowParser() {
        var random = SplitMix64(seed: 77)
        let pieces = [
            "\\ud83d", "\\ude00", "\\uD800", "\\udfff", "\\u0041", "\\\\", "\\\"", "\\n", "\\", "\u{1}", "\n",
            "\u{0}",
            "a", "é", "\\u", "\\ud8", "\\x",
        ]
        var sound = 0
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0...8, using: &random))
                .map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            let message =
                #"{"eventTime":"2026-03-04T05:06:07Z","eventSource":"ec2.amazonaws.com","eventName":"DisableImage","userAgent":"\#(text)","requestParameters":{"imageId":"ami-1"},"recipientAccountId":"123456789012"}"#
            let found = RecordReader().gather(message: message)
            let expected = StrictJSON.parse(Array(message.utf8))
            #expect((expected != nil) == (found.records.count == 1), "\(message.debugDescription)")
            guard let expected, let record = found.records.first else { continue }
            sound += 1
            let agent = expected["userAgent"]?.text ?? ""
            #expect(
                (record.actor.userAgent ?? "").utf8.elementsEqual(agent.utf8),
                "\(message.debugDescription)"
            )
        }
        #expect(sound > 5_000)
    }
}
