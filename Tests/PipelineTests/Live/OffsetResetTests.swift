import Alerts
import Configuration
import Foundation
import KafkaTestSupport
import Testing
import TestSupport

@testable import Pipeline

/// An operator resets offsets with Kafka's own tool, and the whole history comes again: nothing is said twice.
@Suite(.needsKafkaHome, .ownThread, .serialized)
struct OffsetResetTests {
    /// Days of stream time between the history and the reset: less than the retention of 35 days, and more.
    @Test(
        "Whatever offsets are reset, however much later: no new alert, no finding reopened",
        arguments: [20, 40]
    )
    func reset(days: Int) throws {
        let history = History(seed: 61)
        let stage = try Stage()
        try stage.produce(history.events)
        try stage.runToEnd()
        let accounts = Set(history.events.map(\.account)).sorted()
        try stage.produce(accounts.enumerated().map { Self.later($1, $0, days: days) })
        try stage.runToEnd()
        let (alerts, forms) = (try stage.alerts(), try stage.finalForms())
        let findings = try stage.findings()
        #expect(findings.values.contains { $0.hasPrefix("open") } && findings.count > 20)

        let group = stage.configuration.groupID
        let (detector, intake) = ((group, stage.topics.events), (group + "-intake", stage.input))
        for places in [[detector], [intake], [detector, intake]] {
            for (group, topic) in places { try Self.reset(group, topic, stage.broker) }
            let summary = try stage.runToEnd()
            #expect(summary.detector.run.read >= history.events.count / 4, "the history is read again")
            let said = try stage.alerts().filter { !alerts.contains($0) }
            #expect(said.isEmpty, "\(places): \(said.map { $0.value ?? "" })")
            #expect(try stage.finalForms() == forms, "\(places)")
        }
        #expect(try stage.findings() == findings)
        let ids = try stage.alerts().compactMap { JSONTree(Array(($0.value ?? "").utf8))?["alert_id"]?.text }
        #expect(ids.count == alerts.count && Set(ids).count == ids.count)
    }

    @Test("The sample day, a record 40 days later, and all offsets reset")
    func sampleDay() throws {
        let stage = try Stage()
        let sample = Worker.checkout + "/Deploy/sample"
        func run(_ options: String...) throws {
            let result = try runCommand(
                [Worker.binary, "run", "--until-end", "--policy", sample + "/policy.yaml"] + options,
                environment: stage.environment,
                timeout: patience
            )
            try #require(result.status == 0, "\(result.errors)")
        }
        try run("--feed", sample + "/trail")
        let accounts = ["123456789012", "111122223333", "777788889999", "999900001111"]
        try stage.produce(
            accounts.enumerated().map { Self.later($1, $0, time: "2026-04-26T12:00:00Z") },
            partitions: 4
        )
        try run()
        let (alerts, findings) = (try stage.alerts(), try stage.findings())
        #expect(findings.count > 20)
        let group = stage.configuration.groupID
        try Self.reset(group, stage.topics.events, stage.broker)
        try run()
        try Self.reset(group + "-intake", stage.input, stage.broker)
        try run()
        #expect(try stage.alerts() == alerts)
        #expect(try stage.findings() == findings)
    }

    private static func reset(_ group: String, _ topic: String, _ broker: RealBroker) throws {
        let arguments = ["--group", group, "--topic", topic, "--reset-offsets", "--to-earliest", "--execute"]
        // A member that has just ended may still be missed by the coordinator.
        let isReset = try becomes {
            let result = try broker.tool("kafka-consumer-groups.sh", arguments)
            return result.status == 0 && !(result.output + result.errors).contains("Error")
        }
        try #require(isReset)
    }

    /// A call that says nothing new but the time: an image that nobody knows gets a tag.
    private static func later(_ account: String, _ number: Int, days: Int) -> History.Event {
        let day = 2 + days
        let date = day <= 28 ? "02-\(day)" : "03-\(day - 28)"
        return later(account, number, time: "2026-\(date)T23:00:00Z")
    }

    private static func later(_ account: String, _ number: Int, time: String) -> History.Event {
        let json = """
            {"eventVersion":"1.10","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::\(account):user/ann",\
            "accountId":"\(account)"},"eventTime":"\(time)","eventSource":"ec2.amazonaws.com",\
            "eventName":"CreateTags","awsRegion":"eu-central-1","sourceIPAddress":"192.0.2.7","userAgent":"aws-cli",\
            "requestParameters":{"resourcesSet":{"items":[{"resourceId":"ami-0fedcba9876543210"}]},\
            "tagSet":{"items":[{"key":"Team","value":"web"}]}},"responseElements":{"_return":true},\
            "eventID":"11111111-0000-4000-8000-00000000000\(number)","eventType":"AwsApiCall",\
            "recipientAccountId":"\(account)"}
            """
        return History.Event(account: account, time: 0, json: json)
    }
}
