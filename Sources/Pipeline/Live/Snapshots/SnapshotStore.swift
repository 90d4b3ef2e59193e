import Configuration
import Cryptography
import Foundation
import Glibc

/// Where the core puts the snapshot that it takes; it never waits for the disk.
protocol SnapshotOutput: AnyObject {
    /// Whether so much waits to be written that nothing more should come for now.
    var isBehind: Bool { get }

    /// Begins a snapshot; what was begun before is given up.
    func begin()

    /// Takes a copy of a piece of a section.
    func append(_ piece: UnsafeRawBufferPointer, to section: Int32)

    /// Puts the snapshot in the place of the one before, once it is on the disk.
    func finish(_ manifest: SnapshotManifest)

    func giveUp()

    /// What became of the last one that was finished; nil while that is not known, and when it was told before.
    func takeOutcome() -> SnapshotOutcome?
}

enum SnapshotOutcome: Equatable {
    case written(bytes: Int)
    case failed(String)
}

/// The file in which a worker keeps its snapshot.
///
/// It is written under another name, by a thread of its own, and renamed when all of it is on the disk: whenever the process
/// ends, there is the snapshot of before or the new one, whole. A lock keeps a second process away.
final class SnapshotStore: SnapshotOutput {
    let path: String
    private let file: SnapshotFileWriter
    private let lock: Int32

    /// Takes a worker's file in a folder.
    ///
    /// - Throws: `SnapshotFault.unreadable` when it cannot be written there, or another process has it.
    init(in folder: String, name: String) throws(SnapshotFault) {
        let escaped = name.utf8.map { byte in
            let isPlain =
                byte == 0x2D || byte == 0x5F || (byte < 0x80 && Character(UnicodeScalar(byte)).isLetter)
                || (0x30...0x39).contains(byte)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + String(byte, radix: 16)
        }.joined()
        path = "\(folder)/\(escaped).snapshot"
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch { throw .unreadable("\(folder): \(error.localizedDescription)") }
        let lockPath = "\(folder)/\(escaped).lock"
        lock = Glibc.open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw .unreadable("\(lockPath): \(SnapshotFault.systemText)") }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw .unreadable(
                "\(lockPath): another process uses it; give each worker an instance_id of its own"
            )
        }
        file = SnapshotFileWriter(path)
    }

    deinit { close(lock) }

    /// The snapshot that is there; nil when there is none.
    ///
    /// - Throws: `SnapshotFault` when it is not this worker's, or too old: `tombstones` is how long the topics keep what says
    ///   that something is gone, in milliseconds.
    func open(
        for owner: SnapshotOwner,
        now: Int64,
        tombstones: Int64
    ) throws(SnapshotFault) -> StoredSnapshot? {
        guard let found = try StoredSnapshot(path: path) else { return nil }
        let manifest = found.manifest
        guard manifest.owner == owner else {
            throw .foreign("other topics: \(manifest.owner), where this worker has \(owner)")
        }
        try manifest.checkAge(now: now, tombstones: tombstones)
        return found
    }

    // MARK: Writing

    var isBehind: Bool { file.isBehind }

    func begin() { file.begin() }

    func append(_ piece: UnsafeRawBufferPointer, to section: Int32) { file.append(Array(piece), to: section) }

    func finish(_ manifest: SnapshotManifest) { file.finish(manifest) }

    func giveUp() { file.begin() }

    func takeOutcome() -> SnapshotOutcome? { file.takeOutcome() }
}

extension SnapshotJudge {
    /// This program, with a policy.
    init(policy: String) { self.init(program: Self.program, policy: policy) }

    private static let program: String = {
        guard let file = try? Data(contentsOf: URL(filePath: "/proc/self/exe"), options: .alwaysMapped) else {
            return SnapshotMark.newText()
        }
        return file.withUnsafeBytes { SHA256.hex(of: $0) }
    }()
}
