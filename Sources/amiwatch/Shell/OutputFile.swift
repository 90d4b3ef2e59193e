import Glibc

/// A file that a command writes, in blocks; without a path, standard output.
///
/// Not Sendable: one thread writes. `close` must be the last call, for it tells whether everything arrived.
final class OutputFile {
    private var buffer: [UInt8] = []
    private let descriptor: Int32
    private let name: String
    private static let blockBytes = 1 << 16

    /// Makes the file, or empties it.
    init(path: String?) throws {
        buffer.reserveCapacity(Self.blockBytes)
        guard let path, path != "-" else {
            descriptor = STDOUT_FILENO
            name = "standard output"
            return
        }
        name = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure("writing \(path): \(String(cString: strerror(errno)))") }
    }

    /// Runs `body` with standard output, and writes out the rest afterwards.
    ///
    /// - Throws: `OutputClosed` when nobody reads any more, a `Failure` when the disk is full.
    static func standard<Result>(_ body: (OutputFile) throws -> Result) throws -> Result {
        let output = try OutputFile(path: nil)
        do {
            let result = try body(output)
            try output.close()
            return result
        } catch let error as OutputClosed {
            throw error
        } catch {
            // What was written before the failure is still true.
            try output.close()
            throw error
        }
    }

    /// Takes text.
    func write(_ text: String) throws {
        buffer.append(contentsOf: text.utf8)
        if buffer.count >= Self.blockBytes { try flush() }
    }

    /// Takes a line; the newline is added.
    func line(_ bytes: [UInt8]) throws {
        buffer.append(contentsOf: bytes)
        buffer.append(0x0A)
        if buffer.count >= Self.blockBytes { try flush() }
    }

    /// Takes a line; the newline is added.
    func line(_ text: String) throws { try write(text + "\n") }

    /// Writes out what was taken.
    func flush() throws {
        defer { buffer.removeAll(keepingCapacity: true) }
        var written = 0
        while written < buffer.count {
            let count = buffer[written...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count > 0 {
                written += count
            } else if errno == EPIPE, descriptor == STDOUT_FILENO {
                throw OutputClosed()
            } else if errno != EINTR {
                throw Failure("writing \(name): \(String(cString: strerror(errno)))")
            }
        }
    }

    /// Writes out the rest.
    func close() throws {
        try flush()
        guard descriptor != STDOUT_FILENO else { return }
        guard Glibc.close(descriptor) == 0 else {
            throw Failure("writing \(name): \(String(cString: strerror(errno)))")
        }
    }
}
