internal import CloudTrail

/// Gathers what a reader hands over into batches.
struct BatchWriter {
    /// A batch is handed over when it has so many entries, or when so many records were ignored.
    private static let entries = 1024
    private static let ignored = 1 << 16
    /// Or when what could not be read takes so much.
    private static let lostBytes = 1 << 20

    /// For so many bytes of a file one more dead letter is told.
    private static let bytesForLetter = 1 << 10

    private var batch: DecodedBatch
    /// Bytes of the file on disk, as far as it has been read; all of them where that is known before.
    private var size: Int
    private let limits: Limits
    private var bytes = 0
    private var lostBytes = 0
    /// Dead letters that were told one by one.
    private var told = 0
    /// The first of those that were not, and how many they are.
    private var others: (first: LostRecord, count: Int)?
    /// Records of the file so far.
    private(set) var read = 0

    /// Nobody wants more.
    struct Stopped: Error {}

    /// Nothing of a file yet that has so many bytes on disk; 0 where that is not known.
    init(file: Int, size: Int, limits: Limits) {
        batch = DecodedBatch(file: file)
        self.size = size
        self.limits = limits
    }

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
            read += letter.count
            lose(letter)
        }
        guard
            batch.entries.count >= Self.entries || batch.ignored >= Self.ignored
                || lostBytes >= Self.lostBytes
        else { return }
        guard hand(batch) else { throw Stopped() }
        batch = DecodedBatch(file: batch.file)
        lostBytes = 0
    }

    /// A kilobyte can unpack to a million lines that nobody can read: they are counted, and not told one by one.
    private mutating func lose(_ letter: DeadLetter) {
        guard told < limits.deadLetters + size / Self.bytesForLetter else {
            others = (others?.first ?? LostRecord(letter), (others?.count ?? 0) + letter.count)
            return
        }
        let lost = LostRecord(letter)
        batch.entries.append(.lost(lost))
        told += 1
        lostBytes += lost.bytes.count
    }

    /// Notes how much of the file was read.
    mutating func bytesRead(upTo total: Int) {
        size = max(size, total)
        batch.bytesRead += total - bytes
        bytes = total
    }

    /// Hands over the last batch, with the hash of the file where it is wanted.
    mutating func finish(sha256: String? = nil, _ hand: (DecodedBatch) -> Bool) {
        if let others {
            let rest = LostRecord(first: others.first, standingFor: others.count, after: told)
            batch.entries.append(.lost(rest))
        }
        batch.isLast = true
        batch.sha256 = sha256
        _ = hand(batch)
    }
}
