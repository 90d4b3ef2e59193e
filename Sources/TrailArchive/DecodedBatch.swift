public import CloudTrail

/// Some of what a file holds, decoded: what is ignored as a number, the rest one by one, in the order of the file.
public struct DecodedBatch: Sendable {
    /// A record that matters, or something that cannot be read.
    public enum Entry: Sendable {
        /// A watched call.
        case record(Record)
        /// What becomes a dead letter.
        case lost(LostRecord)
    }

    /// The file's place in the list.
    public internal(set) var file: Int
    /// Records that are no watched calls.
    public internal(set) var ignored = 0
    /// The others.
    public internal(set) var entries: [Entry] = []
    /// Bytes of the file, as it lies on disk, that were read for it.
    public internal(set) var bytesRead = 0
    /// Whether the file has no more.
    public internal(set) var isLast = false

    init(file: Int) { self.file = file }
}

/// Something that cannot be read, with as much of it as is worth keeping.
public struct LostRecord: Hashable, Sendable {
    /// The most bytes that are kept of one.
    public static let keptBytes = 64 << 10

    /// The kind of reason.
    public let reason: DeadLetter.Reason
    /// The reason in words.
    public let text: String
    /// How many records of the same file were read before it.
    public let recordIndex: Int
    /// Its first bytes.
    public let bytes: [UInt8]
    /// How many bytes it has.
    public let size: Int
    /// SHA-256 of all its bytes, in lower-case hex.
    public let sha256: String
}
