import Alerts
import Configuration
import Foundation
import Glibc
import Kafka
import KafkaTestSupport
import Testing
import TestSupport

@testable import Pipeline

/// Static members keep their places in their groups over a restart, and each name has one.
@Suite(.needsRealBroker, .ownThread, .serialized)
struct StaticMembershipTests {
    /// Far longer than a restart takes, for the brokers and for the workers.
    private static let patient = ["AMIWATCH_KAFKA_CONSUMER_SESSION_TIMEOUT_MS": "120000"]
    private static let fenced = "\"fenced in the consumer group by a member with the same instance_id"

    @Test("A worker is restarted in order: the other one keeps its partitions and works on")
    func restart() throws {
        let history = History(seed: 54, records: 900)
        let stage = try staticStage()
        var other = stage
        other.configuration.instanceID = "other"
        let steady = try Worker(stage, environment: Self.patient)
        let before = try Worker(other, environment: Self.patient)
        for role in ["intake", "detector"] {
            let areShared = becomes {
                [steady, before].allSatisfy { partitions(of: $0, role).count == 2 }
            }
            try #require(areShared, "\(steady.lines)\n\(before.lines)")
        }
        let changes = self.changes(steady)

        let third = history.events.count / 3
        try stage.produce(history.events[..<third])
        before.end()
        try stage.produce(history.events[third..<2 * third])
        let after = try Worker(other, environment: Self.patient)
        try #require(after.logs("state restored"), "\(after.lines)")
        for role in ["intake", "detector"] {
            #expect(becomes { partitions(of: after, role) == partitions(of: before, role) }, "\(after.lines)")
        }
        try stage.produce(history.events[(2 * third)...])
        #expect(try tellsAll(stage, history), "\(steady.lines)\n\(after.lines)")
        #expect(self.changes(steady) == changes, "\(steady.lines)")
        for worker in [steady, after] { worker.end() }
        try expectSound(stage, history)
    }

    @Test("Fenced once, it joins again with a new client, and nothing is lost or told twice")
    func fencedOnce() throws {
        let history = History(seed: 55, records: 900)
        let stage = try staticStage()
        let worker = try Worker(stage, environment: Self.patient)
        try #require(worker.logs("state restored"), "\(worker.lines)")
        let third = history.events.count / 3
        let places = [
            ("detector", stage.configuration.groupID, stage.topics.events),
            ("intake", stage.configuration.groupID + "-intake", stage.input),
        ]
        for (index, (role, group, topic)) in places.enumerated() {
            try stage.produce(history.events[index * third..<(index + 1) * third])
            let assigned = worker.count(of: "\"partitions assigned\",\"role\":\"\(role)\"")
            let usurper = try Consumer([
                "bootstrap.servers": stage.broker.bootstrapServers, "group.id": group,
                "group.instance.id": "worker", "partition.assignment.strategy": "range",
                "session.timeout.ms": "120000", "heartbeat.interval.ms": "300",
            ])
            try usurper.subscribe([topic])
            // It takes the worker's place, and the worker takes it back.
            let isUsurperFenced = becomes {
                usurper.poll(maxMessages: 1, timeout: .milliseconds(10)) { _ in }
                return usurper.fenced != nil
            }
            #expect(isUsurperFenced, "\(worker.lines)")
            let isBack = becomes {
                worker.count(of: "\"partitions assigned\",\"role\":\"\(role)\"") > assigned
            }
            #expect(isBack, "\(worker.lines)")
            #expect(
                worker.count(of: "\(Self.fenced); joining it again\",\"role\":\"\(role)\"") == 1,
                "\(worker.lines)"
            )
        }
        try stage.produce(history.events[(2 * third)...])
        #expect(try tellsAll(stage, history), "\(worker.lines)")
        worker.end()
        try expectSound(stage, history)
    }

    @Test("Two workers have the same name: one ends and says why, the other one works on")
    func twins() throws {
        let history = History(seed: 56, records: 900)
        let stage = try staticStage()
        let first = try Worker(stage, environment: Self.patient)
        try #require(first.logs("state restored"), "\(first.lines)")
        let third = history.events.count / 3
        try stage.produce(history.events[..<third])
        let second = try Worker(stage, environment: Self.patient)
        try stage.produce(history.events[third..<2 * third])
        #expect(becomes { first.process.exitStatus() != nil }, "\(first.lines)\n\(second.lines)")
        #expect(first.process.exitStatus() == 1)
        #expect(first.lines.contains(Self.fenced), "\(first.lines)")
        let last = try #require(first.lines.split(separator: "\n").last)
        let reason = JSONTree(Array(last.utf8))?["message"]?.text
        #expect(
            reason?.hasPrefix("another process with instance_id worker is in consumer group ") == true,
            "\(last)"
        )
        #expect(reason?.hasSuffix("give each worker an instance_id of its own") == true, "\(last)")

        try stage.produce(history.events[(2 * third)...])
        #expect(try tellsAll(stage, history), "\(second.lines)")
        second.end()
        try expectSound(stage, history)
    }

    private func staticStage() throws -> Stage {
        var stage = try Stage()
        stage.configuration.kafka.hasStaticMembership = true
        return stage
    }

    /// The partitions that a worker was given last.
    private func partitions(of worker: Worker, _ role: String) -> [Int] {
        let line = worker.lines.split(separator: "\n").last {
            $0.contains("\"partitions assigned\",\"role\":\"\(role)\"")
        }
        let numbers = line.flatMap { JSONTree(Array($0.utf8))?["partitions"]?.elements } ?? []
        return numbers.compactMap(\.integer)
    }

    /// How often its partitions have changed.
    private func changes(_ worker: Worker) -> Int {
        ["assigned", "revoked", "lost"].reduce(0) { $0 + worker.count(of: "\"partitions \($1)\"") }
    }

    /// Whether the workers come to publish all that the records give, with nobody's help.
    private func tellsAll(_ stage: Stage, _ history: History) throws -> Bool {
        let expected = Expected(history.sorted, policy: stage.policy).findings
        return try becomes { try stage.findings() == expected }
    }
}

/// When a member that was fenced may join again.
struct FencingTests {
    @Test("Once at any time, twice not within the session time-out")
    func rate() throws {
        var fencing = Fencing(
            ["group.id": "watch", "group.instance.id": "one", "session.timeout.ms": "2000"],
            role: "intake"
        )
        let (log, start) = (RunLog(level: .error), ContinuousClock.now)
        try fencing.note(log, now: start)
        try fencing.note(log, now: start + .seconds(2))
        let failure = #expect(throws: RunFailure.self) {
            try fencing.note(log, now: start + .milliseconds(3999))
        }
        #expect(failure?.description.contains("instance_id one is in consumer group watch") == true)
    }
}
