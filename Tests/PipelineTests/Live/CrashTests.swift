import Alerts
import Configuration
import Detection
import Foundation
import Glibc
import Kafka
import KafkaTestSupport
import Testing
import TestSupport

@testable import Pipeline

/// Whatever ends the program, and whenever: every alert once, and the same findings in the end.
@Suite(.needsRealBroker, .ownThread, .serialized)
struct CrashTests {
    @Test("Killed again and again while records flow")
    func killed() throws {
        let history = History(seed: 21, records: 1500)
        let stage = try Stage(formats: [.native, .ocsf])
        var random = SplitMix64(seed: UInt64(time(nil)))
        let chunks = 6
        for chunk in 0..<chunks {
            let part = history.events.count * chunk / chunks..<history.events.count * (chunk + 1) / chunks
            let worker = try Worker(stage)
            try #require(worker.logs(Worker.assigned), "\(worker.lines)")
            // In small heaps, so that the kill falls between, into or behind a transaction.
            for start in stride(from: part.lowerBound, to: part.upperBound, by: 25) {
                try stage.produce(history.events[start..<min(part.upperBound, start + 25)])
                usleep(UInt32(random.next(20_000)))
            }
            usleep(UInt32(random.next(400_000)))
            // Six times at one place, and the crash guard would take its record for the cause.
            if chunk == 2 { #expect(try becomes { try !stage.alerts().isEmpty }) }
            worker.kill()
        }
        try expectSound(stage, history)
    }

    @Test("Killed, and what was committed is deleted from the input")
    func deletedInput() throws {
        let history = History(seed: 22, records: 600)
        let stage = try Stage()
        let middle = history.events.count / 2
        try stage.produce(history.events[..<middle])
        let worker = try Worker(stage)
        try #require(worker.logs("state restored"), "\(worker.lines)")
        let groups = [
            (stage.configuration.groupID, stage.topics.events),
            (stage.configuration.groupID + "-intake", stage.input),
        ]
        for (group, topic) in groups {
            #expect(try becomes { try !places(group, topic, stage).isEmpty })
        }
        worker.kill()
        // As retention would, but at once: everything below the places of both groups.
        for (group, topic) in groups {
            try stage.broker.deleteRecords(before: places(group, topic, stage))
        }
        try stage.produce(history.events[middle...])
        try expectSound(stage, history)
    }

    @Test(
        "Away for longer than a topic keeps: what is lost is said, and the rest is read",
        arguments: ["input", "events"]
    )
    func overtaken(topic: String) throws {
        let history = History(seed: 25)
        let stage = try Stage()
        let third = history.events.count / 3
        try stage.produce(history.events[..<third])
        try stage.runToEnd()
        try stage.produce(history.events[third..<2 * third])
        if topic == "events" {
            let intake = try Worker(stage, ["--until-end"], environment: ["AMIWATCH_ROLES": "intake"])
            #expect(intake.process.wait(timeout: patience) == 0, "\(intake.lines)")
        }
        let name = topic == "input" ? stage.input : stage.topics.events
        try stage.broker.deleteRecords(
            before: Dictionary(uniqueKeysWithValues: (0..<4).map { (TopicPartition(name, $0), -1) })
        )
        // Once: the new place is committed, though no record moves it.
        for isTold in [true, false] {
            let worker = try Worker(stage, ["--until-end"])
            #expect(worker.process.wait(timeout: patience) == 0, "\(worker.lines)")
            #expect(worker.lines.contains("resuming at log start") == isTold, "\(worker.lines)")
        }
        try stage.produce(history.events[(2 * third)...])
        try stage.runToEnd()
        let kept = history.sorted(history.events[..<third] + history.events[(2 * third)...])
        #expect(try stage.findings() == Expected(kept, policy: stage.policy).findings)
    }

    @Test("Killed while it joins: the next one does not take its own part for everything")
    func joining() throws {
        let history = History(seed: 24)
        let stage = try Stage()
        try stage.produce(history.events)
        // A member that is asked to join again and does not listen keeps the others waiting at the door.
        let doors = try [
            (stage.configuration.groupID, stage.topics.events),
            (stage.configuration.groupID + "-intake", stage.input),
        ].map { group, topic in
            let member = try Consumer([
                "bootstrap.servers": stage.broker.bootstrapServers, "group.id": group,
                "partition.assignment.strategy": "range", "auto.offset.reset": "earliest",
            ])
            var isAssigned = false
            member.onRebalance = { event in if case .assigned = event { isAssigned = true } }
            try member.subscribe([topic])
            #expect(becomes { member.poll(maxMessages: 1, timeout: .milliseconds(50)) { _ in isAssigned } })
            member.onRebalance = nil
            return member
        }
        // Nothing tells from outside that a member has asked to join: each gets time enough for that.
        let first = try Worker(stage)
        try #require(first.logs("started"), "\(first.lines)")
        usleep(4_000_000)
        first.kill()
        let second = try Worker(stage, ["--until-end"])
        try #require(second.logs("started"), "\(second.lines)")
        usleep(4_000_000)
        for member in doors { try member.close() }
        #expect(second.process.wait(timeout: patience) == 0, "\(second.lines)")
        #expect(try stage.findings() == Expected(history.sorted, policy: stage.policy).findings)
    }

    @Test("SIGTERM ends it within 5 seconds, with everything committed")
    func terminated() throws {
        let history = History(seed: 23)
        let stage = try Stage()
        try stage.produce(history.events)
        let worker = try Worker(stage)
        try #require(worker.logs("state restored"), "\(worker.lines)")
        // Into the middle of its work.
        usleep(300_000)
        worker.end(within: .seconds(5))
        #expect(worker.lines.contains("detector totals since the state was created"))
        try expectSound(stage, history)
    }

    /// Where a group has committed that it stands.
    private func places(_ group: String, _ topic: String, _ stage: Stage) throws -> [TopicPartition: Int64] {
        let asking = try Consumer(["bootstrap.servers": stage.broker.bootstrapServers, "group.id": group])
        return try asking.committed((0..<4).map { TopicPartition(topic, $0) }, timeout: patience)
            .compactMapValues(\.self)
    }
}

/// Finishes the work, and compares: every alert once, every finding as without Kafka.
func expectSound(_ stage: Stage, _ history: History) throws {
    let worker = try Worker(stage, ["--until-end"])
    let status = worker.process.wait(timeout: patience)
    #expect(status == 0, "\(worker.lines)")
    let expected = Expected(history.sorted, policy: stage.policy)
    let alerts = try stage.alerts().map { JSONTree(Array(($0.value ?? "").utf8)) }
    let ids = alerts.compactMap { $0?["alert_id"]?.text }
    #expect(ids.count == alerts.count)
    #expect(Set(ids).count == ids.count, "an alert came twice")
    let letters = try readAll(stage.topics.deadLetters, at: stage.broker.bootstrapServers)
    #expect(try stage.findings() == expected.findings)
    let (found, wanted) = (try stage.finalForms(), expected.finalForms)
    let differing = Set(found.keys).union(wanted.keys).filter { found[$0] != wanted[$0] }.sorted()
    let differences = differing.map { "found \(found[$0] ?? "nothing")\nwanted \(wanted[$0] ?? "nothing")" }
    #expect(
        differing.isEmpty,
        "dead letters: \(letters)\n\(differences.joined(separator: "\n"))\n\(worker.lines)"
    )
    try expectInStep(stage)
    // The first alert of every finding is its beginning.
    for alert in alerts where alert?["revision"]?.integer == 1 {
        #expect(alert?["status"]?.text == "open")
    }
}
