import Cryptography
import Detection
import Foundation
import Glibc

/// A snapshot that was found whole, for reading.
final class StoredSnapshot {
    let manifest: SnapshotManifest
    let bytes: UnsafeRawBufferPointer
    private let release: () -> Void

    /// Takes the bytes of a whole file; `release` gives them back.
    ///
    /// - Throws: `SnapshotFault`.
    init(_ bytes: UnsafeRawBufferPointer, release: @escaping () -> Void) throws(SnapshotFault) {
        do throws(SnapshotFault) {
            manifest = try SnapshotFormat.manifest(of: bytes)
        } catch {
            release()
            throw error
        }
        (self.bytes, self.release) = (bytes, release)
    }

    /// Reads a file into memory; nil when there is none.
    ///
    /// Not mapped: what is done to the file after its digest was compared changes nothing, and what was cut off it, or cannot be
    /// read from the disk, does not end the process.
    ///
    /// - Throws: `SnapshotFault`.
    convenience init?(path: String) throws(SnapshotFault) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .unreadable(SnapshotFault.systemText)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(SnapshotFault.systemText) }
        let count = Int(status.st_size)
        guard count > 0 else { throw .torn }
        // Of its own, and not from the allocator, which would keep it.
        guard
            let start = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            start != MAP_FAILED
        else { throw .unreadable(SnapshotFault.systemText) }
        let memory = UnsafeMutableRawBufferPointer(start: start, count: count)
        do throws(SnapshotFault) { try Self.fill(memory, from: descriptor) } catch {
            munmap(start, count)
            throw error
        }
        try self.init(UnsafeRawBufferPointer(memory)) { munmap(start, count) }
    }

    private static func fill(
        _ memory: UnsafeMutableRawBufferPointer,
        from descriptor: Int32
    ) throws(SnapshotFault) {
        var done = 0
        while done < memory.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: memory[done...])
            let count = read(descriptor, rest.baseAddress, rest.count)
            if count == 0 { throw .torn }
            if count > 0 {
                done += count
            } else if errno != EINTR {
                throw .unreadable(SnapshotFault.systemText)
            }
        }
    }

    deinit { release() }

    func section(_ number: Int32) -> SnapshotManifest.Section? {
        manifest.sections.first { $0.number == number }
    }

    func bytes(of piece: SnapshotManifest.Piece) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[piece.offset..<piece.offset + piece.count])
    }
}

/// Why a snapshot is not used.
enum SnapshotFault: Error, Equatable {
    /// It ends early, or a byte of it is not what was written.
    case torn
    case newer(Int)
    case foreign(String)
    case stale(String)
    case unreadable(String)

    static var systemText: String { String(cString: strerror(errno)) }
}

extension SnapshotFault: CustomStringConvertible {
    var description: String {
        switch self {
        case .torn: "it is torn or damaged: its checksum is not that of its bytes"
        case .newer(let format): "it has format \(format), which another amiwatch wrote"
        case .foreign(let what): "it is of \(what)"
        case .stale(let what): "it is too old: \(what)"
        case .unreadable(let what): "it cannot be read: \(what)"
        }
    }
}

/// How a snapshot lies in its file: a name, the pieces, what it says of itself in JSON, how long that is, and the SHA-256 of
/// all of it.
enum SnapshotFormat {
    static let name = Array("amiwatch snapshot\n".utf8)
    private static let digestBytes = 64

    /// What follows the pieces, up to the digest.
    static func ending(_ manifest: SnapshotManifest) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let json = [UInt8](try encoder.encode(manifest))
        return json + withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) }
    }

    fileprivate static func manifest(
        of bytes: UnsafeRawBufferPointer
    ) throws(SnapshotFault) -> SnapshotManifest {
        let end = bytes.count - digestBytes
        guard end >= name.count + 8, bytes.starts(with: name) else { throw .torn }
        let digest = SHA256.hex(of: UnsafeRawBufferPointer(rebasing: bytes[..<end]))
        guard bytes[end...].elementsEqual(digest.utf8) else { throw .torn }
        let count = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: end - 8, as: UInt64.self))
        guard count <= UInt64(end - 8 - name.count) else { throw .torn }
        let json = Data(bytes[(end - 8 - Int(count))..<(end - 8)])
        struct Format: Decodable { let format: Int }
        guard let format = try? JSONDecoder().decode(Format.self, from: json) else { throw .torn }
        guard format.format == SnapshotReader.format else { throw .newer(format.format) }
        guard let manifest = try? JSONDecoder().decode(SnapshotManifest.self, from: json) else {
            throw .torn
        }
        let pieces = manifest.sections.flatMap(\.pieces)
        let areInside = pieces.allSatisfy {
            $0.offset >= name.count && $0.count >= 0 && $0.count <= end - $0.offset
        }
        guard areInside else { throw .torn }
        return manifest
    }
}
