import Alerts
import CloudTrail
import Foundation
import Kafka
import KafkaTestSupport
import Testing

@testable import Pipeline

/// The document of a dead letter, beside what brings it about.
struct DeadLetterDocumentTests {
    /// `.ci/schemas` holds it against the schema.
    private static let expected = Worker.checkout + "/Tests/PipelineTests/Fixtures/deadletters.jsonl"
    private static let expectedNotes = Worker.checkout + "/Tests/PipelineTests/Fixtures/redrive.jsonl"

    private static func lost(
        _ bytes: [UInt8],
        _ reason: DeadLetter.Reason = .notJSON,
        index: Int = 0,
        offset: Int? = 0,
        count: Int = 1,
        account: AccountID? = nil
    ) -> LostRecord {
        bytes.withUnsafeBytes { bytes in
            LostRecord(
                DeadLetter(
                    reason: reason,
                    text: "said of \(reason.rawValue)",
                    recordIndex: index,
                    bytes: bytes,
                    byteOffset: offset,
                    count: count,
                    account: account
                )
            )
        }
    }

    private static func position(
        key: [UInt8]? = Array("source".utf8),
        timestamp: Int64? = 1_773_735_000_123
    ) -> MessagePosition {
        MessagePosition(
            partition: TopicPartition("cloudtrail", 3),
            offset: 12_345,
            key: key,
            timestamp: timestamp
        )
    }

    @Test(
        "Every reason and every shape, as expected line by line; AMIWATCH_UPDATE_EXPECTED=1 writes them anew"
    )
    func expectedLines() throws {
        let text = Array("{\"eventName\":\"Run".utf8)
        let binary: [UInt8] = [0x1F, 0x8B, 0x08, 0x00, 0xFF]
        var letters = DeadLetter.Reason.allCases.map { Self.lost(text, $0) }.map {
            DeadLetterMessage(lost: $0, position: Self.position())
        }
        let account = AccountID("123456789012")
        letters += [
            .init(
                lost: Self.lost(text, index: 7, offset: nil, count: 9, account: account),
                position: Self.position()
            ),
            .init(lost: Self.lost(binary), position: Self.position(key: binary, timestamp: nil)),
            .init(lost: Self.lost([]), position: Self.position(key: nil, timestamp: .max)),
            .init(lost: Self.lost(text), position: Self.position(key: [], timestamp: 0)),
        ]
        let lines =
            letters.map { $0.value(atMost: 1_000_000) }
            + letters.map {
                DeadLetterDocument(lost: $0.lost, source: .file("s3/trail \"1\".json.gz")).encode()
            }
        let found = lines.map { String(decoding: $0, as: UTF8.self) + "\n" }.joined()
        try compare(found, with: Self.expected)
    }

    @Test("A note of what was put into the input again, of a message's letter and of a file's")
    func notes() throws {
        let lost = Self.lost(Array("{\"eventName\":\"Run".utf8))
        let sources: [DeadLetterDocument.Source] = [.message(Self.position()), .file("s3/trail.json.gz")]
        let found = try sources.map { source in
            let document = try #require(JSONTree(DeadLetterDocument(lost: lost, source: source).encode()))
            let letter = try #require(StoredLetter(document, place: "here"))
            #expect(letter.bytes == lost.bytes && letter.sha256 == lost.sha256)
            let line = RedriveNote.line(letter, into: "cloudtrail", at: "2026-03-17T09:00:00.123Z")
            #expect(JSONTree(line).flatMap(RedriveNote.sha256) == lost.sha256)
            return String(decoding: line, as: UTF8.self) + "\n"
        }
        try compare(found.joined(), with: Self.expectedNotes)
    }

    private func compare(_ found: String, with file: String) throws {
        if ProcessInfo.processInfo.environment["AMIWATCH_UPDATE_EXPECTED"] == "1" {
            try found.write(toFile: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOfFile: file, encoding: .utf8) == found)
    }

    @Test(
        "It fits the largest message, and says that something is left out",
        arguments: [20_000, 100_000, 1_000_000]
    )
    func size(of maximum: Int) throws {
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
        let letter = DeadLetterMessage(
            lost: Self.lost(bytes),
            position: Self.position(key: Array(repeating: 0xFF, count: 1024))
        )
        let value = letter.value(atMost: maximum)
        #expect(value.count <= maximum - 4096)
        let document = try #require(
            JSONSerialization.jsonObject(with: Data(value)) as? [String: Any]
        )
        let kept = Data(base64Encoded: document["bytes_base64"] as? String ?? "").map { [UInt8]($0) } ?? []
        #expect(!kept.isEmpty && kept.elementsEqual(bytes.prefix(kept.count)))
        #expect(kept.count == LostRecord.keptBytes || kept.count > maximum / 3)
        #expect(document["is_truncated"] as? Bool == true)
        #expect(document["size"] as? Int == bytes.count)
        #expect(document["sha256"] as? String == letter.lost.sha256)
    }

    @Test("An excerpt ends with a whole character, and of what is no text there is none")
    func excerpts() throws {
        func excerpt(_ bytes: [UInt8]) throws -> String? {
            let line = DeadLetterDocument(lost: Self.lost(bytes), source: .file("f")).encode()
            return (try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])?["excerpt"]
                as? String
        }
        for (character, padding) in [("é", 1), ("€", 1), ("€", 2), ("😀", 1), ("😀", 2), ("😀", 3)] {
            let start = String(repeating: "a", count: 200 - padding)
            #expect(try excerpt(Array((start + character + "b").utf8)) == start)
        }
        #expect(
            try excerpt(Array(String(repeating: "a", count: 201).utf8)) == String(repeating: "a", count: 200)
        )
        #expect(try excerpt([0x61, 0xC3]) == nil)
        #expect(try excerpt(Array(repeating: 0x80, count: 300)) == nil)
        #expect(try excerpt([]) == "")
    }
}
