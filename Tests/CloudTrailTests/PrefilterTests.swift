@testable import CloudTrail
import CloudTrailTestSupport
import CPrefilter
import Testing
import TestSupport

@Suite
struct PrefilterTests {
    static let levels = [AMIWATCH_PORTABLE, AMIWATCH_SSE2, AMIWATCH_AVX2, AMIWATCH_AVX512].map {
        Prefilter(simd: $0)
    }

    @Test
    func everyWatchedNameIsUsable() {
        for prefilter in Self.levels { #expect(prefilter.isReady) }
        for call in WatchedCall.allCases {
            for prefilter in Self.levels {
                let record = Array(Samples.record(call.name).utf8)
                record.withUnsafeBytes {
                    #expect(!prefilter.ignores($0), "\(call)")
                    #expect(prefilter.names(in: $0).suspicious, "\(call)")
                }
            }
        }
    }

    @Test
    func namesThatOnlyResembleAreIgnored() {
        for name in ["RunInstance", "RunInstancess", "runInstances", "DescribeImage", "CreateImages", "A"] {
            for prefilter in Self.levels {
                Array(Samples.record(name).utf8).withUnsafeBytes { #expect(prefilter.ignores($0), "\(name)") }
            }
        }
    }

    /// Whatever hides a name, or makes it no plain name, is looked at.
    @Test(arguments: [
        #"{"event\u004eame":"RunInstances"}"#, #"{"eventName":"Run\u0049nstances"}"#, #"{"a":1}"#, "{}",
        "{\"eventName\" \t\r\n : \"RunInstances\"}", #"{"eventName":null}"#, #"{"eventName":""}"#,
        #"{"eventName":["A"]}"#, #"{"eventName":"A","eventName":"RunInstances"}"#,
        #"{"eventName":"RunInstances","eventName":"A"}"#,
        #"{"a":{"eventName":"RunInstances"},"eventName":"A"}"#,
        #"{"message":"{\"eventName\":\"RunInstances\"}","eventName":"A"}"#,
        #"{"message":"{\\n \\\"eventName\\\" \\n:\\t\\\"RunInstances\\\"}","eventName":"A"}"#,
        #"{"message":"{\\\"eventName\\\":\\\"RunInstances\\\"}"}"#, #"{"eventName":"A","class_uid":6003}"#,
        #"{"eventName":"ObjectCreated:Put"}"#, #"{"eventName":"A"#, #"{"eventName":"A"}]"#,
        #"[{"eventName":"A"}]"#, #"{"eventName":"A"}"#,
        #"{"eventName":"INSERT","eventSource":"aws:dynamodb"}"#,
        #"{"eventSource":"collector","eventName":"A"}"#,
        #"{"host":"a.amazonaws.com","eventName":"A","x":{"eventSource":"a.amazonaws.com"}}"#,
        #"{"x":[{"eventSource":"a.amazonaws.com"}],"eventName":"A"}"#,
        #"{"eventSource":"a.amazonaws.com.example","eventName":"A"}"#,
        #"{"xeventSource":"a.amazonaws.com","eventName":"A"}"#,
    ])
    func suspicious(_ message: String) {
        for prefilter in Self.levels {
            Array(message.utf8).withUnsafeBytes { #expect(!prefilter.ignores($0)) }
        }
    }

    /// A name with an event source of AWS's beside it is a record's, however it is written.
    @Test(arguments: [
        #"{"eventSource":"a.amazonaws.com","eventName":"A"}"#,
        #"{"eventName":"A","eventSource":"a.amazonaws.com"}"#,
        #"{ "eventSource" : "a-b.amazonaws.com" , "eventName" : "A" }"#,
        #"{"eventSource":"a.amazonaws.com.cn","eventName":"A"}"#,
        #"{"eventName":"A","x":{"y":["eventSource"]},"eventSource":"a.amazonaws.com"}"#,
        #"{"detail":{"eventSource":"a.amazonaws.com","x":[{"y":"}"}],"eventName":"A"},"eventSource":"aws:x"}"#,
        #"{"x":"0123456789012345678901234567890123456789012345678901234567890123","eventSource":"a.amazonaws.com","eventName":"A","y":"0123456789012345678901234567890123456789"}"#,
    ])
    func oneRecordOfAnotherCall(_ message: String) {
        for prefilter in Self.levels {
            Array(message.utf8).withUnsafeBytes { #expect(prefilter.ignores($0)) }
            Array("{\"m\":\(Samples.string(message))}".utf8).withUnsafeBytes {
                let isNear = !message.contains("\"y\":[") && !message.contains("\"y\":\"}")
                #expect(prefilter.names(in: $0).one_other_call == isNear)
            }
        }
    }

    static let other = #"{"x":[{}],"eventSource":"a.amazonaws.com","eventName":"A"}"#
    static let hiding =
        #"{"schema":{"type":"bytes"},"payload":"\#(EnvelopeTests.base64(Array(Samples.share.utf8)))"}"#

    static let inventory =
        #"{"amiwatch.inventory":1,"id":"inventory/1","account":"111122223333","region":"us-east-1","time":"2026-03-02T09:00:00Z","name":"GetAllowedImagesSettings","source":"ec2.amazonaws.com","dated":true,"allowedImages":"audit-mode","imageCriteria":[{"providers":["amazon"]}]}"#

    /// Values that follow each other are looked at one by one: any of them may hide a record.
    @Test(arguments: [
        "\(hiding)\n\(other)", "\(other)\n\(hiding)", "\(hiding)\(other)", "\(hiding) \t\r\n\(other)",
        "\(hiding)\n[\(other)]", "{\"a\":\"}\"}\n\(hiding)\n\(other)", "{}\(other)[]\(hiding){}",
        "{\"a\":\"\\\\\"}\(other)\(hiding)", "\(hiding) x\n\(other)", "\(other)1\n\(hiding)",
        "\(inventory)\n\(other)", "\(other)\n\(inventory)",
    ])
    func severalValues(_ message: String) {
        for space in ["", " ", String(repeating: " ", count: 200)] {
            let bytes = Array((message + space).utf8)
            for prefilter in Self.levels { bytes.withUnsafeBytes { #expect(!prefilter.ignores($0)) } }
            for validation in Validation.allCases {
                #expect(RecordReader(validate: validation).gather(message: bytes).records.count == 1)
            }
        }
    }

    /// What is no JSON because of a comma or a bracket behind a document is passed over with it, or parsed without
    /// anything being found that is hidden beside a record of another call.
    @Test(
        arguments: [
            ("\(hiding),\(other)", 0), ("\(hiding),\n\(other)", 0), ("\(hiding)]\n\(other)", 0),
            ("\(other),\n\(inventory)", 0), ("\(hiding)}\(other)", 1),
            ("{\"a\":1},\"b\":\(other)}\n\(hiding)", 1),
        ]
    )
    func brokenSequences(_ message: String, _ count: Int) {
        for validation in Validation.allCases {
            let found = RecordReader(validate: validation).gather(message: message)
            #expect(found.records.count == count, "\(validation)")
        }
    }

    /// One value is enough to be passed over, however its texts look.
    @Test(arguments: [
        other, "\(other) \r\n\t", #"{"x":"} {","y":"\"}\n","eventSource":"a.amazonaws.com","eventName":"A"}"#,
        "{ \"x\" : { } ,\n\"y\" : [\n{ }\n] , \(other.dropFirst())",
        #"{"x":"\\","eventSource":"a.amazonaws.com","eventName":"A"}"#,
    ])
    func oneValue(_ message: String) {
        for prefilter in Self.levels {
            Array(message.utf8).withUnsafeBytes { #expect(prefilter.ignores($0)) }
        }
    }

    /// A document that names another call hides nothing in base64, also when it is broken: then its lines, and the
    /// members of its lists, are no documents of their own.
    @Test(arguments: [
        "{\"a\":x\n\(hiding),\"b\":\(other)}", "{\"a\":x,\"Records\":[\(hiding),\(other)]}",
        "[{\"a\":x\n\(hiding),\"b\":\(other)}]", "[{\"a\":x,\(other),\(hiding)}]",
        "[{\"a\":x,\(hiding),\(other)}]",
        "{\"Records\":[{\"a\":x\n\(hiding)\n\(other)}]}",
    ])
    func brokenDocuments(_ text: String) {
        for (text, count) in [(text, 0), ("\(text)\n\(Samples.share)", 1), (Samples.share + text, 1)] {
            for validation in Validation.allCases {
                let reader = RecordReader(validate: validation)
                #expect(reader.gather(message: text).records.count == count, "\(validation) \(text)")
                #expect(reader.gather(file: Array(text.utf8)).records.count == count, "\(validation) \(text)")
            }
        }
    }

    /// The vectorised scans find what the portable ones find, at every length and offset.
    @Test
    func allInstructionSetsAgree() {
        var random = SplitMix64(seed: 7)
        let pieces = [
            "\"eventName\":\"Run\"", "\"eventName\":\"RunInstances\"", "\\\"eventName\\\":\\\"X\\\"",
            "\\u0041", "\\\\", "\\",
            "\"", "{", "}", "[", "]", ",", ":", " ", "tN", "_u", "class_uid", "eventNam", "tName\":\"Q\"",
            "abcdefghij", "é", "t", "\"eventSource\":\"x.amazonaws.com\",", "\"eventSource\":",
            "\\\"eventSource\\\":\\\"x.amazonaws.com\\\",",
        ]
        for _ in 0..<20_000 {
            var text = "{"
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                text += pieces.randomElement(using: &random) ?? ""
            }
            let bytes = Array(text.utf8)
            let offset = Int.random(in: 0...min(9, bytes.count - 1), using: &random)
            bytes.withUnsafeBytes { whole in
                let part = UnsafeRawBufferPointer(rebasing: whole[offset...])
                let names = Self.levels.map { $0.names(in: part) }.map {
                    [
                        $0.suspicious ? 1 : 0, $0.suspicious ? 0 : $0.plain, $0.suspicious ? 0 : $0.escaped,
                        $0.one_other_call ? 1 : 0, !$0.suspicious && $0.may_be_several ? 1 : 0,
                    ]
                }
                #expect(names.allSatisfy { $0 == names[0] }, "\(text.debugDescription)")
                let extents = Self.levels.map { $0.extent(in: whole, from: 0) }
                    .map { "\($0.end) \($0.closed) \($0.in_string)" }
                #expect(extents.allSatisfy { $0 == extents[0] }, "\(text.debugDescription)")
            }
        }
    }

    /// What is passed over in one scan is what an extent and the names in it tell, member by member.
    @Test
    func membersArePassedOverAsOneByOne() {
        var random = SplitMix64(seed: 21)
        let seeds = [
            Samples.share, Samples.launch, Samples.other, Samples.record("DescribeImages"), "{}", "[]",
            "1",
        ]
        let separators = [",", ",", ",", ",", ",", " ,\n", ",,", "", ", x ", "]"]
        var counts: [Int] = []
        for _ in 0..<10_000 {
            var text = ""
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                var member =
                    Bool.random(using: &random) ? Samples.other : seeds.randomElement(using: &random) ?? ""
                if Int.random(in: 0..<3, using: &random) == 0 { member = Mutation.mutate(member, &random) }
                text += member + (separators.randomElement(using: &random) ?? "")
            }
            guard text.hasPrefix("{") else { continue }
            let bytes = Array(text.utf8)
            let maximum = Int.random(in: 0..<10, using: &random) == 0 ? 2 : Int.max
            bytes.withUnsafeBytes { bytes in
                let expected = Self.passedOver(bytes, atMost: maximum)
                counts.append(expected[0])
                for prefilter in Self.levels {
                    let run = prefilter.ignorableMembers(in: bytes, from: 0, atMost: maximum)
                    let found = [run.count, run.end, run.next_start, run.next_end]
                    #expect(found == expected, "\(text)")
                }
            }
        }
        #expect(counts.reduce(0, +) > 5_000)
    }

    private static func passedOver(_ bytes: UnsafeRawBufferPointer, atMost maximum: Int) -> [Int] {
        var (count, end, start) = (0, 0, 0)
        while count < maximum {
            let extent = levels[0].extent(in: bytes, from: start)
            guard extent.closed else { break }
            let names = levels[0].names(in: bytes.part(start, extent.end))
            guard names.one_other_call else {
                return [count, end, start, extent.end]
            }
            count += 1
            end = extent.end
            let comma = bytes.skippingSpace(from: end)
            guard comma < bytes.count, bytes[comma] == UInt8(ascii: ",") else { break }
            start = bytes.skippingSpace(from: comma + 1)
            guard start < bytes.count, bytes[start] == UInt8(ascii: "{") else { break }
        }
        return [count, end, 0, 0]
    }

    /// No mutated record that the strict oracle takes for a watched call is ever ignored.
    @Test
    func soundOnMutatedRecords() {
        var random = SplitMix64(seed: 42)
        let seeds =
            [Samples.share, Samples.launch]
            + WatchedCall.allCases.map { Samples.record($0.name, source: $0.source) }
        let quick = RecordReader()
        let thorough = RecordReader(validate: .all)
        var watched = 0
        var ignoredAtOnce = 0
        for index in 0..<60_000 {
            // However many calls are watched, some are not.
            let seed = index % 12 == 0 ? Samples.other : seeds[index * 7 / 12 % seeds.count]
            let text = Mutation.mutate(seed, &random)
            let bytes = Array(text.utf8)
            let fast = quick.gather(message: bytes)
            let slow = thorough.gather(message: bytes)
            #expect(fast.records == slow.records, "\(text)")
            guard let oracle = StrictJSON.parse(bytes) else {
                #expect(slow.records.isEmpty, "\(text)")
                continue
            }
            // A record without a name of its own but with one inside is a dead letter only to those who parse it.
            #expect(
                fast.read == slow.read && (fast == slow || fast.records.isEmpty && fast.letters.isEmpty),
                "\(text)"
            )
            if let call = WatchedCall.allCases.first(where: { $0.name == oracle["eventName"]?.text }),
                oracle["eventSource"]?.text == call.source
            {
                watched += 1
                for prefilter in Self.levels {
                    bytes.withUnsafeBytes { #expect(!prefilter.ignores($0), "\(text)") }
                }
                // A lookup of images that names none tells nothing: ImageLookupTests.
                let mayBeIgnored = call.name == WatchedCall.describeImages.name
                let handedOver = slow.records.count + slow.letters.count + (mayBeIgnored ? slow.ignored : 0)
                #expect(handedOver == 1, "\(text)")
            } else if bytes.withUnsafeBytes({ Self.levels[0].ignores($0) }) {
                ignoredAtOnce += 1
            }
        }
        #expect(watched > 20_000 && ignoredAtOnce > 500, "\(watched) \(ignoredAtOnce)")
    }
}
