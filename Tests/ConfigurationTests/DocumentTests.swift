import Foundation
import Testing
import TestSupport

@testable import Configuration

/// The readers of YAML and JSON under the readers of policies.
struct DocumentTests {
    @Test(
        "JSON: what a strict reader takes and refuses",
        arguments: [
            ("0", true), ("-0.5e+3", true), ("01", false), (".5", false), ("1.", false), ("+1", false),
            ("NaN", false),
            ("\"\\u00e9\\/\\b\"", true), ("\"\\ud83d\\ude00\"", true), ("\"\\ud83d\"", false),
            ("\"\\x\"", false),
            ("\"\\u12\"", false), ("\"a\tb\"", false), ("\t[1 ,\r\n 2]\n", true), ("[1,]", false),
            ("[,1]", false),
            ("{\"a\":1,}", false), ("{\"a\" 1}", false), ("{\"a\":}", false), ("{a:1}", false),
            ("[1 2]", false),
            ("[", false), ("{", false), ("{\"a\"", false), ("{\"a\":", false), ("[1", false), ("[1,", false),
            ("\"", false),
            ("\"\\", false), ("\"\\u", false), ("", false), (" ", false), ("null", true), ("True", false),
            ("[]]", false),
            ("\u{FEFF}[]", false),
        ]
    )
    func strictJSON(text: String, isSound: Bool) {
        let result = JSONDocument.read(Array(text.utf8), file: "x.json")
        #expect(((try? result.get()) != nil) == isSound)
    }

    @Test("JSON: nesting is capped, whichever bracket", arguments: ["[", "{\"a\":"])
    func depth(open: String) {
        let result = JSONDocument.read(Array(String(repeating: open, count: 100_000).utf8), file: "x.json")
        guard case .failure(let fault) = result else { Issue.record("accepted"); return }
        #expect(fault.message == "nested deeper than 64 levels")
    }

    @Test("JSON: a large file on one line takes no quadratic time")
    func oneLine() throws {
        let text = "[" + String(repeating: "\"é\",", count: 500_000) + "x]"
        let start = threadSeconds()
        let result = JSONDocument.read(Array(text.utf8), file: "x.json")
        let time = threadSeconds() - start
        guard case .failure(let fault) = result else { Issue.record("accepted"); return }
        #expect(fault.location.column == 2_000_002)
        #expect(time < 20)
    }

    @Test("Broken bytes never crash a reader")
    func mutations() throws {
        var generator = SplitMix64(seed: 42)
        for (name, file) in [("design", "policy.yaml"), ("criteria-answer", "image-criteria.json")] {
            let source = try [UInt8](
                Data(contentsOf: Expectation("policies", name).folder.appending(path: file))
            )
            for _ in 0..<2000 {
                var bytes = source
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    let at = Int.random(in: 0..<bytes.count, using: &generator)
                    switch Int.random(in: 0..<3, using: &generator) {
                    case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
                    case 1: bytes.remove(at: at)
                    default: bytes.removeSubrange(at...)
                    }
                    if bytes.isEmpty { break }
                }
                _ = JSONDocument.read(bytes, file: file)
                _ = YAMLDocument.read(bytes, file: file)
            }
        }
    }

    @Test(
        "YAML: what an unquoted scalar is to any reader",
        arguments: [
            ("", "null"), ("~", "null"), ("Null", "null"), ("true", "boolean"), ("Yes", "boolean"),
            ("off", "boolean"),
            ("111122223333", "number"), ("012345678901", "number"), ("0o17", "number"), ("0x1F", "number"),
            ("1_000", "number"), ("1e3", "number"), ("-.5", "number"), (".inf", "number"),
            ("190:20:30", "number"),
            ("2026-12-31", "text"), ("ami-1", "text"), ("1.2.3", "text"), ("1e", "text"), (".", "text"),
            ("0x", "text"),
            ("a:b", "text"), ("１２", "text"), ("10.0.0.0/8", "text"), ("12:", "text"),
        ]
    )
    func plainScalars(text: String, kind: String) {
        #expect("\(PlainScalar(text))" == kind)
    }

    @Test(
        "Names: the nearest is found, a far one is not proposed",
        arguments: [
            ("polcy", "policy"), ("Organisation", "organization"), ("allowed_images", "allowed-images"),
            ("max_age", "max_age_days"), ("replya", "replay"), ("zebra", nil), ("x", nil), ("", nil),
        ]
    )
    func nearest(written: String, expected: String?) {
        let known = ["policy", "organization", "allowed-images", "max_age_days", "replay", "run"]
        #expect(NearestName.of(written, in: known) == expected)
    }
}
