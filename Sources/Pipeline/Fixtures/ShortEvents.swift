internal import Alerts

/// The events of a fixture, which may be told in short: a line says what differs from a usual CloudTrail record.
///
/// ```
/// {"at": "09:00", "call": "ModifyImageAttribute", "request": {"imageId": "ami-0abcdef0000000001", …}}
/// ```
///
/// | Key | What it says | When it is left out |
/// |---|---|---|
/// | `at` | `09:00` or `09:00:30` on 2026-03-02, or a whole `eventTime` | |
/// | `call`, `service` | `eventName`; `eventSource` without `.amazonaws.com` | `ec2` |
/// | `account`, `region` | of the actor and of the record | 111122223333, `us-east-1` |
/// | `by` | `user/NAME` or `role/NAME` | `user/ann` |
/// | `via` | the service that makes the call for the actor | none |
/// | `request`, `response` | `requestParameters`, `responseElements` | none; that it succeeded |
/// | `created`, `launched` | instead of a response: the new image; the new instances of the request's image | |
/// | `error`, `message` | `errorCode`, without a response then; `errorMessage` | none |
/// | `id` | the number in `eventID` and `requestID` | that of the line |
/// | `with` | anything else of the record, as a JSON merge patch (RFC 7396) | |
///
/// Any other line stands as it is.
package enum ShortEvents {
    /// What is wrong with a line.
    package struct Malformed: Error, CustomStringConvertible {
        /// The line's number, from 1.
        package let line: Int
        package let problem: String

        /// `events.jsonl:3: …`.
        package var description: String { "events.jsonl:\(line): \(problem)" }
    }

    private static let keys: Set = [
        "id", "at", "call", "service", "account", "region", "by", "via", "request", "response", "created",
        "launched", "error", "message", "with",
    ]

    /// The lines of a file as CloudTrail would have written them.
    package static func expanded(_ file: [UInt8]) throws(Malformed) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(file.count)
        for (index, line) in file.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            result += try record(line, number: index + 1)
            result.append(0x0A)
        }
        return result
    }

    private static func record(_ line: ArraySlice<UInt8>, number: Int) throws(Malformed) -> [UInt8] {
        guard let event = JSONTree(line), case .object(let members) = event, event["eventVersion"] == nil,
            let call = event["call"]?.text
        else { return Array(line) }
        if let unknown = members.first(where: { !keys.contains($0.key) }) {
            throw Malformed(
                line: number,
                problem:
                    "\(unknown.key) is none of an event's keys (\(keys.sorted().joined(separator: ", "))); "
                    + "anything else of the record stands under with"
            )
        }
        guard let at = event["at"]?.text else {
            throw Malformed(line: number, problem: "at, the time, is missing")
        }
        return usual(event, call, at: at, number: event["id"]?.integer ?? number)
            .patched(by: event["with"] ?? [:]).line
    }

    private static func usual(_ event: JSONTree, _ call: String, at: String, number: Int) -> JSONTree {
        let account = event["account"]?.text ?? "111122223333"
        let id = String(repeating: "0", count: max(0, 12 - "\(number)".count)) + "\(number)"
        let time = at.contains("T") ? at : "2026-03-02T\(at)\(at.utf8.count == 5 ? ":00" : "")Z"
        var record: JSONTree = [
            "eventVersion": "1.11",
            "userIdentity": identity(event["by"]?.text ?? "user/ann", account),
            "eventTime": .string(time),
            "eventSource": .string("\(event["service"]?.text ?? "ec2").amazonaws.com"),
            "eventName": .string(call),
            "awsRegion": event["region"] ?? "us-east-1",
            "sourceIPAddress": "192.0.2.10",
            "userAgent": "aws-cli/2.22.0",
            "requestParameters": event["request"] ?? .null,
            "responseElements": event["response"] ?? response(event, call, account),
            "requestID": .string("00000000-0000-4000-9000-\(id)"),
            "eventID": .string("00000000-0000-4000-8000-\(id)"),
            "readOnly": .boolean(false),
            "eventType": "AwsApiCall",
            "managementEvent": .boolean(true),
            "recipientAccountId": .string(account),
            "eventCategory": "Management",
        ]
        if let service = event["via"] {
            let change: JSONTree = [
                "userIdentity": ["invokedBy": service], "sourceIPAddress": service, "userAgent": service,
            ]
            record = record.patched(by: change)
        }
        for (key, name) in [("error", "errorCode"), ("message", "errorMessage")] {
            if let value = event[key] {
                record = record.patched(by: .object([.init(key: name, value: value)]))
            }
        }
        return record
    }

    private static func identity(_ actor: String, _ account: String) -> JSONTree {
        let parts = actor.split(separator: "/", maxSplits: 1)
        let name = parts.count == 2 ? String(parts[1]) : actor
        guard parts.first == "role" else {
            return [
                "type": "IAMUser", "principalId": "AIDAEXAMPLE0000000001",
                "arn": .string("arn:aws:iam::\(account):user/\(name)"), "accountId": .string(account),
                "userName": .string(name),
            ]
        }
        let issuer: JSONTree = [
            "type": "Role", "principalId": "AROAEXAMPLE0000000001",
            "arn": .string("arn:aws:iam::\(account):role/\(name)"), "accountId": .string(account),
            "userName": .string(name),
        ]
        return [
            "type": "AssumedRole", "principalId": "AROAEXAMPLE0000000001:session",
            "arn": .string("arn:aws:sts::\(account):assumed-role/\(name)/session"),
            "accountId": .string(account), "sessionContext": ["sessionIssuer": issuer],
        ]
    }

    /// What EC2 answers to a call that succeeds, in the shape of its request.
    private static func response(_ event: JSONTree, _ call: String, _ account: String) -> JSONTree {
        if event["error"] != nil { return .null }
        let requestID: JSONTree = "0f6b158f-0000-4000-8000-000000000000"
        if let image = event["created"] { return ["requestId": requestID, "imageId": image] }
        if let instances = event["launched"]?.elements {
            let image = event["request"]?["instancesSet"]?["items"]?.elements.first?["imageId"] ?? .null
            let launched = instances.enumerated().map { index, instance -> JSONTree in
                [
                    "instanceId": instance, "imageId": image, "amiLaunchIndex": .number("\(index)"),
                    "instanceState": ["code": .number("0"), "name": "pending"],
                ]
            }
            return [
                "requestId": requestID, "reservationId": "r-0abcdef0000000001",
                "ownerId": .string(account), "groupSet": [:], "instancesSet": ["items": .array(launched)],
            ]
        }
        guard event["request"]?["\(call)Request"] != nil else {
            return ["requestId": requestID, "_return": .boolean(true)]
        }
        let answer: JSONTree = [
            "xmlns": "http://ec2.amazonaws.com/doc/2016-11-15/", "requestId": requestID,
            "return": .boolean(true),
        ]
        return .object([.init(key: "\(call)Response", value: answer)])
    }
}
