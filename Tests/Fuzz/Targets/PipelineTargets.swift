import Alerts
import CloudTrail
import CloudTrailTestSupport
import Configuration
import Detection
import Kafka

@testable import Pipeline

/// What the detector keeps beside the facts, and what else stands in its topics.
final class LedgerProbe {
    private(set) var reached: [String: Int] = [:]

    static let seeds: [[UInt8]] = {
        let partition = TopicPartition("events", 3)
        let entries: [LedgerEntry] = [
            .position(partition, 5), .reached(partition, 7), .totals(DetectorBalance()), .partitionCount(4),
            .policy(1), .time(EventTime(seconds: 1_770_000_000)),
            .attempt(partition, Attempt(place: 1, count: 2, announced: nil, tries: 3, process: 4)),
        ]
        let watermark = Watermark(source: "events[3]", time: EventTime(seconds: 1_770_000_000))
        let mark = SnapshotMark(name: "worker", text: "snapshot-1f")
        let others = [(watermark.key, watermark.value), (mark.key, mark.value)]
        let pairs = entries.map { ($0.key, $0.value) } + others
        return pairs.map { key, value in
            EntryList.bytes([StateEntry(store: .state, account: .none, key: key[...], value: value[...])])
        }
    }()

    func take(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        if let entry = LedgerEntry(key: key, value: value) {
            reached["ledger", default: 0] += 1
            _ = (entry.key, entry.value)
        }
        if Watermark(key: key, value: value) != nil { reached["watermark", default: 0] += 1 }
        let message = StateMessage(topic: "catalogue", partition: 0, offset: 0, key: key, value: value)
        if SnapshotMark(message) != nil { reached["snapshot mark", default: 0] += 1 }
    }
}

/// A snapshot's file, but for the digest at its end, which is right.
final class SnapshotFileTarget: FuzzTarget {
    static let name = "snapshot-file"
    static let isText = false
    private(set) var reached: [String: Int] = [:]

    static func seeds() throws -> [[UInt8]] {
        try SnapshotTarget.seeds().prefix(20).map { piece in
            let layout = TopicLayout(
                accountPartitions: 2,
                cataloguePartitions: 1,
                input: [],
                records: [],
                published: []
            )
            var manifest = SnapshotManifest(
                owner: SnapshotOwner(RunConfiguration(), layout),
                mark: "snapshot-1",
                created: 1_770_000_000_000,
                judge: SnapshotJudge(program: "p", policy: "q"),
                changelog: [0: 5],
                catalogue: [0: 7],
                watermarks: [.init(source: "events[0]", seconds: 5)]
            )
            let part = SnapshotManifest.Piece(offset: SnapshotFormat.name.count, count: piece.count)
            manifest.sections = [.init(number: 0, pieces: [part])]
            return try SnapshotFormat.name + piece + SnapshotFormat.ending(manifest)
        }
    }

    func take(_ input: UnsafeRawBufferPointer) throws {
        let file = Array(input) + Array(LostRecord(of: input).sha256.utf8)
        file.withUnsafeBytes { bytes in
            let stored: StoredSnapshot
            do throws(SnapshotFault) { stored = try StoredSnapshot(bytes, release: {}) } catch {
                reached["refused", default: 0] += 1
                return
            }
            reached["taken", default: 0] += 1
            try? stored.manifest.checkAge(now: 1_780_000_000_000, tombstones: 86_400_000)
            var engine = Engine(policy: Policy(), settings: .fuzzed)
            for section in stored.manifest.sections {
                engine.makeRoom(for: section.counts)
                var reader = SnapshotReader()
                for piece in section.pieces { _ = try? reader.take(stored.bytes(of: piece), into: &engine) }
            }
            reached["entries", default: 0] += engine.allEntries().count
        }
    }
}

extension LostRecord {
    fileprivate init(of bytes: UnsafeRawBufferPointer) {
        self.init(DeadLetter(reason: .notJSON, text: "", recordIndex: 0, bytes: bytes, byteOffset: 0))
    }
}

/// A dead letter: its document is JSON and holds what could not be read; put into the input again, it leads to the same.
final class DeadLetterTarget: FuzzTarget {
    static let name = "dead-letter"
    private let reader = RecordReader()
    private(set) var reached: [String: Int] = [:]

    static func seeds() throws -> [[UInt8]] {
        let letters = try Fuzzing.bytes("Tests/PipelineTests/Fixtures/deadletters.jsonl")
        return letters.split(separator: 0x0A).map { Array($0) }
            + RecordSeeds.made().map { Array($0.dropLast(20)) }
    }

    func take(_ input: UnsafeRawBufferPointer) throws {
        if let document = JSONTree(input), let stored = StoredLetter(document, place: "letters.jsonl:1") {
            reached["letters", default: 0] += 1
            _ = (stored.bytes, stored.heldBytes, stored.origin, stored.source, stored.sourceKey, stored.count)
            let note = RedriveNote.line(stored, into: "topic", at: "2026-03-04T05:06:07Z")
            try require(
                JSONTree(note).flatMap(RedriveNote.sha256(of:)) == stored.sha256,
                "the note of putting it in again does not name it"
            )
        }
        var lost: [LostRecord] = []
        reader.read(message: input) { reading in
            if case .deadLetter(let letter) = reading { lost.append(LostRecord(letter)) }
        }
        for letter in lost.prefix(20) { try check(letter) }
    }

    private func check(_ lost: LostRecord) throws {
        let place = MessagePosition(
            partition: TopicPartition("cloudtrail", 3),
            offset: 12,
            key: Array("k".utf8),
            timestamp: 1_770_000_000_000
        )
        let message = DeadLetterMessage(lost: lost, position: place)
        let value = message.value(atMost: 1_000_000)
        try require(StrictJSON.parse(value) != nil, "its document is no JSON")
        guard let document = JSONTree(value), let stored = StoredLetter(document, place: "x") else {
            throw Discrepancy(description: "its document is none: \(String(decoding: value, as: UTF8.self))")
        }
        try require(stored.heldBytes == lost.bytes && stored.sha256 == lost.sha256, "it holds other bytes")
        guard let bytes = stored.bytes else { return }
        reached["put in again", default: 0] += 1
        let again = reader.gather(message: bytes, account: lost.account)
        try require(again.read >= 1, "put in again, nothing is read")
        try require(
            again.letters.isEmpty == false || again.records.isEmpty == false || again.ignored > 0,
            "put in again, it leads to nothing"
        )
    }
}
