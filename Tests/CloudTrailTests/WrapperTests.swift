@testable import CloudTrail
import CloudTrailTestSupport
import Compression
import Foundation
import TestSupport
import Testing

/// Records in wrappers that have no code of their own.
@Suite
struct WrapperTests {
    private static let record = Samples.share
    private static let text = Samples.string(record)
    private static let logs =
        #"{"messageType":"DATA_MESSAGE","owner":"123456789012","logEvents":[{"id":"1","message":\#(text)}]}"#
    private static let packed = EnvelopeTests.base64(EnvelopeTests.gzip(Array(logs.utf8)))
    private static let bridge =
        #"{"version":"0","detail-type":"AWS API Call via CloudTrail","account":"123456789012","detail":\#(record)}"#

    private static func kinesis(_ data: String) -> String {
        #"{"Records":[{"kinesis":{"partitionKey":"k","sequenceNumber":"7","data":"\#(data)"},"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"shardId-0:7","eventName":"aws:kinesis:record","awsRegion":"eu-west-1"}]}"#
    }

    private static func forwarded(_ member: String) -> String {
        #"{"eventName":"Arrived","eventSource":"gateway",\#(member)}"#
    }

    static let wrappers: [(name: String, message: String)] = [
        (
            "Filebeat",
            #"{"@timestamp":"2026-03-04T05:07:00Z","@metadata":{"beat":"filebeat"},"input":{"type":"aws-s3"},"aws":{"s3":{"bucket":{"name":"trail"}}},"event":{"kind":"event"},"log":{"offset":3},"message":\#(text)}"#
        ),
        ("a whole log file", #"{"agent":"v","message":\#(Samples.string("{\"Records\":[\(record)]}"))}"#),
        ("Fluent Bit", #"{"date":1772600767.0,"log":\#(Samples.string(record + "\n"))}"#),
        ("SQS", #"{"messageId":"1","receiptHandle":"r","body":\#(Samples.string(bridge))}"#),
        (
            "SQS for Lambda, SNS inside",
            #"{"Records":[{"messageId":"1","body":\#(Samples.string("{\"Type\":\"Notification\",\"Message\":\(Samples.string(bridge))}")),"eventSource":"aws:sqs","awsRegion":"eu-west-1"}]}"#
        ),
        (
            "Wazuh",
            #"{"rule":{"id":"1"},"data":{"integration":"aws","aws":\#(record)},"location":"Wazuh-AWS"}"#
        ),
        ("a search's hits", #"{"took":3,"hits":{"total":1,"hits":[{"_index":"i","_source":\#(record)}]}}"#),
        ("Splunk", #"{"time":1772600767,"sourcetype":"aws:cloudtrail","event":\#(record)}"#),
        (
            "filter-log-events",
            #"{"events":[{"logStreamName":"s","message":\#(text)}],"searchedLogStreams":[]}"#
        ),
        ("Kinesis", kinesis(packed)),
        ("Kinesis, not packed", kinesis(EnvelopeTests.base64(Array(record.utf8)))),
        (
            "DynamoDB",
            #"{"Records":[{"eventID":"1","eventName":"INSERT","eventSource":"aws:dynamodb","dynamodb":{"NewImage":{"doc":{"S":\#(text)}}}}]}"#
        ),
        (
            "DynamoDB, binary",
            #"{"Records":[{"eventID":"1","eventName":"INSERT","eventSource":"aws:dynamodb","dynamodb":{"NewImage":{"doc":{"B":"\#(packed)"}}}}]}"#
        ),
        ("other names outside", forwarded(#""inner":\#(record)"#)),
        ("other names outside, base64", forwarded(#""inner":"\#(packed)""#)),
        ("other names outside, text", forwarded(#""inner":\#(text)"#)),
        ("a summary beside", #"{"about":{"eventName":"Batch","eventSource":"gateway"},"blob":"\#(packed)"}"#),
        ("a source that only looks so", forwarded(#""host":"a.amazonaws.com","inner":"\#(packed)""#)),
        ("six deep", #"{"a":{"b":{"c":{"d":{"e":{"f":\#(record)}}}}}}"#),
        ("texts in texts", #"{"a":\#(Samples.string(#"{"b":\#(Samples.string(#"{"c":\#(text)}"#))}"#))}"#),
        ("awslogs", #"{"awslogs":{"data":"\#(packed)"}}"#),
    ]

    @Test(arguments: wrappers.map(\.name))
    func theSameRecordComesOut(_ name: String) throws {
        let message = try #require(Self.wrappers.first { $0.name == name }).message
        let expected = RecordReader().gather(message: Self.record).records
        let packed = String(
            decoding: Data(EnvelopeTests.gzip(Array(message.utf8))).base64EncodedData(),
            as: UTF8.self
        )
        for validation in Validation.allCases {
            let reader = RecordReader(validate: validation)
            for text in [message, "[\(message)]", " \(message)\n", packed] {
                let found = reader.gather(message: text)
                #expect(found.records == expected && found.read == 1, "\(found)")
                #expect(reader.gather(file: Array(text.utf8)) == found)
                let bare = try #require(found.bare.first)
                #expect(reader.gather(message: bare).records == expected)
            }
        }
    }

    /// Another call's record in a wrapper is one ignored read.
    @Test(arguments: wrappers.map(\.name))
    func anotherCallIsIgnored(_ name: String) throws {
        let message = try #require(Self.wrappers.first { $0.name == name }).message
        guard message.contains("ModifyImageAttribute") else { return }
        let other = message.replacingOccurrences(of: "ModifyImageAttribute", with: "DescribeImageAttribute")
        for validation in Validation.allCases {
            let found = RecordReader(validate: validation).gather(message: other)
            #expect(found.ignored == 1 && found.read == 1, "\(found)")
        }
    }

    @Test
    func everyRecordOfAWrapper() {
        let members = [Samples.share, Samples.other, Samples.launch].map { #"{"value":\#($0),"offset":1}"# }
        let found = RecordReader().gather(
            message: #"{"topic":"t","records":[\#(members.joined(separator: ","))]}"#
        )
        #expect(found.records.count == 2 && found.ignored == 1 && found.letters.isEmpty)
        let texts = [Samples.share, Samples.other, Samples.launch].map {
            #"{"value":\#(Samples.string($0))}"#
        }
        let again = RecordReader().gather(message: #"{"records":[\#(texts.joined(separator: ","))]}"#)
        #expect(again == found || again.records == found.records && again.ignored == 1)
    }

    /// What is broken within is told, and takes nothing else with it.
    @Test
    func brokenRecordsWithin() {
        let late = Samples.record("CreateTags", time: "never")
        let cut = String(Samples.share.dropLast(9))
        for broken in [late, Samples.string(late), Samples.string(cut)] {
            let found = RecordReader().gather(
                message: #"{"a":{"x":\#(broken)},"b":\#(Self.text),"c":"{\"k\":"}"#
            )
            #expect(found.records.count == 1 && found.letters.count == 1 && found.read == 2, "\(found)")
        }
    }

    /// In which nothing is found is a dead letter, which names what it has.
    @Test(arguments: [
        (#"{"alpha":1,"beta":{"gamma":[{},"x"]}}"#, "alpha, beta"),
        (#"{"tags":"[]","text":"x"}"#, "tags, text"), ("{}", "nothing"),
        (kinesis("aGVsbG8="), "kinesis, eventSource"),
        (forwarded(#""inner":"none""#), "eventName, eventSource, inner"),
        (#"{"a":"0123456789012345678901234567890123456789012345678901234567890123456789"}"#, "a"),
        (#"{"a":"e30gYW5kIG1vcmUgdGhhdCBpcyBubyBkb2N1bWVudCBhdCBhbGwsIGJ1dCBiYXNlNjQgb2YgdGV4dA"}"#, "a"),
        ("{\"a\u{7F}b\":1}", "?"),
        (#"{"a":"{ not JSON, and long enough to be looked at, for there is a bracket"}"#, "a"),
    ])
    func nothingFound(_ message: String, _ members: String) {
        for validation in Validation.allCases {
            let found = RecordReader(validate: validation).gather(message: message)
            #expect(found.letters.map(\.reason) == [.unrecognised] && found.read == 1, "\(found)")
            #expect(found.letters.first?.text.contains("it has \(members)") == true, "\(found)")
        }
    }

    /// What a record says is no wrapper: whoever calls an API can write anything into its parameters.
    @Test
    func nothingIsSearchedInARecord() {
        for (inner, name) in [(Self.record, "plain"), (Self.text, "text"), ("\"\(Self.packed)\"", "packed")] {
            let outer = Samples.record(
                "PutEvents",
                source: "events.amazonaws.com",
                request: "{\"x\":\(inner)}"
            )
            for message in [outer, "{\"a\":\(outer)}", #"{"message":\#(Samples.string(outer))}"#] {
                for validation in Validation.allCases {
                    let found = RecordReader(validate: validation).gather(message: message)
                    #expect(found.ignored == 1 && found.read == 1, "\(name): \(message)")
                }
            }
        }
        let other =
            #"{"detail-type":"Order placed","account":"123456789012","detail":{"order":\#(Self.record)}}"#
        #expect(RecordReader().gather(message: other).ignored == 1, "another service's event")
    }

    /// A watched call that lacks something is told, also beside a sound one.
    @Test
    func aRecordThatLacksSomething() {
        let broken = Self.record.replacingOccurrences(of: #""eventSource":"ec2.amazonaws.com","#, with: "")
        let found = RecordReader().gather(message: #"{"a":\#(broken),"b":\#(Self.record)}"#)
        #expect(found.records.count == 1 && found.letters.map(\.reason) == [.unreadableSource])
    }

    /// Wherever its members stand, another call's record is passed over, and a wrapper's name is no record's.
    @Test
    func inAnyOrderOfMembers() {
        let members = [
            #""eventTime":"2026-03-04T05:06:07Z""#, #""eventSource":"s3.amazonaws.com""#,
            #""eventName":"PutObject""#,
            #""x":{"eventSource":["aws:s3"],"y":"}"}"#, #""z":"eventSource""#,
        ]
        var random = SplitMix64(seed: 4)
        for _ in 0..<200 {
            let record = "{\(members.shuffled(using: &random).joined(separator: ","))}"
            for validation in Validation.allCases {
                let found = RecordReader(validate: validation).gather(message: record)
                #expect(found.ignored == 1 && found.read == 1, "\(record)")
            }
            Array(record.utf8).withUnsafeBytes {
                for prefilter in PrefilterTests.levels { #expect(prefilter.ignores($0), "\(record)") }
            }
        }
    }

    /// What is known to hold no record is ignored in a wrapper, too.
    @Test
    func controlMessages() {
        let control =
            #"{"messageType":"CONTROL_MESSAGE","logEvents":[{"id":"","message":"CWL CONTROL MESSAGE"}]}"#
        for data in [
            EnvelopeTests.base64(Array(control.utf8)),
            EnvelopeTests.base64(EnvelopeTests.gzip(Array(control.utf8))),
        ] {
            let found = RecordReader().gather(message: Self.kinesis(data))
            #expect(found.ignored == 1 && found.read == 1, "\(found)")
        }
    }

    @Test
    func tooDeep() {
        var message = Self.record
        for _ in 0..<7 { message = #"{"a":\#(message)}"# }
        #expect(RecordReader().gather(message: message).letters.map(\.reason) == [.tooDeep])
        var texts = Self.record
        for _ in 0..<9 { texts = #"{"a":\#(Samples.string(texts))}"# }
        #expect(RecordReader().gather(message: texts).letters.map(\.reason) == [.tooDeep])
    }

    /// Bombs are told, and cost no more than elsewhere.
    @Test
    func bombs() {
        let zeros = EnvelopeTests.gzip([UInt8](repeating: 0x20, count: 3 << 20))
        let limits = Limits(decompression: .init(size: 2 << 20, ratio: 100_000))
        let found = RecordReader(limits: limits).gather(message: Self.kinesis(EnvelopeTests.base64(zeros)))
        #expect(found.letters.map(\.reason) == [.decompressedTooLarge])
        let many = Array(repeating: #"{"a":{"Records":[{"#, count: 30_000).joined()
        #expect(RecordReader().gather(message: many).read >= 1)
        // As many lists of lists and texts as fit: the work does not grow with their depth.
        let lists = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        let long = "{\"a\":[\(Array(repeating: lists, count: 20_000).joined(separator: ","))]}"
        #expect(RecordReader().gather(message: long).letters.map(\.reason) == [.unrecognised])
        let members = (0..<200_000).map { "\"m\($0)\":\"{}\"" }.joined(separator: ",")
        #expect(RecordReader().gather(message: "{\(members)}").letters.map(\.reason) == [.unrecognised])
        let sources = Array(repeating: #""x":{"eventSource":"a.amazonaws.com"}"#, count: 100_000)
        let manySources = RecordReader().gather(
            message: "{\(sources.joined(separator: ",")),\"eventName\":\"A\"}"
        )
        #expect(manySources.read == 1)
        let nested =
            Array(repeating: #"{"a":"#, count: 120).joined() + "1" + String(repeating: "}", count: 120)
        #expect(RecordReader().gather(message: nested).letters.map(\.reason) == [.unrecognised])
    }

    /// Nothing crashes, both ways of reading agree, and everything is counted, whatever the bytes.
    @Test
    func randomDamage() {
        var random = SplitMix64(seed: 61)
        let seeds = Self.wrappers.map { Array($0.message.utf8) }
        let (quick, thorough) = (RecordReader(), RecordReader(validate: .all))
        var records = 0
        for index in 0..<8_000 {
            var bytes = seeds[index % seeds.count]
            for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                case 2:
                    bytes.insert(Array("{}[]\",:\\\n0".utf8).randomElement(using: &random) ?? 0, at: place)
                case 3: bytes.insert(contentsOf: seeds[(index * 7) % seeds.count], at: place)
                default: bytes.removeSubrange(place..<min(bytes.count, place + 40))
                }
            }
            let found = quick.gather(message: bytes)
            #expect(found.read >= 1)
            #expect(
                found.records == thorough.gather(message: bytes).records,
                "\(String(decoding: bytes, as: UTF8.self))"
            )
            _ = quick.gather(file: bytes)
            records += found.records.count
        }
        #expect(records > 500)
    }
}
