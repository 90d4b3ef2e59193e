import TestSupport
import Foundation
import KafkaTestSupport
import Testing

/// The same records in whatever files, order and form: the same findings, byte for byte.
struct ReplayTests {
    private let tree: TestFolder

    init() throws { tree = try TestFolder() }

    /// What one replay gave.
    struct Outcome {
        let findings: String
        let summary: [String: Any]

        func count(_ key: String) -> Int { summary[key] as? Int ?? -1 }

        var isBalanced: Bool {
            count("read") == count("ignored") + count("applied") + count("duplicate") + count("dead_lettered")
        }
    }

    private func replay(_ paths: String..., input: String? = nil) throws -> Outcome {
        let summary = tree.path + "-summary-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: summary) }
        let result = try runCommand(
            [Binary.path, "replay", "--policy", SampleDay.policy, "--findings", "--summary", summary] + paths,
            input: input
        )
        #expect(result.status == 0, "\(result.errors)")
        let text = try String(contentsOf: URL(fileURLWithPath: summary), encoding: .utf8)
        let outcome = Outcome(findings: result.output, summary: SampleDay.object(text))
        #expect(outcome.isBalanced, "\(text)")
        return outcome
    }

    /// One file of JSON lines, in the order of the sample's files.
    private func reference() throws -> Outcome {
        let other = try TestFolder()
        return try replay(other.write("lines.jsonl", SampleDay.records.joined(separator: "\n")))
    }

    @Test("The sample day has its records, its one dead letter and its findings")
    func sample() throws {
        #expect(SampleDay.records.count > 400)
        let outcome = try replay(SampleDay.trail)
        #expect(outcome.count("dead_lettered") == 1)
        #expect(outcome.findings.split(separator: "\n").count > 20)
        let ids = outcome.findings.split(separator: "\n").compactMap {
            SampleDay.object(String($0))["finding_id"] as? String
        }
        #expect(ids == ids.sorted())
        #expect(!outcome.findings.contains("alert_id"))
        let schemas = outcome.findings.split(separator: "\n").map {
            SampleDay.object(String($0))["schema"] as? String
        }
        #expect(schemas.allSatisfy { $0 == "amiwatch.finding/1" })
    }

    @Test("One document, lines, documents in a row; plain, gzip, zstd, several members: all the same")
    func shapes() throws {
        let records = SampleDay.records
        let expected = try reference()
        let shapes = [
            SampleDay.document(records),
            records.joined(separator: "\n"),
            stride(from: 0, to: records.count, by: 50).map {
                SampleDay.document(records[$0..<min($0 + 50, records.count)])
            }.joined(),
            "[" + records.joined(separator: ",\n") + "]",
        ]
        for (number, shape) in shapes.enumerated() {
            let bytes = Array(shape.utf8)
            let middle = bytes.count / 2
            let files = [
                try tree.write("\(number)/plain.json", bytes),
                try tree.write("\(number)/packed.json.gz", Packing.gzip(bytes)),
                try tree.write("\(number)/packed.json.zst", Packing.zstd(bytes)),
                try tree.write("\(number)/not by its name.jsonl", Packing.gzip(bytes)),
                try tree.write(
                    "\(number)/members.gz",
                    Packing.gzip(bytes[..<middle]) + Packing.gzip(bytes[middle...])
                ),
            ]
            for file in files {
                let outcome = try replay(file)
                #expect(outcome.findings == expected.findings, "\(file)")
                #expect(outcome.count("read") == records.count, "\(file)")
            }
            #expect(
                try replay("-", input: shape).findings == expected.findings,
                "standard input, shape \(number)"
            )
        }
    }

    @Test("Split over files in any order, and every file twice", arguments: [1, 2, 3])
    func split(seed: UInt64) throws {
        var dice = SplitMix64(seed: seed)
        let records = SampleDay.records.shuffled(using: &dice)
        var start = 0
        var number = 0
        while start < records.count {
            let end = min(records.count, start + .random(in: 1...40, using: &dice))
            let part = SampleDay.document(records[start..<end])
            let minute = Int.random(in: 0..<1440, using: &dice)
            let time = String(format: "20260317T%02d%02dZ", minute / 60, minute % 60)
            let region = ["us-east-1", "eu-central-1"].randomElement(using: &dice) ?? ""
            try tree.write(
                "AWSLogs/o-x/111122223333/CloudTrail/\(region)/111122223333_CloudTrail_\(region)_\(time)_\(number).json.gz",
                Packing.gzip(part.utf8)
            )
            start = end
            number += 1
        }
        try tree.write("AWSLogs/o-x/111122223333/CloudTrail-Digest/\(number).json.gz", "no trail")
        let expected = try reference()
        let once = try replay(tree.path)
        #expect(once.findings == expected.findings)
        let twice = try replay(tree.path, tree.path)
        #expect(twice.findings == expected.findings)
        #expect(twice.count("read") == 2 * once.count("read"))
        #expect(
            twice.count("duplicate") == once.count("duplicate") + once.count("applied")
                + once.count("duplicate")
        )
    }

    @Test("Whatever envelope the records come in", arguments: Envelope.allCases)
    func envelopes(envelope: Envelope) throws {
        let lines = SampleDay.records.map { envelope.wrap($0) }.joined(separator: "\n")
        let outcome = try replay(tree.writeAlone(lines))
        #expect(outcome.findings == (try reference().findings))
        #expect(outcome.count("read") == SampleDay.records.count)
    }

    @Test("A kilobyte of half a million broken lines fills no disk, and each of them is counted")
    func bomb() throws {
        let packed = try Packing.gzip(Array(repeating: Array("{\n".utf8), count: 1 << 19).joined())
        #expect(packed.count < 2_000)
        let letters = tree.path + "/letters"
        let outcome = try replay(tree.write("lines.json.gz", packed), "--dead-letters", letters)
        #expect(outcome.count("dead_lettered") == 1 << 19)
        let lines = try tree.lines("letters").map(SampleDay.object)
        #expect(lines.count <= 1_003 && lines.last?["reason"] as? String == "too-many-dead-letters")
        #expect(lines.reduce(0) { $0 + ($1["count"] as? Int ?? 0) } == 1 << 19)
    }

    @Test("A file that is cut off, a broken record, a damaged member: what is sound is judged")
    func broken() throws {
        let records = SampleDay.records
        let packed = try Packing.gzip(SampleDay.document(records).utf8)
        let cut = try replay(tree.write("cut.json.gz", packed[..<(packed.count - 2000)]))
        #expect(cut.count("dead_lettered") == 1)
        #expect(cut.count("read") > records.count / 2)
        var members = records
        members[7] = #"{"eventName": "RunInstances", "eventSource": }"#
        members[9] = String(members[9].dropLast())
        members[11] = "17"
        let file = try tree.write("broken.json", SampleDay.document(members))
        let letters = "\(tree.path)/letters.jsonl"
        let result = try Binary.run("replay", file, "--dead-letters", letters, "--output", "/dev/null")
        #expect(result.status == 0)
        #expect(result.errors.contains("dead-lettered 3\n"), "\(result.errors)")
        let lost = try tree.lines("letters.jsonl").map { SampleDay.object($0) }
        let sources = lost.map { $0["source"] as? [String: Any] ?? [:] }
        #expect(sources.map { $0["record_index"] as? Int } == [7, 9, 11])
        #expect(sources.allSatisfy { $0["file"] as? String == file })
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        for (letter, source) in zip(lost, sources) {
            let kept = try #require(Data(base64Encoded: letter["bytes_base64"] as? String ?? ""))
            let offset = try #require(source["byte_offset"] as? Int)
            #expect(!kept.isEmpty && bytes.dropFirst(offset).starts(with: kept))
            #expect((letter["sha256"] as? String)?.count == 64)
        }
        #expect(lost.first?["excerpt"] as? String == members[7])
    }

    @Test("Bytes that are no UTF-8 are kept as they were")
    func invalidUTF8() throws {
        let name = Array(#"{"eventName":"RunInstances","eventSource":"ec2.amazonaws.com","x":""#.utf8)
        let file = try tree.write("broken.json", name + [0xC3, 0x28] + Array(#""}"#.utf8))
        let result = try Binary.run("replay", file, "--dead-letters", "\(tree.path)/letters.jsonl")
        #expect(result.status == 0)
        let letter = SampleDay.object(try tree.read("letters.jsonl"))
        #expect(letter["reason"] as? String == "invalid-utf8")
        let bytes = Data(base64Encoded: letter["bytes_base64"] as? String ?? "")
        #expect(bytes?.starts(with: name) == true)
        #expect(letter["excerpt"] is NSNull)
    }

    @Test("The same files in the same order give the same alerts byte for byte, however many threads decode")
    func deterministic() throws {
        let command = #"exec "$0" replay --policy "$1" "$2""#
        func alerts(_ prefix: [String]) throws -> String {
            let result = try runCommand(
                prefix + ["bash", "-c", command, Binary.path, SampleDay.policy, SampleDay.trail]
            )
            #expect(result.status == 0)
            return result.output
        }
        let all = try alerts([])
        #expect(all.split(separator: "\n").count > 40)
        #expect(try alerts(["taskset", "-c", "0"]) == all)
        for _ in 0..<3 { #expect(try alerts([]) == all) }
    }
}

extension TestFolder {
    /// Writes a file into a folder of its own.
    fileprivate func writeAlone(_ text: String) throws -> String {
        try write("\(UUID().uuidString)/lines.jsonl", text)
    }
}

/// The forms in which one record travels.
enum Envelope: String, CaseIterable, CustomTestStringConvertible {
    case records, eventBridge, cloudWatchLogs, connect, connectText, debezium, elastic, lookupEvents, wazuh

    var testDescription: String { rawValue }

    func wrap(_ record: String) -> String {
        let text = SampleDay.text(of: record)
        return switch self {
        case .records: #"{"Records":[\#(record)]}"#
        case .eventBridge:
            #"{"version":"0","id":"x","detail-type":"AWS API Call via CloudTrail","source":"aws.ec2","#
                + #""account":"111122223333","time":"2026-03-17T05:00:00Z","region":"us-east-1","#
                + #""resources":[],"detail":\#(record)}"#
        case .cloudWatchLogs:
            #"{"messageType":"DATA_MESSAGE","owner":"111122223333","logGroup":"g","logStream":"s","#
                + #""subscriptionFilters":["f"],"logEvents":[{"id":"1","timestamp":1,"message":\#(text)}]}"#
        case .connect: #"{"schema":{"type":"struct"},"payload":\#(record)}"#
        case .connectText: #"{"schema":{"type":"string","optional":false},"payload":\#(text)}"#
        case .debezium: #"{"schema":null,"payload":{"before":null,"after":\#(record),"op":"c"}}"#
        case .elastic: #"{"@timestamp":"2026-03-17T05:00:00Z","event":{"original":\#(text)}}"#
        case .lookupEvents: #"{"EventId":"x","EventName":"x","CloudTrailEvent":\#(text)}"#
        case .wazuh: #"{"integration":"aws","aws":\#(record)}"#
        }
    }
}
