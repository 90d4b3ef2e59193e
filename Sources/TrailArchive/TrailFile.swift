package import CloudTrail
package import Cryptography

package struct TrailFile: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case file
        /// A pipe, a terminal, or standard input (`-`): it can be read once, from its beginning.
        case stream
    }

    /// The path as it can be opened; `-` for standard input.
    package let path: String
    package let kind: Kind
    /// Bytes on disk; 0 for a stream.
    package let size: Int
    /// The time in its name, or else of its first record; nil when neither tells.
    package internal(set) var time: EventTime?
    /// SHA-256 of what the file must unpack to; nil where anything is taken.
    package var digest: SHA256Digest?

    package init(path: String, kind: Kind, size: Int, time: EventTime?) {
        self.path = path
        self.kind = kind
        self.size = size
        self.time = time
    }

    /// The path for people.
    package var name: String { path == "-" ? "standard input" : path }

    /// The order in which files are replayed: by time, then path; what tells no time comes last, in its own order.
    static func precedes(_ left: TrailFile, _ right: TrailFile) -> Bool {
        let (first, second) = (left.time ?? .distantFuture, right.time ?? .distantFuture)
        return first != second ? first < second : left.path.utf8.lexicographicallyPrecedes(right.path.utf8)
    }
}

/// Something in a folder that is not replayed, and why.
package struct SkippedFile: Hashable, Sendable {
    /// The path, of a file or a whole folder.
    package let path: String
    package let reason: String
}

/// Why trail files cannot be replayed.
package enum TrailError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A file or folder cannot be opened or read.
    case unreadable(path: String, reason: String)
    /// More of the same, after the first.
    case manyUnreadable(path: String, reason: String, others: Int)
    case noFiles(paths: [String], skipped: Int)
    /// A file is not what it was when it was verified.
    case changed(path: String)

    /// One line that says what to do.
    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "reading \(path): \(reason)"
        case .manyUnreadable(let path, let reason, let others):
            "reading \(path): \(reason), and \(others) more cannot be read"
        case .changed(let path):
            "\(path) has changed since it was verified: start again when nobody writes there"
        case .noFiles(let paths, let skipped):
            "\(paths.joined(separator: ", ")): no trail files there"
                + (skipped > 0
                    ? " (\(skipped) other file\(skipped == 1 ? " was" : "s were") passed over; name "
                        + "\(skipped == 1 ? "it" : "one") to read it all the same)" : "")
        }
    }
}
