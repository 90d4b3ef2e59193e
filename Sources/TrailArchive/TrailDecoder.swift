public import CloudTrail
internal import Compression
internal import Hashing

/// Reads and decodes one file after the other, on one thread, and keeps its buffers.
///
/// A file that fits, packed and unpacked, is unpacked at once and read at once; any other goes by a window.
public final class TrailDecoder {
    private let reader: RecordReader
    private let decompressor = Decompressor()
    private let window: Int
    private var buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    /// A decoder with empty buffers.
    public convenience init(limits: Limits = .init(), validate validation: Validation = .candidates) {
        self.init(limits: limits, validate: validation, window: TrailWindow.usualSize)
    }

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
    /// - Throws: `TrailError` when the file cannot be read.
    public func decode(
        _ file: TrailFile,
        index: Int,
        _ hand: (DecodedBatch) -> Bool
    ) throws(TrailError) {
        do throws(SystemError) {
            try decode(file, BatchWriter(file: index), hand)
        } catch {
            throw .unreadable(path: file.name, reason: error.text)
        }
    }

    private func decode(
        _ file: TrailFile,
        _ batches: consuming BatchWriter,
        _ hand: (DecodedBatch) -> Bool
    ) throws(SystemError) {
        var source = try OpenFile(file.path)
        let (head, isWhole) = try self.head(of: &source, size: file.size)
        var batches = batches
        if isWhole, let whole = unpacked(head) {
            do {
                try reader.read(file: whole) { try batches.take($0, hand) }
            } catch { return }
            batches.finish(bytesRead: head.count, hand)
            return
        }
        var window: TrailWindow
        do throws(CompressionError) {
            window = try TrailWindow(
                head: head,
                file: source,
                limits: reader.limits.decompression,
                size: self.window
            )
        } catch {
            throw SystemError(code: SystemError.outOfMemory)
        }
        try readParts(&window, &batches, hand)
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
        var isSkipping = false
        var isMore = true
        while isMore {
            isMore = try window.fill()
            batches.bytesRead(upTo: window.consumed)
            if isSkipping {
                let line = reader.firstValueLine(window.bytes)
                window.drop(line ?? window.bytes.count)
                isSkipping = line == nil
                // The rest of what was too large has been counted with its beginning.
                if isMore { continue }
            }
            do {
                isSkipping = try readPart(&window, isLast: !isMore, &batches, hand)
            } catch { return }
        }
        batches.finish(bytesRead: 0, hand)
    }

    /// Reads what can be read of the window, and moves it; whether one value was too large for it.
    private func readPart(
        _ window: inout TrailWindow,
        isLast: Bool,
        _ batches: inout BatchWriter,
        _ hand: (DecodedBatch) -> Bool
    ) throws -> Bool {
        let before = batches.read
        func read(_ part: UnsafeRawBufferPointer, _ batches: inout BatchWriter) throws {
            try reader.read(part: part, before: before) { try batches.take($0, hand) }
        }
        if isLast {
            try reader.read(part: window.bytes, before: before, problem: window.problem) {
                try batches.take($0, hand)
            }
            return false
        }
        switch reader.cut(window.bytes) {
        case .value(let end):
            try read(UnsafeRawBufferPointer(rebasing: window.bytes[..<end]), &batches)
            window.drop(end)
        case .member(let end):
            try window.withPart(end, endingWith: "]}") { try read($0, &batches) }
            window.replace(end, with: "{\"Records\":[")
        case .nowhere:
            let line = reader.lastValueLine(window.bytes)
            try read(
                UnsafeRawBufferPointer(rebasing: window.bytes[..<(line ?? window.bytes.count)]),
                &batches
            )
            window.drop(line ?? window.bytes.count)
            return line == nil
        }
        return false
    }
}
