public import CloudTrail
internal import Hashing

/// Reads and decodes one file after the other, on one thread, and keeps its buffers.
public final class TrailDecoder {
    /// A batch is handed over when it has so many entries, or when so many records were ignored.
    private static let batchEntries = 1024
    private static let batchIgnored = 1 << 16

    private let reader: RecordReader
    private var buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    /// A decoder with empty buffers.
    public init(limits: Limits = .init(), validate validation: Validation = .candidates) {
        reader = RecordReader(limits: limits, validate: validation)
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
        let bytes: UnsafeRawBufferPointer
        do throws(SystemError) { bytes = try contents(of: file) } catch {
            throw .unreadable(path: file.name, reason: error.text)
        }
        var batch = DecodedBatch(file: index)
        do {
            try reader.read(file: bytes) { reading in
                switch reading {
                case .ignored(let count): batch.ignored += count
                case .record(let record, _): batch.entries.append(.record(record))
                case .deadLetter(let letter): batch.entries.append(.lost(LostRecord(letter)))
                }
                if batch.entries.count >= Self.batchEntries || batch.ignored >= Self.batchIgnored {
                    guard hand(batch) else { throw Stopped() }
                    batch = DecodedBatch(file: index)
                }
            }
        } catch {
            return
        }
        batch.isLast = true
        batch.bytesRead = bytes.count
        _ = hand(batch)
    }

    /// Nobody wants more.
    private struct Stopped: Error {}

    /// The whole file in the buffer, which grows as needed: a file may still be written to.
    private func contents(of file: TrailFile) throws(SystemError) -> UnsafeRawBufferPointer {
        let source = try OpenFile(file.path)
        var count = 0
        var wanted = max(file.size + 1, 1 << 16)
        while true {
            if buffer.count < wanted {
                let larger = UnsafeMutableRawBufferPointer.allocate(
                    byteCount: max(wanted, buffer.count * 2),
                    alignment: 64
                )
                larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                buffer.deallocate()
                buffer = larger
            }
            let got = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
            count += got
            guard count == buffer.count else { break }
            wanted = buffer.count + 1
        }
        return UnsafeRawBufferPointer(rebasing: buffer[..<count])
    }
}

extension LostRecord {
    /// A copy of what the reader hands over.
    init(_ letter: DeadLetter) {
        reason = letter.reason
        text = letter.text
        recordIndex = letter.recordIndex
        size = letter.bytes.count
        bytes = Array(letter.bytes.prefix(Self.keptBytes))
        sha256 = SHA256.hex(of: letter.bytes)
    }
}
