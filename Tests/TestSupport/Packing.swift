import Foundation

/// Compressed data, made by the tools that every Linux has, so that nothing here tests itself.
public enum Packing {
    /// Packs bytes with gzip.
    ///
    /// - Throws: when there is no gzip.
    public static func gzip(_ bytes: some Sequence<UInt8>) throws -> [UInt8] {
        try run("gzip", ["-n", "-c"], Data(bytes))
    }

    /// Unpacks a gzip file.
    ///
    /// - Throws: when there is no gzip.
    public static func gunzip(_ bytes: some Sequence<UInt8>) throws -> [UInt8] {
        try run("gzip", ["-d", "-c"], Data(bytes))
    }

    /// Packs bytes as zstd: one frame of raw blocks (RFC 8878, sections 3.1.1 and 3.1.1.2).
    public static func zstd(_ bytes: [UInt8], block: Int = 1 << 16) -> [UInt8] {
        var packed: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x58]
        var position = 0
        repeat {
            let count = min(block, bytes.count - position)
            let header = UInt32(count) << 3 | (position + count == bytes.count ? 1 : 0)
            packed += [UInt8(header & 0xFF), UInt8(header >> 8 & 0xFF), UInt8(header >> 16 & 0xFF)]
            packed += bytes[position..<position + count]
            position += count
        } while position < bytes.count
        return packed
    }

    private static func run(_ tool: String, _ arguments: [String], _ input: Data) throws -> [UInt8] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (source, target) = (folder.appendingPathComponent("in"), folder.appendingPathComponent("out"))
        try input.write(to: source)
        try Data().write(to: target)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [tool] + arguments
        process.standardInput = try FileHandle(forReadingFrom: source)
        // No pipe: a program that another test starts at this moment could inherit it, and keep it open.
        process.standardOutput = try FileHandle(forWritingTo: target)
        try process.run()
        process.waitUntilExit()
        return [UInt8](try Data(contentsOf: target))
    }
}
