internal import CloudTrail

/// The files that paths lead to, in the order of a replay, and what was passed over.
///
/// Path order would be account, Region, date, which makes the second Region years late. So files come by the time in
/// their names (of their first record where the name tells none): nearly the order of the events, while nothing needs
/// to hold all records in order to sort them.
package struct TrailListing: Sendable {
    /// What is to be read, in order.
    package private(set) var files: [TrailFile] = []
    /// What lies in the folders and is no trail file.
    package private(set) var skipped: [SkippedFile] = []
    private var unreadable: [TrailError] = []

    /// Bytes on disk, of all files.
    package var size: Int { files.reduce(0) { $0 + $1.size } }

    /// Lists files and folders, folders with all that is below them; `-` is standard input.
    ///
    /// - Throws: `TrailError`, with the first path that cannot be read.
    package init(paths: [String]) throws(TrailError) {
        let peek = FirstRecordTime()
        defer { peek.close() }
        for path in paths { add(path, peek) }
        try throwUnreadable()
        if files.isEmpty { throw .noFiles(paths: paths, skipped: skipped.count) }
        if files.count > 1 {
            for index in files.indices where files[index].time == nil && files[index].kind == .file {
                do throws(SystemError) {
                    files[index].time = try peek.time(of: files[index].path)
                } catch {
                    unreadable.append(.unreadable(path: files[index].path, reason: error.text))
                }
            }
            try throwUnreadable()
            files.sort(by: TrailFile.precedes)
        }
    }

    private func throwUnreadable() throws(TrailError) {
        guard let first = unreadable.first else { return }
        guard unreadable.count > 1, case .unreadable(let path, let reason) = first else { throw first }
        throw .manyUnreadable(path: path, reason: reason, others: unreadable.count - 1)
    }

    /// A path that was named: a file is read whatever it is called.
    private mutating func add(_ path: String, _ peek: FirstRecordTime) {
        if path == "-" { return files.append(TrailFile(path: path, kind: .stream, size: 0, time: nil)) }
        switch FileStatus.of(path) {
        case .failure(let error): unreadable.append(.unreadable(path: path, reason: error.text))
        case .success(let status):
            switch status.kind {
            case .folder: walk(path, status, peek)
            case .file: take(path, status.size)
            case .stream: files.append(TrailFile(path: path, kind: .stream, size: 0, time: nil))
            case .other: unreadable.append(.unreadable(path: path, reason: "neither a file nor a folder"))
            }
        }
    }

    private mutating func take(_ path: String, _ size: Int) {
        let name = TrailName(fileName: Substring(path.utf8.split(separator: 0x2F).last ?? "".utf8[...]))
        files.append(TrailFile(path: path, kind: .file, size: size, time: name?.time))
    }

    /// Everything below a folder.
    ///
    /// Symbolic links are followed; each folder is entered once, so that loops end.
    private mutating func walk(_ root: String, _ status: FileStatus, _ peek: FirstRecordTime) {
        var entered: Set<FileStatus.Identity> = [status.identity]
        var waiting = [root]
        while let folder = waiting.popLast() {
            switch FileStatus.names(in: folder) {
            case .failure(let error): unreadable.append(.unreadable(path: folder, reason: error.text))
            case .success(let (names, unreadable)):
                for _ in 0..<unreadable {
                    skipped.append(SkippedFile(path: folder, reason: "a name in it is not UTF-8: rename it"))
                }
                var folders: [String] = []
                for name in names {
                    let path = folder.utf8.last == 0x2F ? folder + name : "\(folder)/\(name)"
                    look(at: path, name, &entered, &folders, peek)
                }
                waiting.append(contentsOf: folders.reversed())
            }
        }
    }

    private mutating func look(
        at path: String,
        _ name: String,
        _ entered: inout Set<FileStatus.Identity>,
        _ folders: inout [String],
        _ peek: FirstRecordTime
    ) {
        let status: FileStatus
        switch FileStatus.of(path) {
        case .success(let found): status = found
        case .failure(let error) where error.isLoop:
            return skipped.append(SkippedFile(path: path, reason: "a symbolic link that leads to itself"))
        case .failure(let error): return unreadable.append(.unreadable(path: path, reason: error.text))
        }
        switch status.kind {
        case .folder:
            if let reason = TrailName.foreignService(path: path, isFolder: true) {
                skipped.append(SkippedFile(path: path, reason: reason))
            } else if !entered.insert(status.identity).inserted {
                skipped.append(SkippedFile(path: path, reason: "a link to a folder that is read already"))
            } else {
                folders.append(path)
            }
        case .file:
            if let reason = TrailName.foreignService(path: path, isFolder: false) {
                skipped.append(SkippedFile(path: path, reason: reason))
            } else if Self.isKnown(name) {
                take(path, status.size)
            } else {
                sniff(path, status, peek)
            }
        case .stream, .other: skipped.append(SkippedFile(path: path, reason: "no file"))
        }
    }

    /// A file whose name says nothing is taken by its first bytes.
    private mutating func sniff(_ path: String, _ status: FileStatus, _ peek: FirstRecordTime) {
        do throws(SystemError) {
            if try peek.looksLikeTrail(path) {
                take(path, status.size)
            } else {
                skipped.append(SkippedFile(path: path, reason: "neither JSON nor compressed"))
            }
        } catch {
            unreadable.append(.unreadable(path: path, reason: error.text))
        }
    }

    /// Names under which even what cannot be read is not passed over, but becomes a dead letter.
    private static func isKnown(_ name: String) -> Bool {
        let name = String(decoding: name.utf8.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }, as: UTF8.self)
        return [".json", ".jsonl", ".ndjson", ".gz", ".zst"].contains { name.hasBytes(suffix: $0) }
    }
}
