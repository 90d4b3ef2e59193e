import Foundation
import TestSupport

/// One record in every envelope that the reader knows, alone in it.
package enum Envelopes {
    /// The record, an object with a member at least, as it is, and in each envelope as text and packed, by name.
    package static func all(of record: String, gzip: ([UInt8]) -> [UInt8]) -> [(String, [UInt8])] {
        let plain = plain(of: record, gzip: gzip)
        var all = plain.map { ($0.0, Array($0.1.utf8)) }
        for (name, text) in plain where text.utf8.count < 100_000 {
            all.append((name + " gzip", gzip(Array(text.utf8))))
        }
        all.append(("bare zstd", Packing.zstd(Array(record.utf8))))
        all.append(("gzip gzip", gzip(gzip(Array(record.utf8)))))
        return all
    }

    /// The same as text; base64 may hold packed data.
    package static func plain(of record: String, gzip: ([UInt8]) -> [UInt8]) -> [(String, String)] {
        func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
        let text = StrictJSON.quoted(record)
        let packed = base64(gzip(Array(record.utf8)))
        let pretty = record.replacing(",\"", with: ",\n  \"").replacing("\":", with: "\" : ")
        let logs =
            #"{"messageType":"DATA_MESSAGE","owner":"999999999999","logGroup":"g","logEvents":[{"id":"1","timestamp":1,"message":\#(text)}]}"#
        let bridge =
            #"{"version":"0","id":"e","detail-type":"AWS API Call via CloudTrail","source":"aws.ec2","account":"999999999999","region":"eu-central-1","resources":[],"detail":\#(record)}"#
        let connect = #"{"schema":{"type":"string","optional":false},"payload":\#(text)}"#
        return [
            ("bare", record), ("pretty", pretty), ("records", "{\"Records\":[\(record)]}"),
            ("spaced records", " {\n \"Records\" : [ \(record) ] }\n"),
            ("late records", "{\"a\":[1,{}],\"Records\":[\(record)]}"),
            ("list", "[\(record)]"), ("eventbridge", bridge), ("logs", logs),
            ("awslogs", #"{"awslogs":{"data":"\#(base64(gzip(Array(logs.utf8))))"}}"#),
            ("connect string", connect), ("connect object", #"{"schema":null,"payload":\#(record)}"#),
            ("connect base64", #"{"schema":{"type":"bytes"},"payload":"\#(base64(Array(record.utf8)))"}"#),
            ("connect gzip", #"{"schema":{"type":"bytes"},"payload":"\#(packed)"}"#),
            ("connect in eventbridge", #"{"schema":{},"payload":\#(StrictJSON.quoted(bridge))}"#),
            ("records in payload", #"{"schema":{},"payload":{"Records":[\#(record)]}}"#),
            (
                "records in payload text",
                #"{"schema":{},"payload":\#(StrictJSON.quoted("{\"Records\":[\(record)]}"))}"#
            ),
            ("debezium", #"{"schema":{},"payload":{"before":null,"after":\#(text),"op":"c"}}"#),
            ("debezium object", #"{"payload":{"before":null,"after":\#(record),"op":"c"}}"#),
            (
                "wazuh",
                #"{"integration":"aws","aws":\#(record.dropLast() + ",\"log_info\":{\"s3bucket\":\"b\"}}")}"#
            ),
            ("elastic", #"{"@timestamp":"x","event":{"action":"ModifyImageAttribute","original":\#(text)}}"#),
            ("elastic dotted", #"{"event.original":\#(text)}"#),
            (
                "lookup",
                #"{"EventId":"1","EventName":"ModifyImageAttribute","ReadOnly":"false","CloudTrailEvent":\#(text)}"#
            ),
            ("lookup page", #"{"Events":[{"EventId":"1","CloudTrailEvent":\#(text)}],"NextToken":"n"}"#),
            (
                "panther",
                record.dropLast()
                    + #","p_log_type":"AWS.CloudTrail","p_any_aws_account_ids":["999999999999"]}"#
            ),
            ("logstash", record.dropLast() + #","@timestamp":"2026","@version":"1"}"#), ("json string", text),
            ("base64", base64(Array(record.utf8))), ("base64 gzip", packed),
            ("sns", #"{"Type":"Notification","MessageId":"1","Message":\#(StrictJSON.quoted(bridge))}"#),
        ]
    }
}
