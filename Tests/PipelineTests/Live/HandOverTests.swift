import Alerts
import CloudTrail
import Configuration
import Detection
import Foundation
import Glibc
import Kafka
import KafkaTestSupport
import Testing

@testable import Pipeline

/// When partitions move, those that stay do not wait for those that come.
@Suite(.needsRealBroker, .ownThread, .serialized)
struct HandOverTests {
    @Test("A worker goes: the other one works on while it reads back what it takes over")
    func alongside() throws {
        let stage = try Stage(partitions: 2)
        let partitioner = Partitioner(count: 2)
        let accounts = (10..<30).compactMap { AccountID("1000000000\($0)") }
        let owners = try (0..<2).map { partition in
            try #require(accounts.first { partitioner.partition(of: $0) == partition })
        }
        for (partition, owner) in owners.enumerated() { try fillState(stage, Int32(partition), owner) }
        var other = stage
        other.configuration.instanceID = "other"
        let (survivor, leaver) = (try Worker(stage), try Worker(other))
        try #require(leaver.logs(Self.line), "\(leaver.lines)")
        #expect(try becomes { try owned(stage) == 2 && count(survivor) >= 1 }, "\(survivor.lines)")
        let before = count(survivor)
        leaver.end()

        #expect(becomes { count(survivor) > before }, "\(survivor.lines)")
        for (partition, owner) in owners.enumerated() {
            try produce(
                [TestMessage(Self.record(owner), key: owner.description, partition: Int32(partition))],
                to: stage.topics.events,
                at: stage.broker.bootstrapServers
            )
        }
        #expect(try becomes { try !accountsTold(stage).isEmpty }, "\(survivor.lines)")
        // What stayed is judged, committed and published; what came is still being read back.
        #expect(count(survivor) == before + 1, "\(survivor.lines)")
        #expect(try accountsTold(stage).count == 1)
        #expect(try becomes { try accountsTold(stage).count == 2 }, "\(survivor.lines)")
        #expect(count(survivor) == before + 2, "\(survivor.lines)")
        survivor.end()
    }

    private static let line = "the state is read back"

    private func count(_ worker: Worker) -> Int { worker.lines.split(separator: Self.line).count - 1 }

    /// The accounts that there are alerts about.
    private func accountsTold(_ stage: Stage) throws -> Set<String> {
        Set(try stage.alerts().compactMap { JSONTree(Array(($0.value ?? "").utf8))?["account_id"]?.text })
    }

    /// How many partitions have been reconciled: each then has a place in the group.
    private func owned(_ stage: Stage) throws -> Int {
        let servers = stage.broker.bootstrapServers
        let asking = try Consumer(["bootstrap.servers": servers, "group.id": stage.configuration.groupID])
        let names = (0..<2).map { TopicPartition(stage.topics.events, $0) }
        return try asking.committed(names, timeout: patience).values.compactMap(\.self).count
    }

    /// A changelog that takes a while to read: instances that ended, again and again.
    private func fillState(_ stage: Stage, _ partition: Int32, _ account: AccountID) throws {
        var settings = Engine.Settings()
        settings.keepsJournal = true
        var engine = Engine(policy: stage.policy, settings: settings)
        var alerts: [Alert] = []
        _ = engine.process(
            Record(
                id: EventID("00000000-0000-4000-8000-000000000001"),
                account: account,
                region: "eu-central-1",
                time: EventTime(seconds: Int64(History.start)),
                name: "TerminateInstances",
                source: "ec2.amazonaws.com",
                call: .terminateInstances((1000..<2000).map { ResourceID("i-0000000000000\($0)") })
            ),
            into: &alerts
        )
        let producer = try Producer(["bootstrap.servers": stage.broker.bootstrapServers, "linger.ms": "20"])
        let topic = try producer.topic(stage.topics.state)
        let entries = engine.pendingChanges()
        for _ in 0..<100 {
            for entry in entries {
                try producer.produce(
                    to: topic,
                    partition: partition,
                    key: Array(entry.key),
                    value: entry.value.map { Array($0) }
                )
            }
            try producer.flush(timeout: patience)
        }
    }

    private static func record(_ account: AccountID) -> String {
        """
        {"eventVersion":"1.10","userIdentity":{"type":"IAMUser","accountId":"\(account)"},\
        "eventTime":"2026-02-02T03:00:00Z","eventSource":"ec2.amazonaws.com",\
        "eventName":"DisableAllowedImagesSettings","awsRegion":"eu-central-1",\
        "requestParameters":{"DisableAllowedImagesSettingsRequest":{}},"responseElements":null,\
        "eventID":"00000000-0000-4000-8000-\(account)","recipientAccountId":"\(account)"}
        """
    }
}
