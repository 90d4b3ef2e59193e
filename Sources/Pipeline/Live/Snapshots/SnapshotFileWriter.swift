import Cryptography
import Dispatch
import Foundation
import Glibc
import Synchronization

/// Writes snapshots on a thread of its own.
///
/// `@unchecked Sendable`: everything but the board is touched on the queue alone.
final class SnapshotFileWriter: @unchecked Sendable {
    private let path: String
    private let queue = DispatchQueue(label: "snapshot")

    private struct Board {
        var waitingBytes = 0
        /// Which snapshot is being written; what belongs to one before is left out.
        var number = 0
        var outcome: SnapshotOutcome?
    }

    private let board = Mutex(Board())

    // On the queue.
    private var number = 0
    private var descriptor: Int32 = -1
    private var offset = 0
    private var digest = SHA256.Running()
    private var sections: [Int32: SnapshotManifest.Section] = [:]
    private var failure: String?

    private static let mostWaiting = 32 << 20

    init(_ path: String) { self.path = path }

    deinit { if descriptor >= 0 { close(descriptor) } }

    private var partial: String { path + ".partial" }

    var isBehind: Bool { board.withLock { $0.waitingBytes > Self.mostWaiting } }

    func takeOutcome() -> SnapshotOutcome? {
        board.withLock { board in
            defer { board.outcome = nil }
            return board.outcome
        }
    }

    func begin() {
        let number = board.withLock { board in
            board.number += 1
            return board.number
        }
        queue.async { [self] in start(number) }
    }

    func append(_ piece: [UInt8], to section: Int32) {
        let number = board.withLock { board in
            board.waitingBytes += piece.count
            return board.number
        }
        queue.async { [self] in
            defer { board.withLock { $0.waitingBytes -= piece.count } }
            guard number == self.number, failure == nil else { return }
            let begun = offset
            piece.withUnsafeBytes { write($0) }
            sections[section, default: .init(number: section)].pieces.append(
                .init(offset: begun, count: piece.count)
            )
        }
    }

    func finish(_ manifest: SnapshotManifest) {
        let number = board.withLock { $0.number }
        queue.async { [self] in
            guard number == self.number else { return }
            end(manifest)
            let outcome: SnapshotOutcome = failure.map { .failed($0) } ?? .written(bytes: offset)
            if failure != nil { unlink(partial) }
            board.withLock { $0.outcome = outcome }
        }
    }

    // MARK: On the queue

    private func start(_ number: Int) {
        if descriptor >= 0 { close(descriptor) }
        (self.number, offset, sections, failure) = (number, 0, [:], nil)
        digest = SHA256.Running()
        descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return fail(partial) }
        SnapshotFormat.name.withUnsafeBytes { write($0) }
    }

    private func fail(_ what: String) {
        failure = "\(what): \(SnapshotFault.systemText)"
        if descriptor >= 0 {
            // What a full disk needs most is room.
            ftruncate(descriptor, 0)
            close(descriptor)
            descriptor = -1
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, isDigested: Bool = true) {
        guard failure == nil else { return }
        if isDigested { digest.take(bytes) }
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return fail(partial) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        offset += bytes.count
    }

    private func end(_ manifest: SnapshotManifest) {
        guard failure == nil else { return }
        var manifest = manifest
        manifest.sections = manifest.sections.map { section in
            var section = section
            section.pieces = sections[section.number]?.pieces ?? []
            return section
        }
        guard let ending = try? SnapshotFormat.ending(manifest) else {
            failure = "cannot be put into JSON"
            return
        }
        ending.withUnsafeBytes { write($0) }
        Array(digest.finish().hex.utf8).withUnsafeBytes { write($0, isDigested: false) }
        guard failure == nil else { return }
        guard fsync(descriptor) == 0 else { return fail(partial) }
        close(descriptor)
        descriptor = -1
        guard rename(partial, path) == 0 else { return fail(path) }
        // The new name is there after a power failure, too.
        let folder = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }
}
