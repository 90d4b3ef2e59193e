import Foundation

/// Compressed data for the tests, made by the tools that every Linux has, so that nothing here tests itself.
enum Packing {
    static func gzip(_ bytes: [UInt8]) -> [UInt8] { (try? run("gzip", ["-c"], bytes)) ?? [] }

    static func zstd(_ bytes: [UInt8]) -> [UInt8] {
        // One frame with one raw block for each 64 KiB (RFC 8878, sections 3.1.1 and 3.1.1.2).
        var out: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x58]
        var position = 0
        repeat {
            let count = min(1 << 16, bytes.count - position)
            let header = UInt32(count) << 3 | (position + count == bytes.count ? 1 : 0)
            out += [UInt8(header & 0xFF), UInt8(header >> 8 & 0xFF), UInt8(header >> 16 & 0xFF)]
            out += bytes[position..<position + count]
            position += count
        } while position < bytes.count
        return out
    }

    private static func run(_ tool: String, _ arguments: [String], _ input: [UInt8]) throws -> [UInt8] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try Data(input).write(to: folder)
        defer { try? FileManager.default.removeItem(at: folder) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [tool] + arguments + [folder.path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return [UInt8](output)
    }
}
