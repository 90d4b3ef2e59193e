import CCompression
import Glibc

/// A file that is written anew for each input: it lies in memory, for what is read by its path, or where it is found after
/// a crash.
final class ScratchFile {
    private let descriptor: Int32
    let path: String

    init() throws {
        var name = Array("/dev/shm/amiwatch-fuzz-XXXXXX".utf8CString)
        descriptor = mkstemp(&name)
        try require(descriptor >= 0, "mkstemp: \(String(cString: strerror(errno)))")
        unlink(name)
        path = "/proc/self/fd/\(descriptor)"
    }

    /// A file that stays, also when the process ends.
    init(at path: String) throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        try require(descriptor >= 0, "opening \(path): \(String(cString: strerror(errno)))")
        self.path = path
    }

    deinit { close(descriptor) }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        try require(ftruncate(descriptor, 0) == 0, "emptying: \(String(cString: strerror(errno)))")
        let written = pwrite(descriptor, bytes.baseAddress, bytes.count, 0)
        try require(written == bytes.count, "writing: \(String(cString: strerror(errno)))")
    }
}

/// Packs within the process: a program for each input would be far too slow.
enum Gzip {
    static func pack(_ bytes: [UInt8]) -> [UInt8] {
        guard let compressor = libdeflate_alloc_compressor(1) else { return [] }
        defer { libdeflate_free_compressor(compressor) }
        var packed = [UInt8](repeating: 0, count: libdeflate_gzip_compress_bound(compressor, bytes.count))
        let count = libdeflate_gzip_compress(compressor, bytes, bytes.count, &packed, packed.count)
        return Array(packed[..<count])
    }
}
