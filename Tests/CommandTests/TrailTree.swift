import Foundation
import KafkaTestSupport

/// A folder with trail files for one test, which goes with it.
final class TrailTree {
    let path: String

    init() throws { path = try temporaryFolder("amiwatch-replay") }

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

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String { try write(name, text.utf8) }

    func read(_ name: String) throws -> String {
        try String(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"), encoding: .utf8)
    }

    func lines(_ name: String) throws -> [String] {
        try read(name).split(separator: "\n").map(String.init)
    }

    /// Packs bytes with gzip.
    func gzip(_ bytes: some Sequence<UInt8>) throws -> [UInt8] {
        let file = try write("to be packed", bytes)
        _ = try runCommand(["gzip", "-n", file])
        defer { try? FileManager.default.removeItem(atPath: file + ".gz") }
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: file + ".gz")))
    }

    /// Packs bytes as zstd: one frame of raw blocks (RFC 8878, sections 3.1.1 and 3.1.1.2).
    func zstd(_ bytes: [UInt8]) -> [UInt8] {
        var packed: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x58]
        var position = 0
        repeat {
            let count = min(1 << 16, bytes.count - position)
            let header = UInt32(count) << 3 | (position + count == bytes.count ? 1 : 0)
            packed += [UInt8(header & 0xFF), UInt8(header >> 8 & 0xFF), UInt8(header >> 16 & 0xFF)]
            packed += bytes[position..<position + count]
            position += count
        } while position < bytes.count
        return packed
    }
}

/// The sample day that is shipped with the program.
enum SampleDay {
    static let folder = Binary.checkout.appending(path: "Deploy/sample").path
    static let trail = folder + "/trail"
    static let policy = folder + "/policy.yaml"

    /// Its records, one JSON text each, in no order worth mentioning; the one that is broken left out.
    static let records: [String] = {
        let files = FileManager.default.enumerator(atPath: trail)?.allObjects as? [String] ?? []
        return files.filter { $0.hasSuffix(".gz") }.sorted().flatMap { name -> [String] in
            guard let text = try? runCommand(["gzip", "-dc", "\(trail)/\(name)"]).output,
                let file = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
                let records = file["Records"] as? [[String: Any]]
            else { return [] }
            return records.map { Self.text(of: $0) }
        }
    }()

    /// A JSON value on one line, the same in every run.
    static func text(of value: Any) -> String {
        let options: JSONSerialization.WritingOptions = [
            .sortedKeys, .withoutEscapingSlashes, .fragmentsAllowed,
        ]
        let data = try? JSONSerialization.data(withJSONObject: value, options: options)
        return String(decoding: data ?? Data(), as: UTF8.self)
    }

    static func object(_ text: String) -> [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]) ?? [:]
    }

    static func document(_ records: some Sequence<String>) -> String {
        #"{"Records":[\#(records.joined(separator: ","))]}"#
    }
}

/// Random numbers that are the same in every run.
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
