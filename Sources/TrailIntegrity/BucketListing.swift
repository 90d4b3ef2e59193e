internal import CloudTrail
internal import TrailArchive

/// The digests and log files that lie below paths.
struct BucketListing: Sendable {
    struct File: Sendable {
        let path: String
        let size: Int
        let key: ObjectKey
    }

    private(set) var files: [File] = []
    /// Files whose paths lead to no digest and no log file of CloudTrail.
    private(set) var others: [String] = []
    /// Names that are not UTF-8, and no key of CloudTrail therefore.
    private(set) var unreadableNames = 0
    /// The first file with a key.
    private var places: [ExactText: Int] = [:]
    private var keys = ObjectKeyReader()
    /// More files with the key of a first one: a bucket may have been downloaded twice.
    private(set) var copies: [Int: [Int]] = [:]

    /// Lists files and folders, folders with all that is below them.
    ///
    /// Symbolic links are followed; each folder is entered once, so that loops end.
    init(paths: [String]) throws(TrailError) {
        for path in paths {
            switch FileStatus.of(path) {
            case .failure(let error): throw .unreadable(path: path, reason: error.text)
            case .success(let status):
                switch status.kind {
                case .folder: try walk(path, status)
                case .file: take(path, status.size)
                case .stream, .other:
                    throw .unreadable(path: path, reason: "neither a file nor a folder, as digests need it")
                }
            }
        }
        for index in files.indices {
            let suffix = files[index].key.suffix
            if let first = places[suffix] {
                copies[first, default: []].append(index)
            } else {
                places[suffix] = index
            }
        }
    }

    /// The first file with a key.
    func place(of key: ObjectKey) -> Int? { places[key.suffix] }

    /// All files with the key of a first one.
    func all(_ first: Int) -> [Int] { [first] + (copies[first] ?? []) }

    private mutating func take(_ path: String, _ size: Int) {
        if let key = keys.read(path) {
            files.append(File(path: path, size: size, key: key))
        } else {
            others.append(path)
        }
    }

    private mutating func walk(_ root: String, _ status: FileStatus) throws(TrailError) {
        var entered: Set<FileStatus.Identity> = [status.identity]
        var waiting = [root]
        while let folder = waiting.popLast() {
            let names: [String]
            switch FileStatus.names(in: folder) {
            case .failure(let error): throw .unreadable(path: folder, reason: error.text)
            case .success(let found):
                names = found.names
                unreadableNames += found.unreadable
            }
            var folders: [String] = []
            for name in names {
                let path = folder.utf8.last == 0x2F ? folder + name : "\(folder)/\(name)"
                // What cannot even be looked at is told when it is read.
                guard case .success(let status) = FileStatus.of(path) else {
                    take(path, 0)
                    continue
                }
                switch status.kind {
                case .folder: if entered.insert(status.identity).inserted { folders.append(path) }
                case .file: take(path, status.size)
                case .stream, .other: others.append(path)
                }
            }
            waiting.append(contentsOf: folders.reversed())
        }
    }
}
