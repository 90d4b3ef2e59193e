import Foundation

/// A folder with files for one test, which goes with it.
public final class TestFolder {
    /// Where it is.
    public let path: String

    /// An empty one.
    ///
    /// - Throws: why it cannot be made.
    public init() throws {
        path = FileManager.default.temporaryDirectory.path + "/amiwatch-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, with the folders above it; gives its path.
    ///
    /// - Throws: why it cannot be written.
    @discardableResult
    public func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        let file = "\(path)/\(name)"
        let folder = String(file[..<(file.utf8.lastIndex(of: 0x2F) ?? file.startIndex)])
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }

    /// Writes a file of text, with the folders above it; gives its path.
    ///
    /// - Throws: why it cannot be written.
    @discardableResult
    public func write(_ name: String, _ text: String) throws -> String { try write(name, text.utf8) }

    /// What a file holds.
    ///
    /// - Throws: why it cannot be read.
    public func read(_ name: String) throws -> String {
        try String(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"), encoding: .utf8)
    }

    /// The lines of a file that are not empty.
    ///
    /// - Throws: why it cannot be read.
    public func lines(_ name: String) throws -> [String] {
        try read(name).split(separator: "\n").map(String.init)
    }
}
