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
