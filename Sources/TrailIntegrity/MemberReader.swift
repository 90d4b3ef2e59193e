internal import Compression
internal import Cryptography
internal import TrailArchive

/// Why a file is not what CloudTrail put there, before anything is compared.
enum FileFault: Error, Hashable {
    /// It cannot be opened or read; the system's words.
    case unreadable(String)
    /// It is not one gzip member that can be unpacked; why.
    case damaged(String)
    /// So many bytes stand behind the gzip member.
    case trailingBytes(Int)
}

/// Reads files that must be one gzip member, one after the other, and keeps its buffers: one for each thread.
final class MemberReader {
    /// A file on disk may be so large; CloudTrail's have a few MiB at most.
    static let maximumBytes = 32 << 20
    /// Buffers larger than this are given back after use.
    private static let keptBytes = 64 << 20

    private let decompressor = Decompressor()
    private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)

    deinit { buffer.deallocate() }

    /// What a file unpacks to, handed to the body; it is valid during that.
    func read<Success>(
        _ path: String,
        _ body: (UnsafeRawBufferPointer) -> Result<Success, FileFault>
    ) -> Result<Success, FileFault> {
        defer { release() }
        let packed: UnsafeRawBufferPointer
        do throws(SystemError) {
            guard let bytes = try wholeFile(path) else {
                return .failure(
                    .damaged("larger than \(Self.maximumBytes >> 20) MiB, which no file of CloudTrail is")
                )
            }
            packed = bytes
        } catch { return .failure(.unreadable(error.text)) }
        guard case .gzip = Decompressor.Format(magic: packed) else {
            return .failure(.damaged(packed.isEmpty ? "empty" : "not compressed with gzip"))
        }
        let (output, used) = decompressor.decompressMember(packed)
        if let problem = output.problem { return .failure(.damaged(problem.text)) }
        guard used == packed.count else { return .failure(.trailingBytes(packed.count - used)) }
        return body(output.bytes)
    }

    /// SHA-256 of what a file unpacks to.
    func digest(of path: String) -> Result<SHA256Digest, FileFault> {
        read(path) { .success(SHA256.digest(of: $0)) }
    }

    /// The bytes of a file; nil when they are too many.
    private func wholeFile(_ path: String) throws(SystemError) -> UnsafeRawBufferPointer? {
        let file = try OpenFile(path)
        var count = 0
        while true {
            count += try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
            if count < buffer.count { return UnsafeRawBufferPointer(rebasing: buffer[..<count]) }
            guard count <= Self.maximumBytes else { return nil }
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: buffer.count * 4, alignment: 64)
            larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            buffer.deallocate()
            buffer = larger
        }
    }

    private func release() {
        decompressor.release(above: Self.keptBytes)
        guard buffer.count > Self.keptBytes else { return }
        buffer.deallocate()
        buffer = .allocate(byteCount: 1 << 20, alignment: 64)
    }
}
