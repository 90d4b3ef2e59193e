internal import CloudTrail
internal import Hashing

/// Gathers what a reader hands over into batches.
struct BatchWriter {
    /// A batch is handed over when it has so many entries, or when so many records were ignored.
    private static let entries = 1024
    private static let ignored = 1 << 16

    private var batch: DecodedBatch
    private var bytes = 0
    /// Records of the file so far.
    private(set) var read = 0

    /// Nobody wants more.
    struct Stopped: Error {}

    init(file: Int) { batch = DecodedBatch(file: file) }

    /// Takes one reading; hands the batch over when it is large enough.
    mutating func take(_ reading: Reading, _ hand: (DecodedBatch) -> Bool) throws(Stopped) {
        switch reading {
        case .ignored(let count):
            batch.ignored += count
            read += count
        case .record(let found, _):
            batch.entries.append(.record(found.decoded()))
            read += 1
        case .deadLetter(let letter):
            batch.entries.append(.lost(LostRecord(letter)))
            read += 1
        }
        guard batch.entries.count >= Self.entries || batch.ignored >= Self.ignored else { return }
        guard hand(batch) else { throw Stopped() }
        batch = DecodedBatch(file: batch.file)
    }

    /// Notes how much of the file was read.
    mutating func bytesRead(upTo total: Int) {
        batch.bytesRead += total - bytes
        bytes = total
    }

    /// Hands over the last batch.
    mutating func finish(bytesRead: Int, _ hand: (DecodedBatch) -> Bool) {
        batch.bytesRead += bytesRead
        batch.isLast = true
        _ = hand(batch)
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
