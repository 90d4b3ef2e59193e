import Alerts
import CloudTrail
import Configuration
import Detection
import Foundation
import Glibc
import Kafka
import KafkaTestSupport
import Testing
import TestSupport

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

        // Records of both keep coming, until everything is read back.
        var second = 0
        let isDone = try becomes {
            for (partition, owner) in owners.enumerated() {
                try produce(
                    [
                        TestMessage(
                            Self.record(owner, second),
                            key: owner.description,
                            partition: Int32(partition)
                        )
                    ],
                    to: stage.topics.events,
                    at: stage.broker.bootstrapServers
                )
            }
            second += 1
            return count(survivor) >= before + 2
        }
        #expect(isDone, "\(survivor.lines)")
        #expect(try becomes { try Set(alerts(stage).map(\.account)).count == 2 }, "\(survivor.lines)")
        // What stayed is judged, committed and published while what came is still being read back.
        let rounds = try readBack(survivor)
        try #require(rounds.count == before + 2, "\(survivor.lines)")
        let told = try alerts(stage)
        let between = told.filter { rounds[before] < $0.time && $0.time < rounds[before + 1] }
        #expect(Set(between.map(\.account)).count == 1, "\(rounds), \(told.map(\.time))")
        survivor.end()
    }

    @Test("The transaction of a worker that died in it holds back the partition that it had, and no other")
    func pendingTransaction() throws {
        let stage = try Stage(partitions: 2)
        let servers = stage.broker.bootstrapServers
        let survivor = try Worker(stage)
        try #require(survivor.logs("restored state evaluated"), "\(survivor.lines)")
        let gone = try Consumer([
            "bootstrap.servers": servers, "group.id": stage.configuration.groupID,
            "partition.assignment.strategy": "range",
        ])
        var taken: [TopicPartition] = []
        gone.onRebalance = { if case .assigned(let partitions) = $0 { taken += partitions } }
        try gone.subscribe([stage.topics.events])
        let isTaken = becomes {
            gone.poll(maxMessages: 1, timeout: .milliseconds(20)) { _ in }
            return !taken.isEmpty
        }
        try #require(isTaken, "\(survivor.lines)")
        let moved = taken[0]
        let producer = try Producer([
            "bootstrap.servers": servers, "transactional.id": uniqueName("gone"),
            // Open until the test ends it, however slow the machine is.
            "transaction.timeout.ms": "600000",
        ])
        try producer.initTransactions(timeout: patience)
        try producer.beginTransaction()
        try producer.sendOffsets(
            [PartitionOffset(moved, .at(0))],
            group: gone.groupMetadata(),
            timeout: patience
        )
        gone.onRebalance = nil
        try gone.close()

        let flow = try stage.flow(every: .milliseconds(50))
        defer { flow.end() }
        let partitioner = Partitioner(count: 2)
        let accounts = try AlertFlow.accounts.map { try #require(AccountID($0)) }
        func passages(moved isMoved: Bool) -> [AlertFlow.Passage] {
            flow.passages.enumerated().filter { number, _ in
                let account = accounts[number % accounts.count]
                return (partitioner.partition(of: account) == moved.partition) == isMoved
            }.map(\.element)
        }
        let measured = timed { becomes { passages(moved: false).count { $0.delay != nil } >= 60 } }
        try #require(measured.value, "\(survivor.lines)")
        #expect(passages(moved: true).allSatisfy { $0.opened.isEmpty }, "nothing is held back")
        let longest = passages(moved: false).map { $0.delay ?? (.now - $0.produced) }.max() ?? .zero
        print("hand-over: longest delay beside a pending transaction \(longest), stretch \(measured.stretch)")
        #expect(longest / measured.stretch < .seconds(1), "\(survivor.lines)")
        try producer.abortTransaction(timeout: patience)
        flow.stopProducing()
        #expect(becomes { flow.isComplete(flow.passages.count) }, "\(survivor.lines)")
        survivor.end()
    }

    @Test("How far a partition has come is told by its next owner, when the last one died before it could")
    func untoldTime() throws {
        let stage = try Stage(partitions: 1)
        let account = try #require(AccountID("100000000010"))
        var settings = Engine.Settings()
        settings.keepsJournal = true
        var engine = Engine(policy: stage.policy, settings: settings)
        var alerts: [Alert] = []
        let time = EventTime(seconds: Int64(History.start) + 3600)
        _ = engine.process(
            Record(
                id: EventID("00000000-0000-4000-8000-000000000001"),
                account: account,
                region: "eu-central-1",
                time: time,
                name: "TerminateInstances",
                source: "ec2.amazonaws.com",
                call: .terminateInstances([])
            ),
            into: &alerts
        )
        let producer = try Producer(["bootstrap.servers": stage.broker.bootstrapServers])
        let topic = try producer.topic(stage.topics.state)
        for entry in engine.pendingChanges() {
            try producer.produce(
                to: topic,
                partition: 0,
                key: Array(entry.key),
                value: entry.value.map { Array($0) }
            )
        }
        try producer.flush(timeout: patience)
        try stage.runToEnd()
        let told = try readAll(stage.topics.catalogue, at: stage.broker.bootstrapServers)
        #expect(told.filter { $0.key == "time/\(stage.topics.events)/0" }.map(\.value) == ["\(time.seconds)"])
    }

    private static let line = "state restored"

    private func count(_ worker: Worker) -> Int { worker.lines.split(separator: Self.line).count - 1 }

    /// When a worker had read state back, in milliseconds since the epoch.
    private func readBack(_ worker: Worker) throws -> [Int64] {
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        return try worker.lines.split(separator: "\n").filter { $0.contains(Self.line) }.map { line in
            let time = try #require(JSONTree(Array(line.utf8))?["time"]?.text)
            return Int64((try Date(time, strategy: format).timeIntervalSince1970 * 1000).rounded())
        }
    }

    /// The account of each alert, and when it was written.
    private func alerts(_ stage: Stage) throws -> [(account: String, time: Int64)] {
        try stage.alerts().map { message in
            let account = JSONTree(Array((message.value ?? "").utf8))?["account_id"]?.text
            return (try #require(account), try #require(message.timestamp))
        }
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
        for _ in 0..<250 {
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

    private static func record(_ account: AccountID, _ second: Int) -> String {
        let time = String(format: "%02d:%02d", second / 60, second % 60)
        let number = String(format: "%04d", second)
        return """
            {"eventVersion":"1.10","userIdentity":{"type":"IAMUser","accountId":"\(account)"},\
            "eventTime":"2026-02-02T03:\(time)Z","eventSource":"ec2.amazonaws.com",\
            "eventName":"DisableAllowedImagesSettings","awsRegion":"eu-central-1",\
            "requestParameters":{"DisableAllowedImagesSettingsRequest":{}},"responseElements":null,\
            "eventID":"00000000-0000-4000-\(number)-\(account)","recipientAccountId":"\(account)"}
            """
    }
}
