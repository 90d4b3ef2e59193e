import Cryptography
import Testing

@testable import Detection
@testable import Pipeline

/// What one worker has on its disk, whichever process it is.
final class SimulatedDisk: SnapshotOutput {
    let name: String
    /// Moves on whenever the topics forget what they had said to be gone.
    var era: Int64 = 1
    private var file: [UInt8]?
    private var partial: [UInt8] = []
    private var sections: [Int32: [SnapshotManifest.Piece]] = [:]
    private var outcome: SnapshotOutcome?
    /// Whether the disk is full.
    var isFull = false

    init(name: String) { self.name = name }

    /// What the last process left.
    func found(_ owner: SnapshotOwner) -> StoredSnapshot? {
        (partial, outcome) = ([], nil)
        guard let file else { return nil }
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: file.count, alignment: 16)
        copy.copyBytes(from: file)
        do throws(SnapshotFault) {
            let found = try StoredSnapshot(UnsafeRawBufferPointer(copy)) { copy.deallocate() }
            #expect(found.manifest.owner == owner)
            try found.manifest.checkAge(now: era, tombstones: 1)
            return found
        } catch {
            if case .stale = error {} else { Issue.record(error) }
            return nil
        }
    }

    var isBehind: Bool { false }

    func begin() { (partial, sections, outcome) = (SnapshotFormat.name, [:], nil) }

    func append(_ piece: UnsafeRawBufferPointer, to section: Int32) {
        sections[section, default: []].append(.init(offset: partial.count, count: piece.count))
        partial += piece
    }

    func finish(_ manifest: SnapshotManifest) {
        guard !isFull else { return outcome = .failed("No space left on device") }
        var manifest = manifest
        for index in manifest.sections.indices {
            manifest.sections[index].pieces = sections[manifest.sections[index].number] ?? []
        }
        guard let ending = try? SnapshotFormat.ending(manifest) else { return outcome = .failed("no JSON") }
        partial += ending
        partial += partial.withUnsafeBytes { SHA256.hex(of: $0) }.utf8
        file = partial
        outcome = .written(bytes: partial.count)
    }

    func giveUp() { begin() }

    func takeOutcome() -> SnapshotOutcome? {
        defer { outcome = nil }
        return outcome
    }
}
