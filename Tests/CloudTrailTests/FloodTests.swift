import CloudTrail
import CloudTrailTestSupport
import Compression
import Foundation
import TestSupport
import Testing

/// Small messages that would become much: records, dead letters, memory.
@Suite
struct FloodTests {
    private static let limits = Limits(records: 5, deadLetters: 3)
    private static let small = #"{"eventName":"A"}"#

    /// Nine records in every way in which a message can hold them.
    static let shapes: [(name: String, bytes: [UInt8])] = {
        let nine = Array(repeating: small, count: 9)
        let list = "[\(nine.joined(separator: ","))]"
        let lines = nine.joined(separator: "\n")
        let texts: [(String, String)] = [
            ("a list", list), ("lines", lines), ("one after the other", nine.joined()),
            ("Records", "{\"Records\":\(list)}"), ("Events", "{\"x\":1,\"Events\":\(list)}"),
            (
                "lists on lines",
                Array(repeating: "[\(small),\(small),\(small)]", count: 3).joined(separator: "\n")
            ),
            (
                "lists in a list",
                "[\(Array(repeating: "[\(small),\(small),\(small)]", count: 3).joined(separator: ","))]"
            ),
            ("a text of lines", "{\"payload\":\(Samples.string(lines))}"),
            (
                "texts of lines in a list",
                "[\(Array(repeating: "{\"payload\":\(Samples.string(nine[..<3].joined(separator: "\n")))}", count: 3).joined(separator: ","))]"
            ),
        ]
        return texts.map { ($0.0, Array($0.1.utf8)) }
    }()

    @Test(arguments: shapes.map(\.name))
    func recordsOfAMessage(_ name: String) throws {
        let bytes = try #require(Self.shapes.first { $0.name == name }).bytes
        let packed = try Packing.gzip(bytes)
        for message in [bytes, packed, Packing.zstd(packed), Array(Data(packed).base64EncodedString().utf8)] {
            for validation in Validation.allCases {
                let found = RecordReader(limits: Self.limits, validate: validation).gather(message: message)
                #expect(found.ignored == 5 && found.letters.map(\.reason) == [.tooManyRecords], "\(found)")
                #expect(found.letters.first?.bytes.isEmpty == false)
            }
            #expect(RecordReader(limits: Self.limits).gather(file: message).ignored == 9)
        }
    }

    /// Sound records are read behind any number of dead letters, of which so many are told one by one.
    @Test
    func deadLettersOfAMessage() {
        let lines = Array(repeating: "{\"eventName\":\"RunInstances\"", count: 9) + [Samples.share]
        for text in [
            lines.joined(separator: "\n"),
            "[\(Array(repeating: "{}", count: 9).joined(separator: ",")),\(Samples.share)]",
        ] {
            var limits = Self.limits
            limits.records = 100
            var letters: [(DeadLetter.Reason, Int)] = []
            var records = 0
            Array(text.utf8).withUnsafeBytes { bytes in
                RecordReader(limits: limits).read(message: bytes) { reading in
                    switch reading {
                    case .ignored: break
                    case .record: records += 1
                    case .deadLetter(let letter): letters.append((letter.reason, letter.count))
                    }
                }
            }
            #expect(records == 1)
            #expect(letters.map(\.1) == [1, 1, 1, 6] && letters.last?.0 == .tooManyDeadLetters)
        }
    }

    @Test
    func aKilobyteThatUnpacksToAMillionLines() throws {
        for line in ["x\n", "{\n", "[\n", "1\n{\n", "\"\n"] {
            let packed = try Packing.gzip(Array(repeating: Array(line.utf8), count: 1 << 18).joined())
            let found = RecordReader().gather(message: packed)
            #expect(found.letters.count <= 1002, "\(line): \(found.letters.count)")
            #expect(found.records.isEmpty)
        }
    }

    /// All levels of compression share one allowance.
    @Test
    func packedAgainAndAgain() throws {
        let limits = Limits(decompression: DecompressionLimits(size: 3 << 20, ratio: 100_000))
        let zeros = [UInt8](repeating: 0x20, count: 2 << 20)
        let once = Packing.zstd(try Packing.gzip(zeros), block: 1 << 10)
        #expect(RecordReader(limits: limits).gather(message: once).letters.isEmpty)
        // Raw blocks: each level has the size of the one below.
        let padded = Packing.zstd(try Packing.gzip(zeros + Self.noise(1 << 20)))
        var deep = try Packing.gzip(padded)
        #expect(
            RecordReader(limits: limits).gather(message: deep).letters.map(\.reason) == [
                .decompressedTooLarge
            ]
        )
        for _ in 0..<8 { deep = try Packing.gzip(deep) }
        #expect(RecordReader().gather(message: deep).letters.map(\.reason) == [.tooDeep])
        // What is read afterwards has its own allowance.
        let reader = RecordReader(limits: limits)
        for _ in 0..<3 { #expect(reader.gather(message: once).letters.isEmpty) }
    }

    private static func noise(_ count: Int) -> [UInt8] {
        var random = SplitMix64(seed: 9)
        return (0..<count).map { _ in UInt8.random(in: 0x20...0x7E, using: &random) }
    }

    /// Documents in documents are each held in memory while the next one is read.
    @Test
    func documentsInDocuments() {
        var limits = Limits(message: 4096)
        limits.nesting = 8
        let filler = String(repeating: "y", count: 3000)
        var text = Samples.share
        for _ in 0..<3 { text = "{\"x\":\"\(filler)\",\"payload\":\(Samples.string(text))}" }
        var generous = limits
        generous.message = 1 << 20
        #expect(RecordReader(limits: generous).gather(message: text).records.count == 1)
        let found = RecordReader(limits: limits).gather(message: text)
        #expect(found.records.isEmpty && found.letters.map(\.reason) == [.tooLarge])
    }
}
