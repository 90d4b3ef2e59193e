internal import CloudTrail
internal import Glibc
internal import Cryptography

/// What is known of a file without reading it.
package struct FileStatus {
    package enum Kind {
        case file
        case folder
        case stream
        case other
    }

    /// The same for two paths when they lead to the same thing.
    package struct Identity: Hashable {
        let device: UInt
        let number: UInt
    }

    package let kind: Kind
    package let size: Int
    package let identity: Identity

    /// Follows symbolic links; gives errno when that fails.
    package static func of(_ path: String) -> Result<FileStatus, SystemError> {
        var status = stat()
        guard stat(path, &status) == 0 else { return .failure(SystemError(code: errno)) }
        let kind: Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFIFO, S_IFCHR, S_IFSOCK: .stream
            default: .other
            }
        return .success(
            FileStatus(
                kind: kind,
                size: Int(status.st_size),
                identity: Identity(device: UInt(status.st_dev), number: UInt(status.st_ino))
            )
        )
    }

    /// The names in a folder, sorted by their bytes, and how many more there are that are not UTF-8.
    package static func names(in folder: String) -> Result<(names: [String], unreadable: Int), SystemError> {
        guard let stream = opendir(folder) else { return .failure(SystemError(code: errno)) }
        defer { closedir(stream) }
        var names: [String] = []
        var unreadable = 0
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { return .failure(SystemError(code: errno)) }
                break
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
            }
            guard let name else {
                unreadable += 1
                continue
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return .success((names.sorted { $0.bytesPrecede($1) }, unreadable))
    }
}

/// What the operating system says.
package struct SystemError: Error {
    static let outOfMemory = ENOMEM

    package let code: Int32

    package var text: String { String(cString: strerror(code)) }
    package var isLoop: Bool { code == ELOOP }
}

/// An open file, closed with its owner.
package struct OpenFile: ~Copyable {
    private let descriptor: Int32
    private let isOwned: Bool
    private let hash: SHA256.Running?

    /// Opens for reading; `-` is standard input.
    ///
    /// `isHashed` makes `hashOfAll` tell what was read.
    package init(_ path: String, isHashed: Bool = false) throws(SystemError) {
        hash = isHashed ? SHA256.Running() : nil
        if path == "-" {
            descriptor = STDIN_FILENO
            isOwned = false
            return
        }
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        isOwned = true
        guard descriptor >= 0 else { throw SystemError(code: errno) }
    }

    deinit { if isOwned, descriptor >= 0 { close(descriptor) } }

    /// Reads until the buffer is full or the file ends; gives the bytes read.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        var count = 0
        while count < buffer.count, let base = buffer.baseAddress {
            let got = Glibc.read(descriptor, base + count, buffer.count - count)
            if got == 0 { break }
            if got > 0 {
                count += got
            } else if errno != EINTR {
                throw SystemError(code: errno)
            }
        }
        hash?.take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        return count
    }

    /// SHA-256 of the whole file, what nobody has read yet included; nil when it is not hashed.
    ///
    /// Nothing may be read afterwards.
    func hashOfAll() throws(SystemError) -> String? {
        guard let hash else { return nil }
        let rest = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { rest.deallocate() }
        while try read(into: rest) == rest.count {}
        return hash.finish().hex
    }
}
