import Configuration
import Detection
import Foundation
import Glibc
import Kafka
import KafkaTestSupport
import Testing
import TestSupport

@testable import Alerts
@testable import Pipeline

/// The counts tell what is true of the records, whatever is read again.
@Suite(.needsRealBroker, .ownThread, .serialized)
struct CountingTests {
    @Test("A record is applied once, however often offsets are reset, workers restarted, or both")
    func onceEach() throws {
        let history = History(seed: 61)
        let quarter = history.events.count / 4
        let stage = try Stage()
        // In pieces, so that there is more than one to read at a time.
        var first = DetectorReport()
        for piece in 0..<4 {
            try stage.produce(history.events[(piece * quarter)..<((piece + 1) * quarter)])
            first = try stage.runToEnd().detector
        }
        #expect(first.total.applied > 100)

        // The same messages again, by a process that has seen none of them.
        try reset(stage.configuration.groupID, stage)
        let worker = try Worker(
            stage,
            ["--until-end"],
            environment: ["AMIWATCH_KAFKA_CONSUMER_MAX_PARTITION_FETCH_BYTES": "1"]
        )
        #expect(worker.process.wait(timeout: patience) == 0)
        let lines = worker.lines.split(separator: "\n").compactMap { JSONTree(Array($0.utf8)) }
        let again = try #require(lines.last { $0["message"]?.text == "detector totals of this run" })
        #expect(again["read"]?.integer == first.total.read)
        #expect(again["applied"]?.integer == 0)
        let all = try #require(
            lines.last { $0["message"]?.text == "detector totals since the state was created" }
        )
        #expect(all["applied"]?.integer == first.total.applied)
        let reached = try kept("reached/", stage)
        #expect(!reached.isEmpty, "what was reached is kept while older records are read")

        // Copies of them, behind: the intake reads its input again.
        try reset(stage.configuration.groupID + "-intake", stage)
        let copies = try stage.runToEnd().detector
        expectRepeats(copies.run, of: first.total.read)
        #expect(copies.total.applied == first.total.applied)
        #expect(copies.total.read == 3 * first.total.read)

        // As a worker leaves it that is killed while it reads again: how far reading had come before is in the state.
        let ends = try leave(at: 3, stage)
        let rest = try stage.runToEnd().detector
        #expect(rest.run.read > 0)
        #expect(rest.run.applied == 0, "\(rest.run), \(ends)")
        #expect(rest.total.applied == first.total.applied)

        // What is new counts.
        let more = History(seed: 62)
        try stage.produce(more.events)
        let last = try stage.runToEnd().detector
        #expect(last.run.applied > 100)
        #expect(last.total.applied == first.total.applied + last.run.applied)
    }

    @Test("A failed call, of which the state has nothing, is not applied once more when it is read again")
    func failedCalls() throws {
        let stage = try Stage(partitions: 1)
        let days = 1...20
        try produce(
            days.map { TestMessage(Self.failedCall(onDay: $0), partition: 0) },
            to: stage.input,
            at: stage.broker.bootstrapServers
        )
        let first = try stage.runToEnd().detector
        #expect(first.total.applied == days.count)
        try reset(stage.configuration.groupID, stage)
        expectRepeats(try stage.runToEnd().detector.run, of: days.count)
    }

    @Test("A topic that was made anew begins to count anew")
    func anotherTopic() throws {
        let stage = try Stage(partitions: 1)
        try stage.produce(History(seed: 63).events, partitions: 1)
        let first = try stage.runToEnd().detector
        for name in [stage.configuration.groupID, stage.configuration.groupID + "-intake"] {
            try reset(name, stage)
        }
        let admin = try Admin(["bootstrap.servers": stage.broker.bootstrapServers])
        try stage.broker.deleteTopics([stage.topics.events])
        #expect(
            try becomes {
                let topic = NewTopic(name: stage.topics.events, partitions: 1, replication: 1)
                return try admin.createTopics([topic])[0] == nil
            }
        )
        // Fewer than were there before, and all of them new.
        let more = History(seed: 64, records: 100)
        let end = first.run.read
        try emptyInput(stage)
        try stage.produce(more.events, partitions: 1)
        let second = try stage.runToEnd().detector
        #expect(second.run.read < end)
        #expect(second.run.applied > 20)
        #expect(second.total.applied == first.total.applied + second.run.applied)
    }

    @Test("log.level debug tells what each transaction carries, and each step of restoring, in bounded lines")
    func debug() throws {
        let stage = try Stage()
        try stage.produce(History(seed: 65).events)
        try stage.runToEnd()
        try stage.produce(History(seed: 66).events)
        let worker = try Worker(stage, ["--until-end"], environment: ["AMIWATCH_LOG_LEVEL": "debug"])
        #expect(becomes { worker.process.exitStatus() != nil })
        let lines = worker.lines.split(separator: "\n").compactMap { JSONTree(Array($0.utf8)) }
        func those(_ message: String) -> [JSONTree] { lines.filter { $0["message"]?.text == message } }
        let transactions = those("transaction committed")
        func sum(_ name: String) -> Int { transactions.reduce(0) { $0 + ($1[name]?.integer ?? -1000) } }
        let totals = try #require(lines.last { $0["message"]?.text == "detector totals of this run" })
        #expect(sum("records") == totals["read"]?.integer)
        #expect(sum("alerts") > 0)
        #expect(sum("bytes") > 1000 && sum("state_and_catalogue_entries") > 100)
        #expect(transactions.allSatisfy { ($0["milliseconds"]?.integer ?? -1) >= 0 })
        #expect(transactions.allSatisfy { !($0["offsets"]?.elements ?? []).isEmpty })
        let steps = those("restoring state").compactMap { $0["step"]?.text }
        for step in ["changelog", "entries", "catalogue"] {
            #expect(steps.contains { $0.contains(step) }, "\(step): \(steps)")
        }
        #expect(lines.count < 20 * (transactions.count + 20))
    }

    // MARK: Support

    private static func failedCall(onDay day: Int) -> String {
        let date = String(format: "%02d", day)
        return """
            {"eventVersion":"1.10","userIdentity":{"type":"IAMUser","accountId":"100000000010"},\
            "eventTime":"2026-02-\(date)T03:00:00Z","eventSource":"ec2.amazonaws.com",\
            "eventName":"DisableAllowedImagesSettings","awsRegion":"eu-central-1",\
            "requestParameters":{"DisableAllowedImagesSettingsRequest":{}},"responseElements":null,\
            "errorCode":"Client.UnauthorizedOperation","errorMessage":"You are not authorized.",\
            "eventID":"00000000-0000-4000-8000-0000000000\(date)","recipientAccountId":"100000000010"}
            """
    }

    /// Puts the group, and its ledger, to an offset of each partition, as a commit in the middle of reading again does.
    private func leave(at offset: Int64, _ stage: Stage) throws -> [String: Int64] {
        let ends = try kept("position/", stage)
        var entries: [TestMessage] = []
        for (name, end) in ends {
            guard end > offset, let partition = Int32(name.split(separator: "/").last ?? "") else { continue }
            let place = TopicPartition(stage.topics.events, partition)
            for entry in [LedgerEntry.position(place, offset), .reached(place, end)] {
                entries.append(
                    TestMessage(
                        String(decoding: entry.value, as: UTF8.self),
                        key: String(decoding: entry.key, as: UTF8.self),
                        partition: partition
                    )
                )
            }
        }
        try produce(entries, to: stage.topics.state, at: stage.broker.bootstrapServers)
        try reset(stage.configuration.groupID, to: ["--to-offset", "\(offset)"], stage)
        return ends
    }

    /// The offsets that the ledger keeps under such keys, the last of each.
    private func kept(_ prefix: String, _ stage: Stage) throws -> [String: Int64] {
        var offsets: [String: Int64] = [:]
        try stage.readBytes(stage.topics.state) { key, value in
            let name = String(decoding: key, as: UTF8.self)
            guard name.hasPrefix(prefix), let value else { return }
            offsets[name] = Int64(String(decoding: value, as: UTF8.self).split(separator: " ").last ?? "")
        }
        return offsets
    }

    private func expectRepeats(
        _ balance: DetectorBalance,
        of count: Int,
        at location: SourceLocation = #_sourceLocation
    ) {
        #expect(balance.read == count, sourceLocation: location)
        #expect(balance.applied == 0, "\(balance)", sourceLocation: location)
        #expect(
            balance.duplicate == balance.read - balance.deadLettered,
            "\(balance)",
            sourceLocation: location
        )
    }

    /// Sets a group's offsets back to the first records.
    private func reset(_ group: String, to offset: [String] = ["--to-earliest"], _ stage: Stage) throws {
        let result = try stage.broker.tool(
            "kafka-consumer-groups.sh",
            ["--group", group, "--reset-offsets"] + offset + ["--all-topics", "--execute"]
        )
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    /// Deletes what the input holds.
    private func emptyInput(_ stage: Stage) throws {
        try stage.broker.deleteRecords(before: [TopicPartition(stage.input, 0): -1])
    }
}
