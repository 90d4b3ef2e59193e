import Configuration
import Foundation
import Glibc
import KafkaTestSupport
import Testing
import TestSupport

/// What the log of a worker tells somebody who is woken at night.
@Suite(.needsKafkaHome, .ownThread, .serialized)
struct RunWatchTests {
    @Test("A topic that is deleted under a worker is named in its log")
    func deletedTopic() throws {
        let stage = try Stage(partitions: 1)
        let worker = try Worker(stage)
        try #require(worker.logs("\"progress\""))
        let result = try stage.broker.tool("kafka-topics.sh", ["--delete", "--topic", stage.topics.alerts])
        try #require(result.status == 0, "\(result.errors)")
        #expect(worker.logs("cannot query offsets (UNKNOWN_TOPIC"), "\(worker.lines)")
        #expect(worker.lines.contains("\"of\":[\"\(stage.topics.alerts)"), "\(worker.lines)")
        // That the ends of one topic cannot be told keeps nothing else from being told.
        let before = worker.count(of: "\"progress\"")
        #expect(becomes { worker.count(of: "\"progress\"") > before })
    }

    @Test("Two workers under one name: the log says so, and the alerts are right nevertheless")
    func sameName() throws {
        let stage = try Stage(partitions: 2)
        let history = History(seed: 42)
        try stage.produce(history.events, partitions: 2)
        let name = ["AMIWATCH_INSTANCE_ID": "same"]
        let first = try Worker(stage, environment: name)
        try #require(first.logs("state restored"))
        let second = try Worker(stage, environment: name)
        let words = "no two workers may have the same instance_id"
        #expect(becomes { first.lines.contains(words) || second.lines.contains(words) })
        first.end(within: .seconds(20))
        second.end(within: .seconds(20))
        try stage.runToEnd()
        #expect(try stage.findings() == Expected(history.sorted, policy: stage.policy).findings)
    }

    @Test("The log tells how far a worker is, when Kafka is away and when it is back, in JSON lines only")
    func night() throws {
        let broker = try RealBroker()
        defer { broker.stop() }
        let stage = try Stage(partitions: 2, on: broker)
        let history = History(seed: 41)
        try stage.produce(history.events, partitions: 2)
        let folder = try temporaryFolder("amiwatch-night")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let policy = folder + "/policy.yaml"
        try "version: 1\n".write(toFile: policy, atomically: true, encoding: .utf8)
        let worker = try Worker(stage, ["--policy", policy])

        func progress() throws -> [[String: Any]] {
            try worker.lines.split(separator: "\n").compactMap { line in
                let value = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                return value?["message"] as? String == "progress" ? value : nil
            }
        }
        try #require(
            becomes { try progress().contains { $0["input_lag"] as? Int == 0 && $0["read"] as? Int != 0 } }
        )
        let last = try #require(try progress().last)
        #expect(last["detector"] as? String == "running")
        #expect(last["read"] as? Int == history.events.count)
        #expect(last["alerts"] as? Int ?? 0 > 0)
        #expect(last["partitions"] as? [Int] == [0, 1] && last["input_partitions"] as? [Int] == [0, 1])
        #expect(last["instance_id"] as? String == "worker" && last["applied_per_second"] is Double)
        #expect(last["events_lag"] as? Int == 0 && last["waiting_for"] == nil)

        // Kafka's own tools tell the workers of both groups apart.
        let groups = [stage.configuration.groupID, stage.configuration.groupID + "-intake"]
        let members = try broker.tool(
            "kafka-consumer-groups.sh",
            ["--describe", "--members"] + groups.flatMap { ["--group", $0] }
        ).output.split(separator: "\n")
        for group in groups {
            let rows = members.filter { $0.hasPrefix(group + " ") }
            #expect(!rows.isEmpty && rows.allSatisfy { $0.contains(" worker ") }, "\(members)")
        }
        #expect(worker.lines.split(separator: "\n").allSatisfy { $0.contains("\"instance_id\":\"worker\"") })

        worker.process.signal(SIGHUP)
        try #require(worker.logs("policy unchanged"))
        try "version: 1\nimages: 7\n".write(toFile: policy, atomically: true, encoding: .utf8)
        worker.process.signal(SIGHUP)
        try #require(worker.logs("policy invalid; previous policy stays active"))

        broker.pause(1)
        try #require(worker.logs("Kafka does not answer"))
        broker.resume(1)
        try #require(worker.logs("offsets can be queried again"))
        worker.end(within: .seconds(20))
        // Every line was JSON, or this would throw.
        #expect(try progress().count >= 1)
    }
}
