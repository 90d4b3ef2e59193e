internal import CloudTrail

/// Gathers what a reader hands over into batches.
struct BatchWriter {
    /// A batch is handed over when it has so many entries, or when so many records were ignored.
    private static let entries = 1024
    private static let ignored = 1 << 16
    /// Or when what could not be read takes so much.
    private static let lostBytes = 1 << 20

    private var batch: DecodedBatch
    private var bytes = 0
    private var lostBytes = 0
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
            let lost = LostRecord(letter)
            batch.entries.append(.lost(lost))
            read += letter.count
            lostBytes += lost.bytes.count
        }
        guard
            batch.entries.count >= Self.entries || batch.ignored >= Self.ignored
                || lostBytes >= Self.lostBytes
        else { return }
        guard hand(batch) else { throw Stopped() }
        batch = DecodedBatch(file: batch.file)
        lostBytes = 0
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
