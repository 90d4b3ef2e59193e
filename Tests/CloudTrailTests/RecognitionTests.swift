import CloudTrail
import CloudTrailTestSupport
import Testing

/// What has the frame of a record is a record, whatever containers' keys stand beside it.
@Suite
struct RecognitionTests {
    static let keys = [
        "Records", "logEvents", "Events", "detail", "payload", "after", "aws", "awslogs", "event",
        "event.original",
        "CloudTrailEvent", "message",
    ]
    static let values = [
        "[]", "[ ]", "[{}]", "[1]", "[\"x\"]", "null", "{}", "\"\"", "0", "\"Records\"", "[[]]", "[null]",
    ]

    /// A share as members of its object; `without` leaves one of them out.
    private static func members(without key: String = "") -> [String] {
        [
            (#"eventTime"#, #""2026-03-04T05:06:07Z""#), ("eventSource", #""ec2.amazonaws.com""#),
            ("eventName", #""DisableImage""#), ("awsRegion", #""eu-central-1""#),
            ("recipientAccountId", #""123456789012""#), ("requestParameters", #"{"imageId":"ami-1"}"#),
            ("eventID", #""11111111-2222-4333-8444-555555555555""#),
        ].filter { $0.0 != key }.map { "\"\($0.0)\":\($0.1)" }
    }

    private static func documents(_ members: [String], _ extra: String) -> [String] {
        (0...members.count).map { place in
            "{" + (members[..<place] + [extra] + members[place...]).joined(separator: ",") + "}"
        }
    }

    @Test(arguments: keys)
    func aWholeFrame(_ key: String) throws {
        let plain = "{\(Self.members().joined(separator: ","))}"
        let expected = RecordReader().gather(message: plain).records
        #expect(expected.count == 1)
        for value in Self.values {
            for document in Self.documents(Self.members(), "\"\(key)\":\(value)") {
                for text in [document, " " + document + "\n", "{\"Records\":[\(document)]}"] {
                    let found = RecordReader().gather(message: text)
                    #expect(found.records == expected && found.read == 1, "\(text)")
                    #expect(RecordReader(validate: .all).gather(message: text) == found, "\(text)")
                    #expect(RecordReader().gather(file: Array(text.utf8)) == found, "\(text)")
                }
            }
        }
    }

    /// Without a name or a source it is no record; where it names a watched call it is never passed over either.
    @Test(arguments: keys, ["eventName", "eventSource", "eventTime"])
    func aPartOfAFrame(_ key: String, _ missing: String) {
        for value in ["[]", "null", "{}"] {
            for document in Self.documents(Self.members(without: missing), "\"\(key)\":\(value)") {
                let found = RecordReader().gather(message: document)
                #expect(found.records.isEmpty && found.read == 1, "\(document)")
                #expect(found.letters.count == 1, "\(document)")
            }
        }
    }

    /// Records in a list are read also where the list's object is a record.
    @Test(arguments: ["Records", "Events"])
    func bothCount(_ key: String) {
        for document in Self.documents(Self.members(), "\"\(key)\":[\(Samples.share)]") {
            let found = RecordReader().gather(message: document)
            #expect(found.records.count == 2 && found.letters.isEmpty, "\(document)")
        }
    }

    @Test(arguments: ["Records", "logEvents", "Events"])
    func anEmptyContainer(_ key: String) {
        for text in ["{\"\(key)\":[]}", "{\"x\":1,\"\(key)\":[]}", "{\"\(key)\":[ ],\"x\":1}"] {
            #expect(RecordReader().gather(message: text).ignored == 1)
            #expect(RecordReader().gather(message: text).read == 1)
        }
    }
}
