import Glibc

/// The bytes of a file that a user named.
enum SourceFile {
    /// Larger files are no configuration.
    static let maximumBytes = 16 << 20

    /// How long a pipe may be silent.
    static let pipeSeconds = 10

    /// Why a file could not be read.
    struct Refusal: Error {
        let message: String
        var instead: String?
    }

    static func bytes(of path: String) throws(Refusal) -> [UInt8] {
        let (descriptor, kind) = try opened(path)
        defer { close(descriptor) }
        if kind == S_IFDIR { throw refusal(EISDIR, path) }
        var bytes: [UInt8] = []
        let isPipe = kind == S_IFIFO
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            if isPipe { try wait(descriptor) }
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count >= 0 else { throw refusal(errno, path) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= maximumBytes else {
                throw Refusal(
                    message:
                        "the file is larger than \(maximumBytes >> 20) MiB, too large for a configuration"
                )
            }
        }
    }

    /// Waits until a pipe has something to read, or its end.
    private static func wait(_ descriptor: Int32) throws(Refusal) {
        var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let ready = poll(&wanted, 1, Int32(pipeSeconds) * 1000)
            if ready > 0 { return }
            if ready < 0, errno == EINTR { continue }
            throw Refusal(message: "nobody has written into this pipe for \(pipeSeconds) s")
        }
    }

    /// Why a file cannot be read; nil when it can.
    static func refusal(_ path: String, allowsFolder: Bool) -> Refusal? {
        do {
            let (descriptor, kind) = try opened(path)
            close(descriptor)
            return kind == S_IFDIR && !allowsFolder ? refusal(EISDIR, path) : nil
        } catch { return error }
    }

    /// Opens a file to be read; says of what kind it is, as `stat` does.
    private static func opened(_ path: String) throws(Refusal) -> (descriptor: Int32, kind: mode_t) {
        guard !path.utf8.contains(0) else {
            throw Refusal(message: "a file name cannot contain a NUL character")
        }
        // A pipe that nobody writes into would not even open.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw refusal(errno, path) }
        var status = stat()
        return (descriptor, fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : 0)
    }

    /// A path as written in a file that lies in `folder`.
    static func resolve(_ path: String, in folder: String) -> String {
        path.utf8.first == 0x2F || folder.isEmpty ? path : folder + path
    }

    /// The folder of a file, with its closing slash; empty for the working directory.
    static func folder(of path: String) -> String {
        path.utf8.lastIndex(of: 0x2F).map { String(path[...$0]) } ?? ""
    }

    private static func refusal(_ code: Int32, _ path: String) -> Refusal {
        switch code {
        case ENOENT: Refusal(message: "no such file", instead: nearestName(path))
        case EACCES: Refusal(message: "no permission to read this file")
        case EISDIR: Refusal(message: "this is a directory; name a file in it")
        default: Refusal(message: "reading the file: \(String(cString: strerror(code)))")
        }
    }

    private static func nearestName(_ path: String) -> String? {
        let folder = folder(of: path)
        guard let directory = opendir(folder.isEmpty ? "." : folder) else { return nil }
        defer { closedir(directory) }
        var names: [String] = []
        while names.count < 1000, let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        let wanted = String(decoding: path.utf8.dropFirst(folder.utf8.count), as: UTF8.self)
        // An ending that many files share makes them no more alike.
        let stem = wanted.lastIndex(of: ".").map { wanted[..<$0] } ?? wanted[...]
        let near = names.sorted().filter {
            NearestName.distance(Array($0.utf8), Array(wanted.utf8)) <= max(1, stem.utf8.count / 3)
        }
        return NearestName.of(wanted, in: near).map { folder + $0 }
    }
}
