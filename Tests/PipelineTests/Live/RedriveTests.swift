import Alerts
import Configuration
import Foundation
import Kafka
import KafkaTestSupport
import TestSupport
import Testing

@testable import Pipeline

/// Dead letters that are looked at, and put into the input again.
@Suite(.needsRealBroker, .ownThread, .serialized)
struct RedriveTests {
    private static let record = """
        {"eventVersion":"1.10","eventTime":"2026-02-02T03:00:00Z","eventSource":"ec2.amazonaws.com",\
        "eventName":"ModifyImageAttribute","awsRegion":"eu-central-1","eventID":"1",\
        "requestParameters":{"imageId":"ami-0123456789abcdef0","attributeType":"launchPermission",\
        "launchPermission":{"add":{"items":[{"group":"all"}]}}},"recipientAccountId":"123456789012"}
        """

    private func run(_ stage: Stage, _ arguments: [String]) throws -> CommandResult {
        try runCommand([Worker.binary, "deadletters"] + arguments, environment: stage.environment)
    }

    private func objects(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n").map {
            try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    private func states(_ stage: Stage) throws -> [String] {
        try objects(run(stage, ["--format", "json"]).output).map { "\($0["state"] ?? "")" }.sorted()
    }

    @Test("Each is put in once, however often it is asked for; what comes back is not put in for ever")
    func onceEach() throws {
        let stage = try Stage(partitions: 1)
        let broken = "{\"eventName\":\"RunInstances\",\"eventSource\":\"ec2.amazonaws.com\""
        try produce(
            [
                TestMessage(broken, key: "a", partition: 0), TestMessage(broken, key: "b", partition: 0),
                TestMessage("{\"Records\":[\(Self.record),{\"eventName\":\"CreateImage\",}]}", partition: 0),
            ],
            to: stage.input,
            at: stage.broker.bootstrapServers
        )
        try stage.runToEnd()
        #expect(try states(stage) == ["waiting", "waiting", "waiting"])
        let counted = try run(stage, ["--count", "--format", "json"])
        #expect(try objects(counted.output).reduce(0) { $0 + ($1["count"] as? Int ?? 0) } == 3)

        let tried = try run(stage, ["--redrive", "--dry-run"])
        #expect(tried.status == 0 && tried.errors.contains("2 messages would be put"), "\(tried.errors)")
        let before = try readAll(stage.input, at: stage.broker.bootstrapServers)
        #expect(before.count == 3)
        let first = try run(stage, ["--redrive"])
        #expect(first.status == 0 && first.errors.contains("2 messages put"), "\(first.errors)")
        let input = try readAll(stage.input, at: stage.broker.bootstrapServers).dropFirst(3)
        #expect(input.map(\.value).contains(broken))
        #expect(input.first { $0.value == broken }?.key == "a")
        #expect(try states(stage) == ["redriven", "redriven", "redriven"])
        let second = try run(stage, ["--redrive"])
        #expect(second.errors.contains("0 messages put"), "\(second.errors)")
        #expect(try readAll(stage.input, at: stage.broker.bootstrapServers).count == 5)

        // Nothing was mended: both come back, and are left alone.
        try stage.runToEnd()
        #expect(try states(stage) == ["redriven", "redriven", "redriven", "returned", "returned"])
        #expect(try run(stage, ["--redrive"]).errors.contains("0 messages put"))
        #expect(
            try run(stage, ["--redrive", "--again", "--state", "returned"]).errors.contains("2 messages put")
        )
        #expect(try readAll(stage.input, at: stage.broker.bootstrapServers).count == 7)
    }

    @Test("After a mend a letter of a replay's file becomes the alert that it should have been, once")
    func fromFile() throws {
        let stage = try Stage(partitions: 1)
        let folder = try TestFolder()
        // What an older version could not read, say: the letter holds it whole.
        let letter: JSONTree = [
            "schema": "amiwatch.deadletter/1", "reason": "unrecognised", "message": "not read then",
            "source": [
                "file": "/trail/1.json.gz", "record_index": .number("0"), "byte_offset": .number("12"),
            ],
            "account_id": "123456789012", "count": .number("1"), "size": .number("\(Self.record.utf8.count)"),
            "sha256": .string(String(repeating: "ab", count: 32)), "is_truncated": .boolean(false),
            "excerpt": .string(String(Self.record.prefix(200))),
            "bytes_base64": .string(Data(Self.record.utf8).base64EncodedString()),
        ]
        let cut = letter.patched(by: [
            "is_truncated": .boolean(true), "sha256": .string(String(repeating: "cd", count: 32)),
        ])
        let file = folder.path + "/letters.jsonl"
        let text = [letter, letter, cut].map { String(decoding: $0.line, as: UTF8.self) }
            .joined(separator: "\n")
        try text.write(toFile: file, atomically: true, encoding: .utf8)

        let listed = try run(stage, [file])
        #expect(listed.status == 0 && listed.output.contains("/trail/1.json.gz"), "\(listed.errors)")
        let shown = try run(stage, ["--show", "abab", file])
        #expect(shown.output.contains("ModifyImageAttribute") && shown.output.contains("not read then"))
        #expect(try run(stage, ["--show", "ffff", file]).status == 1)

        let redriven = try run(stage, ["--redrive", file])
        #expect(redriven.status == 1, "one cannot be put in")
        #expect(redriven.errors.contains("1 message put"), "\(redriven.errors)")
        #expect(redriven.errors.contains("replay /trail/1.json.gz again"), "\(redriven.errors)")
        #expect(try run(stage, ["--redrive", file]).errors.contains("0 messages put"))
        try stage.runToEnd()
        let alerts = try stage.alerts().compactMap {
            JSONTree(Array(($0.value ?? "").utf8))?["rule_id"]?.text
        }
        #expect(alerts.filter { $0 == "ami-shared-publicly" }.count == 1, "\(alerts)")
    }

    @Test("A letter that holds a part alone is read once more from where it was found; gone, it is refused")
    func readsAgain() throws {
        let stage = try Stage(partitions: 1)
        // Larger than what a letter keeps.
        let long = "{\"eventName\":\"RunInstances\",\"x\":\"" + String(repeating: "y", count: 400_000)
        try produce(
            [TestMessage(long, key: "k", partition: 0)],
            to: stage.input,
            at: stage.broker.bootstrapServers
        )
        try stage.runToEnd()
        #expect(try run(stage, ["--redrive"]).errors.contains("1 message put"))
        let input = try readAll(stage.input, at: stage.broker.bootstrapServers)
        #expect(input.map(\.value) == [long, long] && input.map(\.key) == ["k", "k"])
        try stage.broker.deleteRecords(before: [TopicPartition(stage.input, 0): -1])
        let gone = try run(stage, ["--redrive", "--again"])
        #expect(gone.status == 1 && gone.errors.contains("cannot be read any more"), "\(gone.errors)")
    }
}
