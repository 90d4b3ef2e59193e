import Glibc

/// Standard output, in blocks.
///
/// Not Sendable: one thread writes.
final class StandardOutput {
    private var buffer: [UInt8] = []
    private static let blockBytes = 1 << 16

    private init() { buffer.reserveCapacity(Self.blockBytes) }

    /// Runs `body` with standard output, and writes out the rest afterwards.
    ///
    /// - Throws: `OutputClosed` when nobody reads any more, a `Failure` when the disk is full.
    static func with<Result>(_ body: (StandardOutput) throws -> Result) throws -> Result {
        let output = StandardOutput()
        do {
            let result = try body(output)
            try output.flush()
            return result
        } catch let error as OutputClosed {
            throw error
        } catch {
            // What was written before the failure is still true.
            try output.flush()
            throw error
        }
    }

    /// Takes text.
    func write(_ text: String) throws {
        buffer.append(contentsOf: text.utf8)
        if buffer.count >= Self.blockBytes { try flush() }
    }

    /// Takes bytes.
    func write(_ bytes: some Collection<UInt8>) throws {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.blockBytes { try flush() }
    }

    /// Writes out what was taken.
    func flush() throws {
        defer { buffer.removeAll(keepingCapacity: true) }
        try buffer.withUnsafeBytes { bytes in
            var written = 0
            while written < bytes.count, let base = bytes.baseAddress {
                let count = Glibc.write(STDOUT_FILENO, base + written, bytes.count - written)
                if count > 0 {
                    written += count
                } else if errno == EPIPE {
                    throw OutputClosed()
                } else if errno != EINTR {
                    throw Failure("writing standard output: \(String(cString: strerror(errno)))")
                }
            }
        }
    }
}

/// Standard error, line by line.
enum StandardError {
    /// Writes one line; that nobody reads it is no failure.
    static func line(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes {
                Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count)
            }
            if count > 0 { written += count } else if errno != EINTR { return }
        }
    }
}
