import CloudTrail
import Glibc

/// The files that a replay writes, told apart from each other and from what it reads.
struct ReplayOutputs {
    private let files: [(option: String, path: String)]

    init(_ options: ReplayOptions) {
        files = [
            ("--output", options.output), ("--summary", options.summary),
            ("--dead-letters", options.deadLetters), ("--report", options.report),
        ].compactMap { option, path in path.map { (option, $0) } }
    }

    /// Refuses to write two outputs into one file, or over a file that is read.
    func refuse(reading inputs: [String]) throws {
        let named = files.filter { $0.path != "-" && Identity.isFile($0.path) }
        for (index, file) in named.enumerated() {
            let place = Self.place(file.path)
            if let other = named[..<index].first(where: { Self.place($0.path) == place }) {
                throw UsageError("\(other.option) and \(file.option) are the same file, \(file.path)")
            }
        }
        let known = named.compactMap { file in Identity(file.path).map { (file, $0) } }
        guard !known.isEmpty else { return }
        for input in inputs {
            guard let identity = Identity(input),
                let (file, _) = known.first(where: { $0.1 == identity })
            else { continue }
            throw UsageError("\(file.option) \(file.path) is a file that is read, and would be overwritten")
        }
    }

    /// A path without links and detours, also of a file that is not there yet.
    private static func place(_ path: String) -> ExactText {
        func real(_ path: String) -> String? {
            guard let found = realpath(path, nil) else { return nil }
            defer { free(found) }
            return String(cString: found)
        }
        if let whole = real(path) { return ExactText(whole) }
        // Byte by byte: a slash with an accent on it is still a slash.
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let folder = slash.map { String(path[...$0]) } ?? "."
        let name = slash.map { path[path.utf8.index(after: $0)...] } ?? path[...]
        return "\(real(folder) ?? folder)/\(name)"
    }

    /// Which file it is, under whatever name.
    private struct Identity: Equatable {
        let device: dev_t
        let inode: ino_t

        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            (device, inode) = (status.st_dev, status.st_ino)
        }

        /// Whether it is a file or will be one: several outputs may share a device.
        static func isFile(_ path: String) -> Bool {
            var status = stat()
            return stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG
        }
    }
}
