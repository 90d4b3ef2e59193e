import CloudTrail
import Configuration
import Foundation
import Kafka
import KafkaTestSupport
import TestSupport
import Testing

@testable import Pipeline

/// What becomes of input that cannot be read: one document live and in a replay, headers, and lines in the log.
@Suite(.needsRealBroker, .ownThread, .serialized)
struct DeadLetterTests {
    /// Of each message, the bytes.
    private static func messages() throws -> [[UInt8]] {
        let sound = """
            {"eventVersion":"1.10","eventTime":"2026-02-02T03:00:00Z","eventSource":"ec2.amazonaws.com",\
            "eventName":"DeregisterImage","awsRegion":"eu-central-1","eventID":"1",\
            "requestParameters":{"imageId":"ami-0123456789abcdef0"},"recipientAccountId":"123456789012"}
            """
        let timeless = sound.replacing("2026-02-02T03:00:00Z", with: "never")
        let packed = try Packing.gzip(Array("{\"Records\":[\(sound)]}".utf8))
        let texts = [
            "{\"eventName\":\"RunInstances\"", "CreateImage", "{\"Records\":[", "[", "{",
            "{\"Records\":[\(sound),{\"eventName\":\"CreateImage\",},\(timeless)]}", timeless,
            "{\"detail-type\":\"AWS API Call via CloudTrail\",\"account\":\"210987654321\",\"detail\":"
                + "{\"eventName\":\"RunInstances\",\"eventSource\":\"ec2.amazonaws.com\"}}",
            "\(sound)\n{\"eventName\":\"RunInstances\"\n\(sound)",
            "{\"eventName\":\"RunInstances\",\"x\":\"" + String(repeating: "é", count: 150_000),
        ]
        return texts.map { Array($0.utf8) } + [
            Array("{\"eventName\":\"RunInstances\",\"eventSource\":\"ec2.amazonaws.com\",\"x\":\"".utf8) + [
                0xC3, 0x28,
            ]
                + Array("\"}".utf8),
            Array(packed.prefix(12)), Array(packed.dropLast(6)), [0x1F, 0x8B],
        ]
    }

    /// Puts messages into the input, each with a key and a time that tell its number.
    private func produce(_ messages: [[UInt8]], to stage: Stage) throws {
        let producer = try Producer(["bootstrap.servers": stage.broker.bootstrapServers])
        let topic = try producer.topic(stage.input)
        for (number, bytes) in messages.enumerated() {
            try producer.produce(
                to: topic,
                partition: 0,
                key: Array("key \(number)".utf8),
                value: bytes,
                timestamp: 1_773_735_000_000 + Int64(number)
            )
        }
        try producer.flush(timeout: patience)
    }

    private func object(_ text: some StringProtocol) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test("Live and by replay a record makes the same dead letter, but for where it was found")
    func sameDocument() throws {
        let stage = try Stage(partitions: 1)
        let messages = try Self.messages()
        try produce(messages, to: stage)
        let summary = try stage.runToEnd()
        let letters = try readAll(stage.topics.deadLetters, at: stage.broker.bootstrapServers)
        #expect(letters.count == summary.intake.deadLettered)

        let folder = try TestFolder()
        var replayed: [String] = []
        for (number, bytes) in messages.enumerated() {
            let result = try runCommand([
                Worker.binary, "replay", try folder.write("\(number)", bytes), "--output", "/dev/null",
                "--dead-letters", "\(folder.path)/letters.jsonl",
            ])
            #expect(result.status == 0, "\(result.errors)")
            replayed += try folder.lines("letters.jsonl")
        }
        try #require(letters.count == replayed.count)
        for (letter, line) in zip(letters, replayed) {
            var (live, file) = (try object(letter.value ?? ""), try object(line))
            var (place, path) = (
                live["source"] as? [String: Any] ?? [:], file["source"] as? [String: Any] ?? [:]
            )
            live["source"] = nil
            file["source"] = nil
            #expect(NSDictionary(dictionary: live) == NSDictionary(dictionary: file))

            let number = try #require(place["offset"] as? Int)
            #expect(path.removeValue(forKey: "file") as? String == "\(folder.path)/\(number)")
            #expect(place.removeValue(forKey: "offset") as? Int == number)
            #expect(place.removeValue(forKey: "topic") as? String == stage.input)
            #expect(place.removeValue(forKey: "partition") as? Int == 0)
            #expect(
                (place.removeValue(forKey: "key_base64") as? String).flatMap { Data(base64Encoded: $0) }
                    == Data("key \(number)".utf8)
            )
            let milliseconds = String(1000 + number).dropFirst()
            #expect(
                place.removeValue(forKey: "timestamp") as? String == "2026-03-17T08:10:00.\(milliseconds)Z"
            )
            #expect(NSDictionary(dictionary: place) == NSDictionary(dictionary: path))

            // What was read is there, and where it says.
            let bytes = [UInt8](Data(base64Encoded: live["bytes_base64"] as? String ?? "") ?? Data())
            #expect(!bytes.isEmpty && live["size"] as? Int ?? 0 >= bytes.count)
            if let offset = place["byte_offset"] as? Int {
                #expect(messages[number].dropFirst(offset).starts(with: bytes))
            }
        }
        let accounts = try letters.compactMap { try object($0.value ?? "")["account_id"] as? String }
        #expect(accounts == ["123456789012", "123456789012", "210987654321"])
        #expect(try letters.contains { try object($0.value ?? "")["is_truncated"] as? Bool == true })
    }

    @Test("Headers tell what readers route by, from the intake as from the detector")
    func headers() throws {
        let stage = try Stage(partitions: 1)
        try produce(Self.messages(), to: stage)
        try KafkaTestSupport.produce(
            [TestMessage("{broken", key: "100000000010")],
            to: stage.topics.events,
            at: stage.broker.bootstrapServers
        )
        try stage.runToEnd()
        let letters = try readAll(stage.topics.deadLetters, at: stage.broker.bootstrapServers)
        var topics: Set<String> = []
        for letter in letters {
            let document = try object(letter.value ?? "")
            let source = try #require(document["source"] as? [String: Any])
            var expected = ["content-type": "application/json"]
            for name in ["schema", "reason", "account_id"] { expected[name] = document[name] as? String }
            expected["source_topic"] = source["topic"] as? String
            expected["source_partition"] = (source["partition"] as? Int).map(String.init)
            expected["source_offset"] = (source["offset"] as? Int).map(String.init)
            let found = letter.headers.map { ($0.name, String(decoding: $0.value ?? [], as: UTF8.self)) }
            #expect(Dictionary(found) { $0 + $1 } == expected)
            #expect(expected.count == (expected["account_id"] == nil ? 6 : 7))
            topics.insert(expected["source_topic"] ?? "")
            let index = try #require(source["record_index"] as? Int)
            #expect(
                letter.key == "\(stage.input)/0/\(expected["source_offset"] ?? "")/\(index)"
                    || letter.key == "\(stage.topics.events)/0/0/0"
            )
        }
        #expect(topics == [stage.input, stage.topics.events])
        let own = try #require(letters.first { $0.key == "\(stage.topics.events)/0/0/0" })
        #expect(try object(own.value ?? "")["account_id"] as? String == "100000000010")
    }

    @Test("The log names the first of each reason, and counts the others")
    func log() throws {
        let stage = try Stage(partitions: 1)
        // A thousand letters of one message are told one by one, five more by one that stands for them.
        let flood = Array(repeating: "{\"eventName\":\"RunInstances\",}", count: 1005).joined(separator: "\n")
        try produce([Array("{\"Records\":[".utf8), Array(flood.utf8), Array("[".utf8)], to: stage)
        let folder = try TestFolder()
        let path = try folder.write("log", "")
        let file = try #require(FileHandle(forWritingAtPath: path))
        let summary = try stage.runToEnd(log: RunLog(level: .warning, descriptor: file.fileDescriptor))
        #expect(summary.intake.deadLettered == 1007)
        let lines = try folder.lines("log").map { try object($0) }.filter { $0["dead_letters"] != nil }
        #expect(lines.allSatisfy { $0["dead_letters"] as? String == stage.topics.deadLetters })
        #expect(lines.allSatisfy { $0["level"] as? String == "warning" && $0["role"] as? String == "intake" })
        #expect(lines.allSatisfy { $0["topic"] as? String == stage.input && $0["partition"] as? Int == 0 })
        var counts: [String: Int] = [:]
        var first: [String: Int] = [:]
        for line in lines {
            let reason = try #require(line["reason"] as? String)
            counts[reason, default: 0] += try #require(line["count"] as? Int)
            if first[reason] == nil { first[reason] = try #require(line["offset"] as? Int) }
        }
        #expect(counts == ["truncated": 2, "not-json": 1000, "too-many-dead-letters": 5])
        #expect(first == ["truncated": 0, "not-json": 1, "too-many-dead-letters": 1])
        // Not one an event: the first of each, and what is left at the end.
        #expect(lines.count <= 6, "\(lines)")

        let letters = try readAll(stage.topics.deadLetters, at: stage.broker.bootstrapServers)
        let documents = try letters.map { try object($0.value ?? "") }
        #expect(documents.reduce(0) { $0 + ($1["count"] as? Int ?? 0) } == 1007)
        let rest = try #require(documents.first { $0["reason"] as? String == "too-many-dead-letters" })
        #expect(rest["count"] as? Int == 5 && rest["size"] as? Int == flood.utf8.count)
    }

    @Test("What is put into the input again in base64, line by line, is read as it was")
    func redrive() throws {
        let stage = try Stage(partitions: 1)
        try produce(Self.messages().filter { $0.count < 1000 }, to: stage)
        let before = try stage.runToEnd().intake.deadLettered
        let servers = stage.broker.bootstrapServers
        let letters = try readAll(stage.topics.deadLetters, at: servers)
        let bytes = try letters.compactMap { try object($0.value ?? "")["bytes_base64"] as? String }
        try KafkaTestSupport.produce(bytes.map { TestMessage($0) }, to: stage.input, at: servers)
        // A cut file's sound part, and the records beside a broken one, are no part of a letter of their own.
        let after = try stage.runToEnd().intake.deadLettered
        #expect(after > 0 && after <= before)
        let again = try readAll(stage.topics.deadLetters, at: servers).dropFirst(letters.count)
        let reasons = try letters.map { try object($0.value ?? "")["reason"] as? String }
        #expect(try again.allSatisfy { reasons.contains(try object($0.value ?? "")["reason"] as? String) })
    }
}
