internal import Glibc

/// A file that fits into memory.
package enum WholeFile {
    private static let blockBytes = 1 << 16

    /// Its bytes; `-` is standard input.
    ///
    /// - Throws: `TrailError.unreadable`.
    package static func bytes(_ path: String) throws(TrailError) -> [UInt8] {
        do throws(SystemError) {
            let file = try OpenFile(path)
            let block = UnsafeMutableRawBufferPointer.allocate(byteCount: blockBytes, alignment: 16)
            defer { block.deallocate() }
            var bytes: [UInt8] = []
            while true {
                let count = try file.read(into: block)
                bytes += block[..<count]
                if count < block.count { return bytes }
            }
        } catch { throw .unreadable(path: path, reason: error.text) }
    }
}

/// A folder of the file system.
package enum Folder {
    /// The paths of the folders in it, sorted, without those whose names begin with a dot; links are not followed.
    ///
    /// - Throws: `TrailError.unreadable`.
    package static func folders(in folder: String) throws(TrailError) -> [String] {
        switch FileStatus.names(in: folder) {
        case .failure(let error): throw .unreadable(path: folder, reason: error.text)
        case .success(let found):
            return found.names.filter { $0.utf8.first != 0x2E }.map { "\(folder)/\($0)" }.filter { path in
                var status = stat()
                return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            }
        }
    }
}
