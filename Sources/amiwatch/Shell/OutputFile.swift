import Glibc

/// A file that a command writes, in blocks; without a path, standard output.
///
/// It has its name only once it is whole: until `close` it is written beside it, and what was there before stays.
/// Not Sendable: one thread writes. `close` must be the last call, for it tells whether everything arrived.
final class OutputFile {
    private var buffer: [UInt8] = []
    private let descriptor: Int32
    private let name: String
    private var unfinished: UnfinishedFile?
    private var hasWritten = false
    private static let blockBytes = 1 << 16

    init(path: String?) throws {
        buffer.reserveCapacity(Self.blockBytes)
        guard let path, path != "-" else {
            descriptor = STDOUT_FILENO
            name = "standard output"
            return
        }
        name = path
        let file = UnfinishedFile(of: path)
        descriptor = file?.begin() ?? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            defer { file?.remove() }
            throw Self.failure(path)
        }
        file?.keepMode(descriptor)
        unfinished = file
    }

    deinit { if unfinished != nil { abandon() } }

    private func abandon() {
        Glibc.close(descriptor)
        unfinished?.remove()
        unfinished = nil
    }

    private static func failure(_ name: String) -> Failure {
        Failure("writing \(name): \(String(cString: strerror(errno)))")
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

    /// Takes text, which must not be able to steer a terminal.
    func write(_ text: String) throws {
        buffer.append(contentsOf: text.utf8)
        if buffer.count >= Self.blockBytes { try flush() }
    }

    /// Takes bytes that make a document of their own.
    func write(_ document: [UInt8]) throws {
        buffer.append(contentsOf: document)
        try flush()
    }

    /// Takes a line; the newline is added.
    func line(_ bytes: [UInt8]) throws {
        buffer.append(contentsOf: bytes)
        buffer.append(0x0A)
        if buffer.count >= Self.blockBytes { try flush() }
    }

    /// Takes a line for people; the newline is added.
    func line(_ line: TerminalLine) throws { try write(line.text + "\n") }

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
                hasWritten = true
            } else if errno == EPIPE, descriptor == STDOUT_FILENO {
                throw OutputClosed()
            } else if errno != EINTR {
                throw Self.failure(name)
            }
        }
    }

    /// Writes out the rest, and leaves it beside the file of that name, which stays as it was; gives its path, nil
    /// where there was no such file to spare.
    func closeUnfinished() throws -> String? {
        try flush()
        guard descriptor != STDOUT_FILENO else { return nil }
        let file = unfinished
        unfinished = nil
        guard Glibc.close(descriptor) == 0 else { throw Self.failure(name) }
        guard hasWritten else {
            file?.remove()
            return nil
        }
        file?.keep()
        return file?.path
    }

    /// Writes out the rest, and gives the file its name.
    func close() throws {
        try flush()
        guard descriptor != STDOUT_FILENO else { return }
        let file = unfinished
        unfinished = nil
        guard Glibc.close(descriptor) == 0, file?.finish() ?? true else {
            defer { file?.remove() }
            throw Self.failure(name)
        }
    }
}
