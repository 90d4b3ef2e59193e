public import CloudTrail

/// One input of a replay.
public struct TrailFile: Hashable, Sendable {
    /// How it can be read.
    public enum Kind: Hashable, Sendable {
        /// A file on a disk.
        case file
        /// A pipe, a terminal, or standard input (`-`): it can be read once, from its beginning.
        case stream
    }

    /// The path as it can be opened; `-` for standard input.
    public let path: String
    /// File or stream.
    public let kind: Kind
    /// Bytes on disk; 0 for a stream.
    public let size: Int
    /// The time in its name, or else of its first record; nil when neither tells.
    public internal(set) var time: EventTime?

    /// An input from its parts.
    public init(path: String, kind: Kind, size: Int, time: EventTime?) {
        self.path = path
        self.kind = kind
        self.size = size
        self.time = time
    }

    /// The path for people.
    public var name: String { path == "-" ? "standard input" : path }

    /// The order in which files are replayed: by time, then path; what tells no time comes last, in its own order.
    static func precedes(_ left: TrailFile, _ right: TrailFile) -> Bool {
        let (first, second) = (left.time ?? .distantFuture, right.time ?? .distantFuture)
        return first != second ? first < second : left.path.utf8.lexicographicallyPrecedes(right.path.utf8)
    }
}

/// Something in a folder that is not replayed, and why.
public struct SkippedFile: Hashable, Sendable {
    /// The path, of a file or a whole folder.
    public let path: String
    /// Why.
    public let reason: String
}

/// Why trail files cannot be replayed.
public enum TrailError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A file or folder cannot be opened or read.
    case unreadable(path: String, reason: String)
    /// More of the same, after the first.
    case manyUnreadable(path: String, reason: String, others: Int)
    /// There is nothing to replay.
    case noFiles(paths: [String], skipped: Int)

    /// One line that says what to do.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "reading \(path): \(reason)"
        case .manyUnreadable(let path, let reason, let others):
            "reading \(path): \(reason), and \(others) more cannot be read"
        case .noFiles(let paths, let skipped):
            "\(paths.joined(separator: ", ")): no trail files there"
                + (skipped > 0
                    ? " (\(skipped) other file\(skipped == 1 ? " was" : "s were") passed over; name "
                        + "\(skipped == 1 ? "it" : "one") to read it all the same)" : "")
        }
    }
}
