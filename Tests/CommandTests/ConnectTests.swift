import Foundation
import KafkaTestSupport
import Testing
import TestSupport

/// What is shipped for Kafka's own tools: the script that makes the topics, and the examples for Kafka Connect.
@Suite(.needsKafkaHome, .ownThread)
struct ConnectTests {
    private static let examples = Binary.checkout.appending(path: "Deploy/connect").path

    @Test("The script makes the topics; trail files come in and alerts go out through Kafka Connect")
    func files() throws {
        let home = try #require(RealBroker.kafkaHome)
        let broker = try RealBroker()
        defer { broker.stop() }
        let folder = try TestFolder()
        let formats = ["ocsf", "ecs"]
        let made = try runCommand(
            ["sh", Binary.checkout.appending(path: "Deploy/topics.sh").path],
            environment: [
                "KAFKA_HOME": home, "BOOTSTRAP_SERVERS": broker.bootstrapServers, "PARTITIONS": "1",
                "REPLICATION": "1", "FORMATS": formats.joined(separator: " "),
            ]
        )
        try #require(made.status == 0, "\(made)")
        let topics = try runCommand(
            [Binary.path, "topics", "--bootstrap-servers", broker.bootstrapServers],
            environment: ["AMIWATCH_ALERTS_FORMATS": (["native"] + formats).joined(separator: ",")]
        )
        #expect(topics.status == 0 && topics.output.contains("amiwatch.alerts.ecs"), "\(topics)")
        let libraries = try FileManager.default.contentsOfDirectory(atPath: "\(home)/libs")
        let connectors = try #require(libraries.first { $0.hasPrefix("connect-file-") })
        try folder.write("trail.jsonl", SampleDay.records.map { $0 + "\n" }.joined())
        // What is an example's place or address in the files that are shipped; the rest stays.
        let own = [
            "worker": [
                "bootstrap.servers": broker.bootstrapServers, "plugin.path": "\(home)/libs/\(connectors)",
                "offset.storage.file.filename": "\(folder.path)/offsets",
                "listeners": "http://127.0.0.1:\(try freePorts(1)[0])",
            ],
            "source": ["file": "\(folder.path)/trail.jsonl"],
            "sink": ["file": "\(folder.path)/alerts.jsonl"],
        ]
        let files = try ["worker", "source", "sink"].map { name in
            try folder.write("\(name).properties", try Self.example(name, with: own[name] ?? [:]))
        }
        let log = "\(folder.path)/connect.log"
        let worker = try ChildProcess(["\(home)/bin/connect-standalone.sh"] + files, output: log, errors: log)
        func read(_ topic: String) throws -> [String] {
            try readAll(topic, at: broker.bootstrapServers).map { $0.value ?? "" }
        }
        let isRead = try becomes {
            try worker.exitStatus() != nil || read("cloudtrail").count == SampleDay.records.count
        }
        #expect(isRead && worker.exitStatus() == nil, "\((try? folder.read("connect.log")) ?? "")")
        #expect(try read("cloudtrail").sorted() == SampleDay.records.sorted())
        let run = try Binary.run(
            "run",
            "--bootstrap-servers",
            broker.bootstrapServers,
            "--policy",
            SampleDay.policy,
            "--until-end"
        )
        #expect(run.status == 0, "\(run.errors.suffix(2000))")
        let alerts = try read("amiwatch.alerts").sorted()
        #expect(!alerts.isEmpty)
        let isWritten = becomes { ((try? folder.lines("alerts.jsonl")) ?? []).count >= alerts.count }
        #expect(isWritten, "\((try? folder.read("connect.log")) ?? "")")
        #expect(try folder.lines("alerts.jsonl").sorted() == alerts)
        worker.signal(SIGTERM)
        _ = worker.wait(timeout: patience)
    }

    /// A file that is shipped, with other values for some of its keys, each of which it must have.
    private static func example(_ name: String, with values: [String: String]) throws -> String {
        let text = try String(contentsOfFile: "\(examples)/\(name).properties", encoding: .utf8)
        var missing = Set(values.keys)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let key = String(line.prefix { $0 != "=" })
            guard let value = values[key] else { return String(line) }
            missing.remove(key)
            return "\(key)=\(value)"
        }
        #expect(missing.isEmpty)
        return lines.joined(separator: "\n")
    }
}
