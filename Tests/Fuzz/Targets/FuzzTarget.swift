import Foundation

/// A part of the product that takes bytes from outside, and what must hold for all of them.
///
/// Beside that nothing crashes, nothing takes for ever, and no memory is written or read that is not its own: libFuzzer
/// and the sanitizers see to that.
protocol FuzzTarget: AnyObject {
    /// Its name on the command line, and that of its corpus.
    static var name: String { get }

    /// Whether inputs are text in lines, and not bytes of a format of its own.
    static var isText: Bool { get }

    /// What inputs are first made of: the repository's own fixtures.
    static func seeds() throws -> [[UInt8]]

    init() throws

    /// Takes one input.
    ///
    /// - Throws: `Discrepancy` when something does not hold.
    func take(_ input: UnsafeRawBufferPointer) throws

    /// What was reached, and how often, for whoever asks whether deep code is.
    var reached: [String: Int] { get }
}

extension FuzzTarget {
    static var isText: Bool { true }

    /// Takes an input from an array.
    func take(_ input: [UInt8]) throws { try input.withUnsafeBytes { try take($0) } }
}

/// Something that must hold, and does not.
struct Discrepancy: Error, CustomStringConvertible {
    let description: String
}

/// Throws when something does not hold; what is said is made only then.
func require(_ condition: Bool, _ words: @autoclosure () -> String) throws(Discrepancy) {
    guard condition else { throw Discrepancy(description: words()) }
}

/// The targets, and where their files lie.
enum Fuzzing {
    static var targets: [any FuzzTarget.Type] {
        [
            MessageTarget.self, FileTarget.self, EnvelopeTarget.self, PrefilterTarget.self, JSONTarget.self,
            CompressionTarget.self, InventoryTarget.self, SequenceTarget.self, StateEntryTarget.self,
            CatalogueEntryTarget.self, SnapshotTarget.self, SnapshotFileTarget.self, PolicyTarget.self,
            RunConfigurationTarget.self, DigestTarget.self, DeadLetterTarget.self, QueryTarget.self,
        ]
    }

    static let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../..").standardizedFileURL.path

    /// A file of the repository.
    static func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(checkout)/\(path)")))
    }

    /// The inputs that the repository keeps for a target: `Corpus` reaches what the seeds do not, `Crashers` were faults.
    static func kept(_ folder: String, of target: any FuzzTarget.Type) -> [[UInt8]] {
        (try? KeptInput.inputs(bytes("Tests/Fuzz/\(folder)/\(target.name).txt"))) ?? []
    }

    /// The files below a folder of the repository whose names end in some way, in the order of their paths.
    static func files(below folder: String, _ ending: String) throws -> [[UInt8]] {
        let found = FileManager.default.enumerator(atPath: "\(checkout)/\(folder)")
        let names = found?.compactMap { $0 as? String }.filter { $0.hasSuffix(ending) } ?? []
        return try names.sorted().map { try bytes("\(folder)/\($0)") }
    }
}

/// Inputs as they are kept in the repository: one a line, readable where they are text.
///
/// A backslash, a line end and what is no printable text of its own is written as an escape of C: `\\`, `\n`, `\x1F`.
enum KeptInput {
    static func line(_ bytes: [UInt8]) -> String {
        guard bytes.first != UInt8(ascii: "#") else { return "\\x23" + line(Array(bytes.dropFirst())) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return bytes.map { escaped(UInt32($0)) ?? String(Unicode.Scalar($0)) }.joined()
        }
        return text.unicodeScalars.map { $0.isASCII ? escaped($0.value) ?? String($0) : String($0) }.joined()
    }

    private static func escaped(_ value: UInt32) -> String? {
        switch value {
        case 0x0A: return "\\n"
        case 0x5C: return "\\\\"
        case 0x20...0x7E: return nil
        default:
            let digits = String(value, radix: 16, uppercase: true)
            return "\\x" + String(repeating: "0", count: max(0, 2 - digits.count)) + digits
        }
    }

    /// The inputs of a file; lines that begin with `#` are comments.
    static func inputs(_ file: [UInt8]) -> [[UInt8]] {
        file.split(separator: 0x0A).filter { $0.first != UInt8(ascii: "#") }.map { bytes(Array($0)) }
    }

    private static func bytes(_ line: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var position = 0
        while position < line.count {
            let byte = line[position]
            position += 1
            guard byte == UInt8(ascii: "\\"), position < line.count else {
                result.append(byte)
                continue
            }
            position += 1
            switch line[position - 1] {
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "x"):
                let digits = String(decoding: line[position..<min(position + 2, line.count)], as: UTF8.self)
                result.append(UInt8(digits, radix: 16) ?? 0)
                position += 2
            case let other: result.append(other)
            }
        }
        return result
    }
}
