package import CloudTrail
internal import Compression
internal import Cryptography

/// Reads and decodes one file after the other, on one thread, and keeps its buffers.
///
/// A file that fits, packed and unpacked, is unpacked at once and read at once; any other goes by a window.
package final class TrailDecoder {
    private let reader: RecordReader
    private let decompressor = Decompressor()
    private let window: Int
    private var buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    package convenience init(
        limits: Limits = .init(),
        validate validation: Validation = .candidates,
        sessionKeys: SessionKeys = []
    ) {
        self.init(limits: limits, validate: validation, window: TrailWindow.usualSize)
        reader.sessionKeys = sessionKeys
    }

    /// Whether launches keep what they ask to be authorised on.
    package var readsLaunchRequests: Bool {
        get { reader.readsLaunchRequests }
        set { reader.readsLaunchRequests = newValue }
    }

    /// Whether the last batch of a file tells its SHA-256.
    package var hashesFiles = false

    /// A decoder with a window of another size.
    init(limits: Limits = .init(), validate validation: Validation = .candidates, window: Int) {
        reader = RecordReader(limits: limits, validate: validation)
        self.window = window
    }

    deinit { buffer.deallocate() }

    /// Decodes a file; the last batch is marked as such.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - index: Its place in the list, for the batches.
    ///   - hand: Called for each batch, in order; false ends the reading.
    /// - Throws: `TrailError` when the file cannot be read, or is not what its digest says.
    package func decode(
        _ file: TrailFile,
        index: Int,
        _ hand: (DecodedBatch) -> Bool
    ) throws(TrailError) {
        do throws(SystemError) {
            let batches = BatchWriter(file: index, size: file.size, limits: reader.limits)
            if try decode(file, batches, hand) { return }
        } catch {
            throw .unreadable(path: file.name, reason: error.text)
        }
        throw .changed(path: file.name)
    }

    /// Decodes what a file would hold; as ``decode(_:index:_:)``.
    package func decode(_ bytes: UnsafeRawBufferPointer, _ hand: (DecodedBatch) -> Bool) {
        var batches = BatchWriter(file: 0, size: bytes.count, limits: reader.limits)
        do {
            try reader.read(file: bytes) { try batches.take($0, hand) }
        } catch { return }
        batches.finish(hand)
    }

    /// False when a file is not what its digest says; then nothing of it was handed over.
    private func decode(
        _ file: TrailFile,
        _ batches: consuming BatchWriter,
        _ hand: (DecodedBatch) -> Bool
    ) throws(SystemError) -> Bool {
        var source = try OpenFile(file.path, isHashed: hashesFiles)
        let (head, isWhole) = try self.head(of: &source, size: file.size)
        var batches = batches
        let whole: UnsafeRawBufferPointer?
        if let digest = file.digest {
            // The very bytes that are hashed here are read below.
            whole = isWhole ? member(head, with: digest) : nil
            if whole == nil { return false }
        } else {
            whole = isWhole ? unpacked(head) : nil
        }
        if let whole {
            batches.bytesRead(upTo: head.count)
            do {
                try reader.read(file: whole) { try batches.take($0, hand) }
            } catch { return true }
            batches.finish(sha256: try source.hashOfAll(), hand)
            return true
        }
        var window = TrailWindow(
            head: head,
            file: source,
            limits: reader.limits.decompression,
            size: self.window
        )
        try readParts(&window, &batches, hand)
        return true
    }

    /// What the one gzip member of a file unpacks to; nil when it is another, or not the only one.
    private func member(
        _ bytes: UnsafeRawBufferPointer,
        with digest: SHA256Digest
    ) -> UnsafeRawBufferPointer? {
        let (output, used) = decompressor.decompressMember(bytes, limits: reader.limits.decompression)
        guard output.problem == nil, used == bytes.count, SHA256.digest(of: output.bytes) == digest else {
            return nil
        }
        return output.bytes
    }

    /// A file's first bytes in the buffer, and whether they are all of it.
    private func head(
        of source: inout OpenFile,
        size: Int
    ) throws(SystemError) -> (UnsafeRawBufferPointer, Bool) {
        var count = 0
        let wanted = min(max(size + 1, 1 << 16), window)
        while true {
            if buffer.count < wanted || buffer.count == count {
                // Doubled at least, so that files which grow and grow do not each get a buffer of their own.
                let larger = UnsafeMutableRawBufferPointer.allocate(
                    byteCount: min(window, max(wanted, buffer.count * 2)),
                    alignment: 64
                )
                larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                buffer.deallocate()
                buffer = larger
            }
            count += try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
            let head = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            // A file may still grow, and a stream has no size.
            if count < buffer.count { return (head, true) }
            if count >= window { return (head, false) }
        }
    }

    /// What the reader can read at once; nil when it unpacks to more than a window.
    private func unpacked(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard let format = Decompressor.Format(magic: bytes) else { return bytes }
        var limits = reader.limits.decompression
        limits.size = min(limits.size, window)
        let output = decompressor.decompress(bytes, as: format, limits: limits)
        switch output.problem {
        case nil: return output.bytes
        case .tooLarge: return nil
        // The reader knows what to do with what stands before the damage.
        case .truncated, .corrupt, .ratioTooHigh, .outOfMemory: return bytes
        }
    }

    /// Reads a long file by a window that is cut between values, or between the members of its list.
    private func readParts(
        _ window: inout TrailWindow,
        _ batches: inout BatchWriter,
        _ hand: (DecodedBatch) -> Bool
    ) throws(SystemError) {
        var isMore = try window.fill()
        if window.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { window.drop(3) }  // a byte order mark
        if isMore, RecordReader.isTable(window.bytes) {
            let line = reader.nextValueLine(window.bytes, from: 0)
            let table = UnsafeRawBufferPointer(rebasing: window.bytes[..<(line ?? window.bytes.count)])
            do {
                try reader.read(part: table, before: 0, offset: window.offset) { try batches.take($0, hand) }
            } catch { return }
            window.drop(table.count)
            if line == nil { isMore = try passOverTable(&window) }
        }
        while isMore {
            batches.bytesRead(upTo: window.consumed)
            let (before, offset) = (batches.read, window.offset)
            func read(_ part: UnsafeRawBufferPointer) throws {
                try reader.read(part: part, before: before, offset: offset) { try batches.take($0, hand) }
            }
            do {
                switch reader.cut(window.bytes) {
                case .value(let end):
                    try read(UnsafeRawBufferPointer(rebasing: window.bytes[..<end]))
                    window.drop(end)
                case .member(let end, let list):
                    try window.withPart(end, endingWith: list.closing) { try read($0) }
                    window.replace(end, with: list.opening)
                case .list(let end, let list):
                    // What stands behind a list in its object is no record.
                    try window.withPart(end, endingWith: list == .bare ? "" : "}") { try read($0) }
                    window.drop(end)
                    if list != .bare { _ = try window.dropEndless(EndlessValue(depth: 1)) }
                case .nowhere(let start, let list):
                    if let first = reader.nextValueLine(window.bytes, from: start),
                        let last = reader.lastValueLine(window.bytes)
                    {
                        // It is broken: the reader finds what is sound in the lines.
                        if let list, reader.isMember(window.bytes, at: first),
                            last > list.opening.utf8CodeUnitCount
                        {
                            try window.withPart(last, endingWith: list.closing) { try read($0) }
                            window.replace(last, with: list.opening)
                        } else {
                            try read(UnsafeRawBufferPointer(rebasing: window.bytes[..<last]))
                            window.drop(last)
                        }
                    } else {
                        try batches.take(.deadLetter(tooLong(window, from: start, at: before)), hand)
                        window.drop(start)
                        try passOver(&window, of: list)
                    }
                }
            } catch let error as SystemError { throw error } catch { return }
            isMore = try window.fill()
        }
        batches.bytesRead(upTo: window.consumed)
        let problem = window.problem.map { (error: $0, packed: window.lastPacked) }
        do {
            try reader.read(
                part: window.bytes,
                before: batches.read,
                offset: window.offset,
                problem: problem
            ) { try batches.take($0, hand) }
        } catch { return }
        batches.finish(sha256: try window.hashOfFile(), hand)
    }

    /// Moves the window to the next line that begins a value; false when the file has no more than what it then holds.
    private func passOverTable(_ window: inout TrailWindow) throws(SystemError) -> Bool {
        var isMore = true
        while isMore {
            isMore = try window.fill()
            guard let line = reader.nextValueLine(window.bytes, from: 0) else {
                window.drop(window.bytes.count)
                continue
            }
            window.drop(line)
            return isMore
        }
        return false
    }

    private func tooLong(
        _ window: borrowing TrailWindow,
        from start: Int,
        at index: Int
    ) -> DeadLetter {
        DeadLetter(
            reason: .tooLarge,
            text: "more than \(window.bytes.count - start) bytes; this is its beginning",
            recordIndex: index,
            bytes: UnsafeRawBufferPointer(rebasing: window.bytes[start...]),
            byteOffset: max(0, window.offset + start)
        )
    }

    /// Moves the window behind the value that it begins with, and makes it begin as the rest of the list that it was in.
    private func passOver(
        _ window: inout TrailWindow,
        of list: RecordReader.LongList?
    ) throws(SystemError) {
        let end = try window.dropEndless(EndlessValue())
        guard let list, let end, try window.fill() || !window.bytes.isEmpty else { return }
        if case .line = end, !reader.isMember(window.bytes, at: 0) { return }
        let next = reader.skippingSeparators(window.bytes, from: 0)
        guard next < window.bytes.count, window.bytes[next] == UInt8(ascii: "]") else {
            return window.replace(next, with: list.opening)
        }
        window.drop(next + 1)
        // What stands behind a list in its object is no record.
        if list != .bare { _ = try window.dropEndless(EndlessValue(depth: 1)) }
    }
}
