import Configuration
import Foundation
import Glibc
import KafkaTestSupport
import Testing
import TestSupport

@testable import Pipeline

/// What a worker does when somebody deletes what it works with.
@Suite(.needsKafkaHome, .ownThread, .serialized)
struct DeletionTests {
    private static var topics: [KeyPath<Stage, String>] {
        [\Stage.topics.events, \Stage.topics.state, \Stage.topics.catalogue]
    }

    @Test("A topic that is deleted ends the run with a line that names it", arguments: 0..<2)
    func deletedTopic(index: Int) throws {
        let (stage, worker, name) = try begin(index)
        let history = History(seed: 61)
        let deadline = ContinuousClock.now + patience
        while worker.process.exitStatus() == nil, ContinuousClock.now < deadline {
            try stage.produce(history.events, partitions: 1)
            usleep(200_000)
        }
        try expectNamed(name, worker)
    }

    private func expectNamed(_ name: String, _ worker: Worker) throws {
        #expect(worker.process.wait(timeout: patience) == 1, "\(worker.lines)")
        let line = "\(name): topic does not exist any more; run 'amiwatch topics --create "
        let last = worker.lines.split(separator: "\n").last ?? ""
        #expect(
            last.contains("\"level\":\"error\",\"instance_id\":\"worker\",\"message\":\"\(line)"),
            "\(last)"
        )
        #expect(last.contains("', then restart\""), "\(last)")
    }

    @Test("A topic that is deleted before a backlog is handed on ends the run with the same line")
    func deletedBeforeBacklog() throws {
        let stage = try Stage(partitions: 1)
        let worker = try Worker(stage)
        try #require(worker.logs("state restored"), "\(worker.lines)")
        worker.process.signal(SIGSTOP)
        try stage.produce(History(seed: 63, records: 50_000).events, partitions: 1)
        try delete(stage.topics.events, stage)
        worker.process.signal(SIGCONT)
        try expectNamed(stage.topics.events, worker)
    }

    @Test("A run whose topic has just been deleted ends in time when it is asked to", arguments: 0..<3)
    func endsInTime(index: Int) throws {
        let (_, worker, _) = try begin(index)
        worker.end(within: .seconds(5))
        #expect(!worker.lines.contains("did not stop in time"), "\(worker.lines)")
    }

    /// A worker that is busy, and has just lost a topic.
    private func begin(_ index: Int) throws -> (Stage, Worker, name: String) {
        let stage = try Stage(partitions: 1)
        let worker = try Worker(stage)
        try #require(worker.logs("state restored"), "\(worker.lines)")
        let name = stage[keyPath: Self.topics[index]]
        try delete(name, stage)
        try stage.produce(History(seed: 60).events, partitions: 1)
        return (stage, worker, name)
    }

    private func delete(_ topic: String, _ stage: Stage) throws {
        let deletion = try stage.broker.tool("kafka-topics.sh", ["--delete", "--topic", topic])
        try #require(deletion.status == 0, "\(deletion.errors)")
    }

    @Test("What a worker had not read of the catalogue is deleted: it goes on at the beginning")
    func catalogueRecords() throws {
        let history = History(seed: 62)
        let stage = try Stage(partitions: 1)
        let broker = stage.broker
        func tool(_ name: String, _ arguments: String...) throws {
            let result = try broker.tool(name, arguments)
            try #require(result.status == 0, "\(result.errors)")
        }
        let worker = try Worker(stage)
        try #require(worker.logs("state restored"), "\(worker.lines)")
        // Records of a topic that is only compacted cannot be deleted; and a run does not start with another.
        func clean(_ policy: String) throws {
            let name = stage.topics.catalogue
            try tool(
                "kafka-configs.sh",
                "--alter",
                "--topic",
                name,
                "--add-config",
                "cleanup.policy=\(policy)"
            )
        }
        try clean("[compact,delete]")
        worker.process.signal(SIGSTOP)
        // So that no request of its is waiting at the broker.
        usleep(500_000)
        try produce(
            (0..<50).map { TestMessage("0", key: "time/\($0)", partition: 0) },
            to: stage.topics.catalogue,
            at: broker.bootstrapServers
        )
        let folder = try temporaryFolder("amiwatch-deletion")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let request = folder + "/records.json"
        try """
        {"version": 1, "partitions": [{"topic": "\(stage.topics.catalogue)", "partition": 0, "offset": -1}]}
        """.write(toFile: request, atomically: true, encoding: .utf8)
        try tool("kafka-delete-records.sh", "--offset-json-file", request)
        worker.process.signal(SIGCONT)
        #expect(worker.logs("catalogue offset is out of range"), "\(worker.lines)")
        try stage.produce(history.events, partitions: 1)
        worker.end()
        try clean("compact")
        try expectSound(stage, history)
    }
}
