import Alerts
import Configuration
import Detection
import Foundation
import Kafka
import KafkaTestSupport
import TestSupport
import Testing

@testable import Pipeline

/// The topic of findings: a table of what stands, in step with the alerts.
@Suite(.needsRealBroker, .ownThread)
struct FindingsTopicTests {
    @Test("Its last message of each finding is what the alerts say in the end")
    func isTable() throws {
        let history = History(seed: 41)
        let stage = try Stage(formats: [.native, .ocsf])
        try stage.produce(history.events)
        try stage.runToEnd()
        try expectInStep(stage)
        let table = try Dictionary(
            readAll(stage.topics.findings, at: stage.broker.bootstrapServers).map { ($0.key ?? "", $0) }
        ) { $1 }
        var last: [String: JSONTree] = [:]
        for message in try stage.alerts() {
            last[message.key ?? ""] = JSONTree(Array((message.value ?? "").utf8))
        }
        var compared = 0
        for (id, alert) in last {
            // Of several instances each has its own sentence and command, and may have an alert of its own since.
            guard let row = table[id], alert["instances"] == .null else { continue }
            let finding = try #require(JSONTree(Array((row.value ?? "").utf8)))
            guard finding["event"] == alert["event"], case .object(let members) = finding else { continue }
            for member in members where member.key != "schema" && member.key != "status" {
                #expect(member.value == alert[member.key], "\(member.key) of \(finding)")
            }
            let headers = row.headers.map { "\($0.name)=\(String(decoding: $0.value ?? [], as: UTF8.self))" }
            #expect(headers.contains("schema=amiwatch.finding/1"))
            #expect(headers.contains("content-type=application/json"))
            compared += 1
        }
        #expect(compared > 10)
    }

    @Test("A finding that is forgotten leaves its key without a value, and only then")
    func forgets() throws {
        let stage = try Stage()
        // Refused once: that ends by itself, and is forgotten when the account's clock has gone on for long enough.
        let image = "ami-0aa00000000000001"
        func share(_ second: Int, _ id: String, refused: Bool) -> String {
            let code = refused ? #","errorCode":"Client.UnauthorizedOperation","errorMessage":"no""# : ""
            let time = Date(timeIntervalSince1970: Double(1_773_738_000 + second)).ISO8601Format()
            return #"{"Records":[{"eventVersion":"1.10","eventTime":"\#(time)","#
                + #""eventSource":"ec2.amazonaws.com","eventName":"ModifyImageAttribute","#
                + #""awsRegion":"us-east-1","eventID":"\#(id)","eventType":"AwsApiCall","#
                + #""recipientAccountId":"111122223333","userIdentity":{"type":"AssumedRole","#
                + #""accountId":"111122223333","arn":"arn:aws:sts::111122223333:assumed-role/r/s"},"#
                + #""requestParameters":{"imageId":"\#(image)","attributeType":"launchPermission","#
                + #""launchPermission":{"add":{"items":[{"group":"all"}]}}}\#(code)}]}"#
        }
        let day = 86_400
        let messages = [
            share(0, "00000000-0000-4000-8000-000000000001", refused: true),
            share(20 * day, "00000000-0000-4000-8000-000000000002", refused: false),
        ]
        try produce(
            messages.map { TestMessage($0, partition: 0) },
            to: stage.input,
            at: stage.broker.bootstrapServers
        )
        try stage.runToEnd()
        let alerts = try stage.alerts().compactMap { JSONTree(Array(($0.value ?? "").utf8)) }
        let refused = try #require(
            alerts.first { $0["rule_id"]?.text == "ami-share-attempt-denied" }?["finding_id"]?.text
        )
        let before = try stage.findingStatuses()
        #expect(before[refused] == ["open"])
        #expect(before.count > 1 && !before.values.contains { $0.contains("forgotten") })
        try produce(
            [
                TestMessage(
                    share(60 * day, "00000000-0000-4000-8000-000000000003", refused: false),
                    partition: 0
                )
            ],
            to: stage.input,
            at: stage.broker.bootstrapServers
        )
        try stage.runToEnd()
        let after = try stage.findingStatuses()
        #expect(after.filter { $0.value.last == "forgotten" } == [refused: ["open", "forgotten"]])
    }
}
