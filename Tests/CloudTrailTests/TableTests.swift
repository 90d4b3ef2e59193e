import CloudTrail
import CloudTrailTestSupport
import TestSupport
import Testing

/// CSV is told once, with what to do instead.
@Suite
struct TableTests {
    static let headers = [
        #""eventversion","useridentity","eventtime","eventsource","eventname","awsregion""#,
        "eventID,eventTime,eventName,userIdentity", "Event name,Event time,User name,Event source",
        "\"event_time\";\"event_name\"", "eventTime\teventName\r",
    ]
    private static let row =
        #""1.11","{type=AssumedRole, arn=arn:aws:x}","2026-03-04T05:06:07Z","ec2.amazonaws.com""#

    @Test(arguments: headers)
    func isToldOnce(_ header: String) throws {
        let rows = Array(repeating: Self.row, count: 500)
        let table = ([header] + rows).joined(separator: "\n") + "\n"
        for bytes in [
            Array(table.utf8), try Packing.gzip(Array(table.utf8)), [0xEF, 0xBB, 0xBF] + Array(table.utf8),
        ] {
            for found in [RecordReader().gather(file: bytes), RecordReader().gather(message: bytes)] {
                #expect(
                    found.letters.map(\.reason) == [.notJSON] && found.read == 1,
                    "\(found.letters.count)"
                )
                #expect(found.letters.first?.text.contains("--output json") == true)
                #expect(found.letters.first?.bytes == Array(table.dropLast().utf8))
            }
        }
    }

    /// Records that follow in the same file are read.
    @Test
    func takesNothingWithIt() {
        let file = "\(Self.headers[0])\n\(Self.row)\n\(Samples.share)\n\(Samples.other)\n"
        let found = RecordReader().gather(file: Array(file.utf8))
        #expect(found.records.count == 1 && found.ignored == 1 && found.letters.count == 1)
    }

    @Test(arguments: [
        "eventName", "one,two,three", #""eventName""#, "eventName,x", "the eventTime, and the eventName",
        "eventNames,eventTimes", String(repeating: ",", count: 100_000),
    ])
    func anythingElseIsAsBefore(_ text: String) {
        for letter in RecordReader().gather(message: text).letters {
            #expect(!letter.text.contains("CSV"), "\(letter.text)")
        }
        let list = #"["eventName","eventTime"]"#
        #expect(RecordReader().gather(message: list).letters.allSatisfy { !$0.text.contains("CSV") })
    }
}
