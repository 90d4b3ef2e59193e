package import CloudTrail

/// Some of what a file holds, decoded: what is ignored as a number, the rest one by one, in the order of the file.
package struct DecodedBatch: Sendable {
    /// A record that matters, or something that cannot be read.
    package enum Entry: Sendable {
        /// A watched call.
        case record(Record)
        /// What becomes a dead letter.
        case lost(LostRecord)
    }

    /// The file's place in the list.
    package internal(set) var file: Int
    /// Records that are no watched calls.
    package internal(set) var ignored = 0
    /// The others.
    package internal(set) var entries: [Entry] = []
    /// Bytes of the file, as it lies on disk, that were read for it.
    package internal(set) var bytesRead = 0
    /// Whether the file has no more.
    package internal(set) var isLast = false
    /// SHA-256 of the file as it lies on disk, in lower-case hex; in its last batch, when files are hashed.
    package internal(set) var sha256: String?

    init(file: Int) { self.file = file }
}
