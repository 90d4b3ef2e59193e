import CloudTrail
import CloudTrailTestSupport
import Compression
import TestSupport
import Foundation
import Testing

@Suite
struct EnvelopeTests {
    static let record = Samples.share
    static let text = Samples.string(record)

    static func gzip(_ bytes: [UInt8]) -> [UInt8] { (try? Packing.gzip(bytes)) ?? [] }

    static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    static var envelopes: [(String, [UInt8])] { Envelopes.all(of: record, gzip: gzip) }

    @Test(arguments: envelopes)
    func theSameRecordComesOutOfEveryEnvelope(_ name: String, _ message: [UInt8]) throws {
        let expected = RecordReader().gather(message: Self.record).records
        #expect(expected.count == 1)
        for validation in Validation.allCases {
            let reader = RecordReader(validate: validation)
            for gathered in [reader.gather(message: message), reader.gather(file: message)] {
                #expect(gathered.records == expected, "\(name): \(gathered.letters.map(\.text))")
                #expect(gathered.read == 1)
                let bare = try #require(gathered.bare.first)
                #expect(
                    reader.gather(message: bare).records == expected,
                    "\(name): the bare record reads the same"
                )
                #expect(StrictJSON.parse(bare)?["eventName"]?.text == "ModifyImageAttribute")
            }
        }
    }

    @Test
    func membersAreCountedAndJudgedAlone() {
        let reader = RecordReader()
        let bad = Samples.record("CreateTags", time: "never")
        let members = [
            Samples.other, Samples.share, bad, Samples.launch, Samples.other, #"{"eventSource":"x"}"#, "null",
            "5", "\"text\"",
        ]
        let gathered = reader.gather(message: "{\"Records\":[" + members.joined(separator: " , ") + "]}")
        #expect(gathered.ignored == 3 && gathered.records.count == 2)
        #expect(gathered.letters.map(\.reason) == [.unreadableTime, .unrecognised, .wrongType, .notJSON])
        #expect(gathered.letters.map(\.recordIndex) == [2, 5, 7, 8])
        #expect(gathered.letters.first?.bytes == Array(bad.utf8))
        let events = [Samples.other, Samples.share, Samples.other].map {
            #"{"id":"1","message":\#(Samples.string($0))}"#
        }
        let logs = reader.gather(
            message: #"{"messageType":"DATA_MESSAGE","logEvents":[\#(events.joined(separator: ","))]}"#
        )
        #expect(logs.ignored == 2 && logs.records.count == 1 && logs.letters.isEmpty)
        let irrelevant = events[0] + "," + events[2]
        #expect(
            reader.gather(message: #"{"messageType":"DATA_MESSAGE","logEvents":[\#(irrelevant)]}"#).ignored
                == 2
        )
        #expect(
            reader.gather(
                message: "[" + Array(repeating: Samples.other, count: 1000).joined(separator: ",") + "]"
            ).ignored == 1000
        )
    }

    @Test(arguments: [
        "", "  ", "null", "[]", #"{"Records":[]}"#,
        #"{"messageType":"CONTROL_MESSAGE","logEvents":[{"id":"","message":"CWL CONTROL MESSAGE: Checking health"}]}"#,
        #"{"s3Bucket":"b","s3ObjectKey":["k"]}"#,
        #"{"Type":"Notification","Message":"{\"s3Bucket\":\"b\",\"s3ObjectKey\":[\"k\"]}"}"#,
        #"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{}},{"eventSource":"aws:s3","eventName":"ObjectCreated:Put"}]}"#,
        #"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}"#,
        #"{"awsAccountId":"123456789012","digestStartTime":"2026-01-01T00:00:00Z","logFiles":[]}"#,
        #"{"eventVersion":"1.08","eventType":"AwsCloudTrailInsight","insightDetails":{"eventName":"RunInstances","eventSource":"ec2.amazonaws.com"}}"#,
        #"{"eventVersion":"1.0","eventCategory":"Aggregated","eventType":"AwsAggregatedEvent","timeWindow":{},"summary":{}}"#,
        #"{"detail-type":"EC2 Instance State-change Notification","account":"123456789012","detail":{"state":"running"}}"#,
        #"{"schema":null,"payload":null}"#, #"{"payload":{"before":{},"after":null,"op":"d"}}"#,
        #"{"class_uid":3002,"activity_id":1}"#,
    ])
    func messagesWithoutRecordsAreOneIgnoredRead(_ message: String) {
        for validation in Validation.allCases {
            let gathered = RecordReader(validate: validation).gather(message: message)
            #expect(gathered.ignored == 1 && gathered.read == 1, "\(gathered.letters.map(\.text))")
        }
    }

    @Test
    func ocsf() throws {
        let request =
            #"{"imageId":"ami-0abcdef1234567890","launchPermission":{"add":{"items":[{"userId":"012345678901"}]}},"attributeType":"launchPermission"}"#
        for data in [request, Samples.string(request)] {
            let event = Samples.ocsf(request: data)
            let gathered = RecordReader().gather(message: event)
            #expect(gathered.records == RecordReader().gather(message: Self.record).records)
            #expect(gathered.bare == [Array(event.utf8)])
            let failed = event.replacingOccurrences(
                of: "\"error\":null",
                with: "\"error\":\"Client.UnauthorizedOperation\""
            )
            #expect(
                RecordReader().gather(message: failed).records.first?.error == "Client.UnauthorizedOperation"
            )
            #expect(
                RecordReader().gather(
                    message: event.replacingOccurrences(of: "ModifyImageAttribute", with: "DescribeVolumes")
                ).ignored == 1
            )
        }
    }

    @Test
    func accounts() throws {
        func account(_ message: String, known: AccountID? = nil) -> String? {
            RecordReader().gather(message: message, account: known).records.first?.account.description
        }
        func share(_ account: String?) -> String {
            Samples.record("DisableImage", request: #"{"imageId":"ami-1"}"#, account: account)
        }
        #expect(account(share("\"012345678901\"")) == "012345678901")
        #expect(account(share("12345678901")) == "012345678901")
        #expect(account(share("123123123123.0")) == "123123123123")
        // Absent, all zeros, too short: the next source is asked.
        for unusable in [nil, "null", "\"000000000000\"", "\"12345\"", "{}", "true", "1234567890123", "0"] {
            #expect(account(share(unusable)) == "123456789012", "\(unusable ?? "absent")")
            let bridge =
                #"{"detail-type":"AWS API Call via CloudTrail","account":"999999999999","detail":\#(share(unusable))}"#
            #expect(account(bridge) == "999999999999")
        }
        #expect(account(share("\"012345678901\""), known: AccountID("555555555555")) == "555555555555")
        let owned = Samples.record(
            "DisableImage",
            request: #"{"imageId":"ami-1"}"#,
            response: #"{"ownerId":"777777777777"}"#,
            account: nil
        )
        #expect(account(owned) == "777777777777")
        let nobody =
            #"{"eventTime":"2026-01-01T00:00:00Z","eventSource":"ec2.amazonaws.com","eventName":"DisableImage"}"#
        #expect(RecordReader().gather(message: nobody).letters.map(\.reason) == [.noAccount])
    }

    @Test(arguments: [
        ("\"eventTime\":\"2026-03-04T05:06:07Z\"", "\"eventTime\":5", DeadLetter.Reason.wrongType),
        ("\"eventTime\":\"2026-03-04T05:06:07Z\"", "\"eventTime\":\"2026-02-30T00:00:00Z\"", .unreadableTime),
        ("\"eventTime\":\"2026-03-04T05:06:07Z\",", "", .unreadableTime),
        ("\"eventSource\":\"ec2.amazonaws.com\"", "\"eventSource\":null", .unreadableSource),
        ("\"eventSource\":\"ec2.amazonaws.com\"", "\"eventSource\":[]", .wrongType),
        ("\"eventName\":\"ModifyImageAttribute\"", "\"eventName\":7", .wrongType),
        ("\"eventName\":\"ModifyImageAttribute\"", "\"eventName\":\"\"", .unreadableName),
        ("\"awsRegion\":\"eu-central-1\"", "\"awsRegion\":{}", .wrongType),
        ("\"userIdentity\":{", "\"userIdentity\":5,\"other\":{", .wrongType),
        ("\"eventID\":\"11111111-2222-4333-8444-555555555555\"", "\"eventID\":1", .wrongType),
    ])
    func brokenFramesAreDeadLetters(_ old: String, _ new: String, _ reason: DeadLetter.Reason) {
        let gathered = RecordReader().gather(message: Self.record.replacingOccurrences(of: old, with: new))
        #expect(gathered.letters.map(\.reason) == [reason] && gathered.read == 1)
    }

    @Test
    func withoutAnIdTheHashIsTheSameInEveryEnvelope() throws {
        let bare = Samples.record("DisableImage", request: #"{"imageId":"ami-1"}"#, id: nil)
        let first = try #require(RecordReader().gather(message: bare).records.first)
        let second = try #require(
            RecordReader().gather(message: #"{"aws":\#(bare.dropLast() + ",\"log_info\":{}}")}"#).records
                .first
        )
        #expect(first == second && first.id.description.hasPrefix("sha256/"))
        let other = bare.replacingOccurrences(of: "ami-1", with: "ami-2")
        #expect(RecordReader().gather(message: other).records.first?.id != first.id)
    }

    @Test
    func peekedTime() {
        let reader = RecordReader()
        for (name, message) in Self.envelopes
        where !name.contains("base64") && name != "connect gzip" && !name.contains("awslogs")
            && !name.contains("gzip gzip") && name != "connect gzip gzip"
        {
            message.withUnsafeBytes {
                #expect(reader.eventTime(of: $0)?.description == "2026-03-04T05:06:07Z", "\(name)")
            }
        }
    }

    @Test("A reader says what the records of a message came in", arguments: EnvelopeTests.envelopes)
    func namesEnvelope(name: String, bytes: [UInt8]) throws {
        let kinds: [(String, Envelope)] = [
            ("late records", .logFile), ("spaced records", .logFile), ("records in", .connect),
            ("records", .logFile), ("list", .list), ("eventbridge", .eventBridge),
            ("logstash", .record), ("logs", .cloudWatchLogs), ("connect", .connect), ("debezium", .connect),
            ("lookup page", .lookupEvents), ("awslogs", .wrapper), ("wazuh", .wrapper),
            ("elastic", .wrapper), ("lookup", .wrapper), ("sns", .wrapper),
        ]
        let expected = kinds.first { name.hasPrefix($0.0) }?.1 ?? .record
        let reader = RecordReader()
        bytes.withUnsafeBytes { reader.read(message: $0) { _ in } }
        #expect(reader.envelope == expected)
    }
}
