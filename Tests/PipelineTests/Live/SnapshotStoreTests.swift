import CloudTrail
import Configuration
import Detection
import Foundation
import Glibc
import KafkaTestSupport
import Testing
import TestSupport

@testable import Pipeline

/// A snapshot's file: whole, or not used, and then it is said why.
@Suite("Snapshot files")
struct SnapshotStoreTests {
    private let folder: String
    private let owner: SnapshotOwner
    private let engine: Engine

    init() throws {
        folder = try temporaryFolder("amiwatch-snapshots")
        owner = Self.owner("group")
        engine = Expected(History(seed: 81).sorted, policy: try Stage.readPolicy()).engine
    }

    private static func owner(_ group: String) -> SnapshotOwner {
        var configuration = RunConfiguration()
        configuration.groupID = group
        return SnapshotOwner(
            configuration,
            TopicLayout(accountPartitions: 2, cataloguePartitions: 1, input: [], records: [], published: [])
        )
    }

    private func store(_ name: String = "worker") throws -> SnapshotStore {
        try SnapshotStore(in: folder, name: name)
    }

    private func manifest(format: Int = SnapshotReader.format) -> SnapshotManifest {
        var manifest = SnapshotManifest(
            owner: owner,
            mark: "mark",
            created: 1_000_000,
            judge: SnapshotJudge(policy: engine.policy.hash),
            changelog: [0: 7, 1: 8],
            catalogue: [0: 9],
            watermarks: []
        )
        manifest.format = format
        return manifest
    }

    /// Writes the engine's state down, as a worker does.
    private func write(_ store: SnapshotStore, format: Int = SnapshotReader.format) throws -> SnapshotOutcome
    {
        store.begin()
        let partitioner = Partitioner(count: 2)
        var capture = SnapshotCapture(of: engine) { account in
            account.map { partitioner.partition(of: $0) } ?? SnapshotManifest.catalogueSection
        }
        while !capture.isOver {
            capture.take(atMost: 30, of: engine, waiting: []) { store.append($1, to: $0) }
        }
        var manifest = manifest(format: format)
        manifest.sections = capture.counts.map { .init(number: $0.key, counts: $0.value) }
        store.finish(manifest)
        var outcome: SnapshotOutcome?
        #expect(
            becomes {
                outcome = outcome ?? store.takeOutcome()
                return outcome != nil
            }
        )
        return try #require(outcome)
    }

    private func isWritten(_ store: SnapshotStore) throws -> Bool {
        if case .written = try write(store) { true } else { false }
    }

    private func open(_ store: SnapshotStore, now: Int64 = 1_000_000) throws -> StoredSnapshot? {
        try store.open(for: owner, now: now, tombstones: 600_000)
    }

    private func entries(of snapshot: StoredSnapshot) throws -> [StateEntry] {
        var read = Engine(policy: engine.policy)
        for section in snapshot.manifest.sections {
            var reader = SnapshotReader()
            for piece in section.pieces { try reader.take(snapshot.bytes(of: piece), into: &read) }
        }
        return read.allEntries()
    }

    @Test("What is read back is what was written, byte for byte")
    func roundTrip() throws {
        let store = try store()
        #expect(try open(store) == nil)
        guard case .written(let bytes) = try write(store) else {
            Issue.record("it is not written")
            return
        }
        let found = try #require(try open(store))
        #expect(found.bytes.count == bytes)
        #expect(engine.allEntries().count > 100)
        #expect(try entries(of: found) == engine.allEntries())
        #expect(found.manifest.changelog == [0: 7, 1: 8] && found.manifest.catalogue == [0: 9])
    }

    @Test("Cut off anywhere, or with any byte changed, it is not used")
    func damaged() throws {
        let store = try store()
        _ = try write(store)
        let whole = try #require(FileManager.default.contents(atPath: store.path))
        let places =
            Array(0..<40) + stride(from: 40, to: whole.count, by: max(1, whole.count / 150))
            + Array(whole.count - 120..<whole.count)
        func expectTorn(_ data: Data, _ comment: Comment) throws {
            try data.write(to: URL(filePath: store.path))
            #expect(throws: SnapshotFault.torn, comment) { try open(store) }
        }
        for place in places {
            try expectTorn(whole.prefix(place), "cut off at \(place)")
            var flipped = whole
            flipped[place] ^= 1 << UInt8(place % 8)
            try expectTorn(flipped, "changed at \(place)")
        }
        try expectTorn(whole + [0], "one byte too many")
        try whole.write(to: URL(filePath: store.path))
        #expect(try open(store) != nil)
    }

    @Test("Cut off and written over while it is read, it says what it said when it was found whole")
    func damagedMeanwhile() throws {
        let store = try store()
        _ = try write(store)
        let found = try #require(try open(store))
        let size = found.bytes.count
        let descriptor = Glibc.open(store.path, O_WRONLY | O_CLOEXEC)
        defer { close(descriptor) }
        let zeros = [UInt8](repeating: 0, count: size / 2)
        #expect(pwrite(descriptor, zeros, zeros.count, 0) == zeros.count)
        #expect(ftruncate(descriptor, 100) == 0)
        #expect(try entries(of: found) == engine.allEntries())
    }

    @Test("A newer format, other topics, and one that is too old are named")
    func refused() throws {
        let store = try store()
        _ = try write(store, format: SnapshotReader.format + 1)
        #expect(throws: SnapshotFault.newer(SnapshotReader.format + 1)) { try open(store) }
        _ = try write(store)
        let other = Self.owner("another")
        #expect {
            try store.open(for: other, now: 1_000_000, tombstones: 600_000)
        } throws: {
            if case SnapshotFault.foreign = $0 { true } else { false }
        }
        #expect(try open(store, now: 1_300_000) != nil)
        for now in [Int64(1_300_001), 999_999] {
            #expect {
                try open(store, now: now)
            } throws: {
                if case SnapshotFault.stale = $0 { true } else { false }
            }
        }
    }

    @Test("One that was not finished leaves the one of before, whenever the process ends")
    func unfinished() throws {
        do {
            let store = try store()
            _ = try write(store)
            store.begin()
            [UInt8](repeating: 1, count: 1000).withUnsafeBytes { store.append($0, to: 0) }
        }
        let store = try store()
        let found = try #require(try open(store))
        #expect(try entries(of: found) == engine.allEntries())
        #expect(try isWritten(store))
    }

    @Test("A full disk is told, and leaves the one of before")
    func fullDisk() throws {
        let store = try store()
        _ = try write(store)
        let before = FileManager.default.contents(atPath: store.path)
        unlink(store.path + ".partial")
        #expect(symlink("/dev/full", store.path + ".partial") == 0)
        guard case .failed(let cause) = try write(store) else {
            Issue.record("nothing was said")
            return
        }
        #expect(cause.contains("No space left on device"))
        #expect(FileManager.default.contents(atPath: store.path) == before)
        #expect(try isWritten(store), "and the next is written again")
    }

    @Test("A second process is kept away, and a folder that cannot be is named")
    func folders() throws {
        let first = try store("a/b")
        #expect(first.path.hasSuffix("/a%2fb.snapshot"))
        #expect {
            try store("a/b")
        } throws: {
            "\($0)".contains("another process uses it")
        }
        _ = try store("c")
        #expect {
            try SnapshotStore(in: "/dev/null/snapshots", name: "worker")
        } throws: {
            "\($0)".contains("/dev/null/snapshots")
        }
        withExtendedLifetime(first) {}
    }
}
