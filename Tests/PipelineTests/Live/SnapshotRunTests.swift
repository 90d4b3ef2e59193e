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

/// Workers that come back to their snapshots on a real broker.
@Suite("Snapshots of workers", .needsKafkaHome, .ownThread, .serialized)
struct SnapshotRunTests {
    private let stage: Stage
    private let folder: String
    private let history = History(seed: 91, records: 900)

    init() throws {
        stage = try Stage(partitions: 2)
        folder = try temporaryFolder("amiwatch-snapshots")
    }

    private var path: String { "\(folder)/\(escaped).snapshot" }
    private var escaped: String { "\(stage.configuration.groupID)-worker" }

    private func worker(_ instance: String = "worker", interval: Int = 1) throws -> Worker {
        try Worker(
            stage,
            environment: [
                "AMIWATCH_INSTANCE_ID": instance, "AMIWATCH_STATE_SNAPSHOT_DIR": folder,
                "AMIWATCH_STATE_SNAPSHOT_INTERVAL_SECONDS": "\(interval)",
            ]
        )
    }

    private func part(_ number: Int) -> ArraySlice<History.Event> {
        let third = history.events.count / 3
        return history.events[number * third..<(number == 2 ? history.events.count : (number + 1) * third)]
    }

    /// Runs a worker until it has written snapshots of some records, and ends it.
    private func leaveSnapshot(killed: Bool) throws {
        let worker = try worker()
        try stage.produce(part(0), partitions: 2)
        try #require(try becomes { try !stage.alerts().isEmpty }, "\(worker.lines)")
        let before = worker.count(of: "snapshot written")
        try #require(becomes { worker.count(of: "snapshot written") > before + 1 }, "\(worker.lines)")
        // What comes after the last snapshot stands in the topics alone.
        try stage.produce(part(1), partitions: 2)
        usleep(300_000)
        if killed { worker.kill() } else { worker.end() }
    }

    /// How many things the last restore took from the snapshot.
    private func fromSnapshot(_ worker: Worker) -> Int {
        guard let line = worker.lines.split(separator: "\n").last(where: { $0.contains("state restored") }),
            let number = line.split(separator: "\"from_snapshot\":").dropFirst().first
        else { return -1 }
        return Int(number.prefix { $0.isNumber }) ?? -1
    }

    /// Reads everything to the end, and expects the findings of the whole history, each alert once.
    private func finish() throws {
        try stage.produce(part(2), partitions: 2)
        try expectSound(stage, history)
    }

    /// What the snapshot and what follows it in the topics give is what the topics give alone.
    private func expectSameAsTopics() throws {
        let found = try #require(try StoredSnapshot(path: path))
        var engine = Engine(
            policy: stage.policy,
            settings: .live(stage.configuration.detector, endsWhenRead: true)
        )
        for section in found.manifest.sections {
            var reader = SnapshotReader()
            for piece in section.pieces { try reader.take(found.bytes(of: piece), into: &engine) }
        }
        for (topic, starts) in [
            (stage.topics.catalogue, found.manifest.catalogue),
            (stage.topics.state, found.manifest.changelog),
        ] {
            try stage.read(topic, from: starts) { key, value in
                guard key.first.map({ $0 < 0x20 }) ?? false else { return }
                try engine.restore(key: key[...], value: value.map { $0[...] })
            }
        }
        let expected = try stage.restoredEngine().allEntries()
        #expect(expected.count > 100)
        #expect(engine.allEntries() == expected)
    }

    @Test("Killed: the snapshot and what follows it give what the topics give, byte for byte")
    func killed() throws {
        try leaveSnapshot(killed: true)
        try expectSameAsTopics()
        let next = try worker()
        try #require(next.logs("restored state evaluated"), "\(next.lines)")
        #expect(fromSnapshot(next) > 0, "\(next.lines)")
        #expect(next.count(of: "snapshot is not used") == 0, "\(next.lines)")
        next.end()
        try finish()
    }

    @Test(
        "Damaged: it is said why, and the topics are read",
        arguments: [("empty", "torn"), ("cut", "torn"), ("flipped", "torn"), ("foreign", "of other topics")]
    )
    func damaged(how: String, cause: String) throws {
        try leaveSnapshot(killed: false)
        var data = try #require(FileManager.default.contents(atPath: path))
        switch how {
        case "empty": data = Data()
        case "cut": data = data.dropLast(1)
        case "flipped": data[data.count / 2] ^= 1
        default:
            // Another group's, and sound.
            let other = try Stage(partitions: 2)
            var another = stage
            another.configuration.groupID = other.configuration.groupID
            another.configuration.topics = other.topics
            let writer = try Worker(
                another,
                environment: [
                    "AMIWATCH_STATE_SNAPSHOT_DIR": folder, "AMIWATCH_STATE_SNAPSHOT_INTERVAL_SECONDS": "1",
                ]
            )
            try #require(writer.logs("snapshot written"), "\(writer.lines)")
            writer.end()
            let theirs = "\(folder)/\(other.configuration.groupID)-worker.snapshot"
            data = try #require(FileManager.default.contents(atPath: theirs))
        }
        try data.write(to: URL(filePath: path))
        let next = try worker()
        try #require(next.logs("restored state evaluated"), "\(next.lines)")
        #expect(fromSnapshot(next) == 0, "\(next.lines)")
        let told = next.lines.split(separator: "\n").filter { $0.contains("snapshot is not used") }
        #expect(told.count == 1 && told[0].contains(cause), "\(told)")
        next.end()
        try finish()
    }

    @Test("Others wrote meanwhile: what they wrote is read on top")
    func moved() throws {
        try leaveSnapshot(killed: false)
        let snapshot = try #require(FileManager.default.contents(atPath: path))
        let other = try worker("other", interval: 3600)
        try #require(other.logs("restored state evaluated"), "\(other.lines)")
        try stage.produce(part(2), partitions: 2)
        usleep(1_000_000)
        other.end()
        try snapshot.write(to: URL(filePath: path))
        try expectSameAsTopics()
        let next = try worker()
        try #require(next.logs("restored state evaluated"), "\(next.lines)")
        #expect(fromSnapshot(next) > 0, "\(next.lines)")
        next.end()
        try finish()
    }

    @Test(
        "A topic that was made anew is not taken for the one of before, however many messages it holds",
        arguments: [false, true]
    )
    func madeAnew(isCatalogue: Bool) throws {
        try leaveSnapshot(killed: false)
        let name = isCatalogue ? stage.topics.catalogue : stage.topics.state
        let manifest = try #require(try StoredSnapshot(path: path)).manifest
        let offsets = isCatalogue ? manifest.catalogue : manifest.changelog
        try stage.broker.deleteTopics([name])
        #expect(
            try becomes {
                try Admin(["bootstrap.servers": stage.broker.bootstrapServers]).describeTopic(name) == nil
            }
        )
        try stage.broker.makeTopic(
            named: name,
            partitions: 2,
            properties: ["cleanup.policy": "compact", "delete.retention.ms": "604800000"]
        )
        let producer = try Producer(["bootstrap.servers": stage.broker.bootstrapServers])
        let topic = try producer.topic(name)
        for (partition, offset) in offsets {
            for _ in 0..<offset + 100 {
                try producer.produce(
                    to: topic,
                    partition: partition,
                    key: Array(isCatalogue ? "time/other".utf8 : "partitions".utf8),
                    value: Array(isCatalogue ? "1".utf8 : "1 2".utf8)
                )
            }
        }
        try producer.flush(timeout: patience)
        let next = try worker()
        try #require(next.logs("restored state evaluated"), "\(next.lines)")
        let told = next.lines.split(separator: "\n").filter { $0.contains("snapshot is not used") }
        #expect(!told.isEmpty && told.allSatisfy { $0.contains("its mark is not there") }, "\(told)")
        next.end()
    }

    @Test("A second worker on one file, and a folder that cannot be written, run without")
    func unusable() throws {
        let store = try SnapshotStore(in: folder, name: escaped)
        let without = try worker()
        try #require(without.logs("restored state evaluated"), "\(without.lines)")
        #expect(without.lines.contains("running without snapshots"), "\(without.lines)")
        without.end()
        withExtendedLifetime(store) {}
    }
}

extension Stage {
    /// The messages of a topic from some offsets on, as bytes.
    fileprivate func read(
        _ topic: String,
        from starts: [Int32: Int64],
        _ body: (_ key: [UInt8], _ value: [UInt8]?) throws -> Void
    ) throws {
        let consumer = try Consumer([
            "bootstrap.servers": broker.bootstrapServers, "group.id": uniqueName("reader"),
            "enable.partition.eof": "true",
        ])
        try consumer.assign(starts.map { PartitionOffset(topic, $0.key, $0.value) })
        var waiting = Set(starts.keys)
        let deadline = ContinuousClock.now + patience
        while !waiting.isEmpty {
            guard ContinuousClock.now < deadline else { throw ReadFailure(message: "no end of \(topic)") }
            try consumer.poll(maxMessages: 1000, timeout: .milliseconds(100)) { batch in
                for message in batch.messages {
                    try body(message.key.map { Array($0) } ?? [], message.payload.map { Array($0) })
                }
                for end in batch.ends { waiting.remove(end.partition) }
            }
        }
        try consumer.close()
    }
}
