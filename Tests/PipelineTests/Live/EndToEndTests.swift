import Configuration
import Detection
import Foundation
import Kafka
import KafkaTestSupport
import Testing
import TestSupport

@testable import Alerts
@testable import Pipeline

/// What comes out of the alerts topic is what the engine says without Kafka.
@Suite(.needsRealBroker, .ownThread, .serialized)
struct EndToEndTests {
    @Test("Live and replay end in the same findings", arguments: [1, 2, 3])
    func findings(seed: UInt64) throws {
        let history = History(seed: seed)
        let stage = try Stage()
        try stage.produce(history.events)
        let summary = try stage.runToEnd()
        let expected = Expected(history.sorted, policy: stage.policy)
        #expect(try stage.findings() == expected.findings)
        #expect(try stage.finalForms() == expected.finalForms)
        let (intake, detector) = (summary.intake, summary.detector.run)
        #expect(intake.read == history.events.count)
        #expect(intake.read == intake.ignored + intake.forwarded + intake.deadLettered)
        #expect(detector.read == intake.forwarded)
        #expect(detector.read == detector.applied + detector.duplicate + detector.deadLettered)
        #expect(detector.duplicate > 0)
    }

    @Test("One account on one partition gives the engine's alerts, byte for byte")
    func sameAlerts() throws {
        let history = History(seed: 7, accounts: 1)
        let stage = try Stage(partitions: 1)
        try stage.produce(history.events, partitions: 1)
        try stage.runToEnd()
        let expected = Expected(
            history.events,
            policy: stage.policy,
            settings: .live(stage.configuration.detector, endsWhenRead: true)
        )
        let alerts = try stage.alerts().map { $0.value ?? "" }
        #expect(
            alerts.map { $0.replacing(Self.raised, with: "\"raised_at\":null") }
                == expected.alerts.map { String(decoding: $0, as: UTF8.self) }
        )
        #expect(alerts.allSatisfy { $0.contains(Self.raised) })
    }

    /// When an alert was published: the one thing that a replay cannot say.
    nonisolated(unsafe) static let raised =
        /"raised_at":"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"/

    @Test("Stopped in the middle and started again: nothing twice, nothing lost, and the same state")
    func cleanRestart() throws {
        let history = History(seed: 11)
        let stage = try Stage()
        let middle = history.events.count / 2
        try stage.produce(history.events[..<middle])
        try stage.runToEnd()
        try stage.produce(history.events[middle...])
        let summary = try stage.runToEnd()
        #expect(summary.intake.read == history.events.count - middle)
        #expect(summary.detector.total.read > summary.detector.run.read)
        let expected = Expected(history.sorted, policy: stage.policy)
        #expect(try stage.findings() == expected.findings)
        let ids = try stage.alerts().map { JSONTree(Array(($0.value ?? "").utf8))?["alert_id"]?.text }
        #expect(Set(ids).count == ids.count)
        #expect(try stage.restoredEngine().findings().map(\.id) == expected.engine.findings().map(\.id))
        // Nothing new: nothing is said.
        try stage.runToEnd()
        #expect(try stage.alerts().count == ids.count)
    }

    @Test("What a restore builds is what the worker had in memory")
    func restoredState() throws {
        let history = History(seed: 13, accounts: 1)
        let stage = try Stage(partitions: 1)
        try stage.produce(history.events, partitions: 1)
        try stage.runToEnd()
        let expected = Expected(
            history.events,
            policy: stage.policy,
            settings: .live(stage.configuration.detector, endsWhenRead: true)
        )
        #expect(try stage.restoredEngine().allEntries() == expected.engine.allEntries())
    }

    @Test("One share changed more often than a message can carry: the worker goes on, and says what is true")
    func manyChangesOfOneThing() throws {
        let stage = try Stage(partitions: 1)
        let agent = String(repeating: "agent/1.0 ", count: 300)
        let events = (0..<600).map { number in
            Self.share(number % 2 == 0 ? "add" : "remove", number, agent: agent)
        }
        // What one call tells would not fit either.
        let giant = Self.share("add", 600, agent: String(repeating: "x", count: 700_000))
        try stage.produce(events + [giant], partitions: 1)
        let summary = try stage.runToEnd()
        #expect(summary.detector.run.applied == events.count)
        #expect(summary.detector.run.deadLettered == 1)
        let expected = Expected(events, policy: stage.policy)
        #expect(try stage.findings() == expected.findings)
        #expect(try stage.finalForms() == expected.finalForms)
        let said = try stage.alerts().count
        var largest = 0
        try stage.readBytes(stage.topics.catalogue) { largest = max(largest, $1?.count ?? 0) }
        // An entry is what one call told, whatever came before it; all that is kept of the share has its bound.
        #expect(largest > 3000 && largest < 4096, "\(largest) bytes")
        let kept = try stage.restoredEngine().allEntries().filter { $0.store == .catalogue }
            .reduce(0) { $0 + ($1.value?.count ?? 0) }
        #expect(kept > 250_000 && kept <= 500_000, "\(kept) bytes")
        try stage.runToEnd()
        #expect(try stage.alerts().count == said, "a restart says nothing")
    }

    private static func share(_ change: String, _ number: Int, agent: String) -> History.Event {
        func digits(_ number: Int, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: count - text.count) + text
        }
        let json = """
            {"eventVersion":"1.10","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::100000000010:user/ann",\
            "accountId":"100000000010"},"eventTime":"2026-02-02T03:\(digits(number / 60, 2)):\(digits(number % 60, 2))Z",\
            "eventSource":"ec2.amazonaws.com","eventName":"ModifyImageAttribute","awsRegion":"eu-central-1",\
            "sourceIPAddress":"192.0.2.7","userAgent":"\(agent)","requestParameters":{\
            "imageId":"ami-0123456789abcdef0","attributeType":"launchPermission",\
            "launchPermission":{"\(change)":{"items":[{"userId":"999988887777"}]}}},\
            "responseElements":null,"eventID":"00000000-0000-4000-8000-\(digits(number, 12))",\
            "eventType":"AwsApiCall","recipientAccountId":"100000000010"}
            """
        return History.Event(account: "100000000010", time: History.start + 1200 + number, json: json)
    }
}
