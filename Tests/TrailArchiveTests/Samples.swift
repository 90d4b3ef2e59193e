import CloudTrail
import Foundation

@testable import TrailArchive

/// Files made for one test, in a folder that goes with it.
final class SampleFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/amiwatch-trails-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, with the folders above it; gives its path.
    @discardableResult
    func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        let file = "\(path)/\(name)"
        let folder = (file as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }

    /// Packs bytes with gzip.
    func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
        let file = try write("packing", bytes)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-n", "-c", file]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let packed = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try FileManager.default.removeItem(atPath: file)
        return [UInt8](packed)
    }

    /// Packs bytes as zstd: one frame of raw blocks (RFC 8878, sections 3.1.1 and 3.1.1.2).
    func zstd(_ bytes: [UInt8]) -> [UInt8] {
        var packed: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x58]
        var position = 0
        repeat {
            let count = min(1 << 12, bytes.count - position)
            let header = UInt32(count) << 3 | (position + count == bytes.count ? 1 : 0)
            packed += [UInt8(header & 0xFF), UInt8(header >> 8 & 0xFF), UInt8(header >> 16 & 0xFF)]
            packed += bytes[position..<position + count]
            position += count
        } while position < bytes.count
        return packed
    }
}

/// Records of a made-up trail.
enum Samples {
    /// Every third one is a watched call; their lengths differ.
    static func records(_ count: Int) -> [String] {
        (0..<count).map { number in
            let isWatched = number.isMultiple(of: 3)
            let name = isWatched ? "DeregisterImage" : "DescribeInstances"
            let padding = String(repeating: "x{[\\\"", count: number * 7 % 40)
            return """
                {"eventVersion":"1.09","eventTime":"2026-03-17T09:\(10 + number / 60 % 50):\(10 + number % 50)Z",\
                "eventSource":"ec2.amazonaws.com","eventName":"\(name)","awsRegion":"eu-central-1",\
                "eventID":"00000000-0000-4000-8000-\(String(format: "%012d", number))",\
                "recipientAccountId":"123456789012","requestParameters":{"imageId":"ami-0123456789abcdef0"},\
                "userAgent":"\(padding)"}
                """
        }
    }

    static func document(_ records: some Sequence<String>, separator: String = ",") -> String {
        #"{"Records":[\#(records.joined(separator: separator))]}"#
    }
}

/// What a file gave, in a form that can be compared.
struct Decoded: Equatable, CustomStringConvertible {
    var ids: [String] = []
    var ignored = 0
    var lost: [DeadLetter.Reason] = []
    var indices: [Int] = []

    var read: Int { ids.count + ignored + lost.count }

    mutating func take(_ batch: DecodedBatch) {
        ignored += batch.ignored
        for entry in batch.entries {
            switch entry {
            case .record(let record): ids.append(record.id.description)
            case .lost(let letter):
                lost.append(letter.reason)
                indices.append(letter.recordIndex)
            }
        }
    }

    /// Decodes one file with a window of some size.
    static func file(_ path: String, window: Int = TrailWindow.usualSize) throws -> Decoded {
        var decoded = Decoded()
        var isDone = false
        let file = TrailFile(path: path, kind: .file, size: 0, time: nil)
        try TrailDecoder(window: window).decode(file, index: 0) { batch in
            decoded.take(batch)
            isDone = batch.isLast
            return true
        }
        if !isDone { decoded.lost.append(.outOfMemory) }
        return decoded
    }

    var description: String { "\(ids.count) records, \(ignored) ignored, lost \(lost) at \(indices)" }
}
