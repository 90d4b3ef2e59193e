import Foundation
import Glibc
import TestSupport
import Testing

@testable import CloudTrail
import CloudTrailTestSupport

/// The parser beside the strict one: which texts both take, and every value in them.
@Suite
struct ParserTests {
    private static let texts: [String] = [
        Samples.share, Samples.launch, #"{"a":[],"b":{},"":[[],{}],"c":[{"d":null},true,false,-1,0,12]}"#,
        "[1,2 ,\t3\r\n]",
        #" { "a" : "b" , "c" : [ "\"", "\\", "\/\b\f\n\r\t", "é", "\u00e9\ud83d\ude00" ] } "#,
        #"{"a":"x","b":"\u0041","c":"y"}"#, #"[1.5,-0,123456789012345678,1234567890123456789,1e3,"]"]"#,
        #"["{\"eventName\":\"RunInstances\"}",{"k":"v"}]"#, "\"alone\"", "7", "true", "[\"\",\"\"]",
    ]

    private static let pieces = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\"a\"", "\"a\":", "true", "false", "nul", "null", "0",
        "01", "-", "1.", ".5", "1e9", "\\u00", "\\u0041", "\\ud800", " ", "\n", "\u{1}", "é", "x",
        "\"\\\"\"",
    ]

    @Test
    func agreesWithTheStrictOne() {
        var random = SplitMix64(seed: 5)
        let parser = JSONParser(depth: 8)
        var (sound, broken) = (0, 0)
        for index in 0..<20_000 {
            var bytes = Array(Self.texts[index % Self.texts.count].utf8)
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                let place = Int.random(in: 0...bytes.count, using: &random)
                let piece = Array((Self.pieces.randomElement(using: &random) ?? "").utf8)
                if Bool.random(using: &random) {
                    bytes.insert(contentsOf: piece, at: place)
                } else {
                    bytes.replaceSubrange(place..<min(place + piece.count, bytes.count), with: piece)
                }
            }
            let expected = StrictJSON.parse(bytes, depth: 8)
            let isSame = bytes.withUnsafeBytes { StrictJSON.isSame(try? parser.parse($0), as: expected) }
            #expect(isSame, "\(String(decoding: bytes, as: UTF8.self))")
            if expected == nil { broken += 1 } else { sound += 1 }
        }
        #expect(sound > 4000 && broken > 4000, "\(sound) \(broken)")
    }

    /// Texts that end where memory ends, whole and cut anywhere: nothing behind them is read.
    @Test
    func readsNothingBehindTheText() throws {
        let page = Int(getpagesize())
        let size = 4 * page
        let memory = try #require(
            mmap(nil, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        )
        defer { munmap(memory, size + page) }
        try #require(memory != MAP_FAILED && mprotect(memory + size, page, PROT_NONE) == 0)
        let parser = JSONParser(depth: 128)
        for text in Self.texts {
            let bytes = Array(text.utf8)
            for count in 1...bytes.count {
                (memory + size - count).copyMemory(from: bytes, byteCount: count)
                let cut = UnsafeRawBufferPointer(start: memory + size - count, count: count)
                let expected = StrictJSON.parse(bytes.prefix(count))
                #expect(StrictJSON.isSame(try? parser.parse(cut), as: expected), "\(text) \(count)")
            }
        }
    }
}
