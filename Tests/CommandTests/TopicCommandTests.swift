import Foundation
import KafkaTestSupport
import TestSupport
import Testing

/// `amiwatch topics` on a real cluster: what is unfit is named, and the commands that it prints mend it as printed.
@Suite(.needsKafkaHome, .ownThread, .serialized)
struct TopicCommandTests {
    /// Each topic, what is set wrong about it, and how `topics` judges that.
    private static let wrong:
        [(topic: String, property: String, value: String, label: String, words: String)] = [
            ("cloudtrail", "cleanup.policy", "compact", "warning", "nobody has read yet"),
            ("amiwatch.events", "cleanup.policy", "[compact,delete]", "error", "nobody has read yet"),
            ("amiwatch.events", "retention.ms", "60000", "error", "deleted after 1 minute, read or not"),
            ("amiwatch.events", "retention.bytes", "100000000", "warning", "oldest records"),
            ("amiwatch.events", "message.timestamp.before.max.ms", "1000", "error", "INVALID_TIMESTAMP"),
            ("amiwatch.state", "max.message.bytes", "2000", "error", "MSG_SIZE_TOO_LARGE"),
            ("amiwatch.state", "delete.retention.ms", "1000", "error", "was away"),
            ("amiwatch.state", "min.compaction.lag.ms", "604800000", "warning", "every start reads"),
            ("amiwatch.catalogue", "cleanup.policy", "delete", "error", "old and still true"),
            ("amiwatch.catalogue", "min.cleanable.dirty.ratio", "0.95", "warning", "every start reads"),
            ("amiwatch.catalogue", "min.insync.replicas", "3", "warning", "NOT_ENOUGH_REPLICAS"),
            ("amiwatch.alerts", "cleanup.policy", "compact", "error", "nobody has read yet"),
            ("amiwatch.alerts", "min.insync.replicas", "4", "error", "NOT_ENOUGH_REPLICAS"),
            ("amiwatch.alerts", "retention.ms", "3600000", "warning", "deleted after 1 hour, read or not"),
            ("amiwatch.alerts", "compression.type", "gzip", "warning", "delays alerts"),
            ("amiwatch.deadletters", "cleanup.policy", "compact", "error", "nobody has read yet"),
            ("amiwatch.deadletters", "min.insync.replicas", "1", "error", "only one broker has it"),
            (
                "amiwatch.deadletters", "unclean.leader.election.enable", "true", "error",
                "what was committed is lost"
            ),
        ]

    /// One test, because its brokers take longer to start than everything that is tried with them.
    @Test("What is unfit is named with what would happen, and the printed command mends it")
    func unfit() throws {
        let broker = try RealBroker(brokers: 3)
        defer { broker.stop() }
        let folder = try TestFolder()
        let config = try folder.write(
            "amiwatch.yaml",
            "kafka: {bootstrap_servers: \"\(broker.bootstrapServers)\"}\npolicy: \(SampleDay.policy)\n"
        )
        let missing = try Binary.run("topics", "--config", config)
        #expect(missing.status == 1)
        #expect(
            missing.errors.contains("run 'amiwatch topics --create --config \(config)'"),
            "\(missing.errors)"
        )
        let made = try Binary.run("topics", "--config", config, "--create", "--partitions", "2")
        #expect(made.status == 0, "\(made.output)\(made.errors)")
        expect(made, every: "created")
        #expect(made.output.hasPrefix("TOPIC "))
        expect(try Binary.run("topics", "--config", config), every: "ok")

        for (topic, faults) in Dictionary(grouping: Self.wrong, by: \.topic) {
            let settings = faults.map { "\($0.property)=\($0.value)" }.joined(separator: ",")
            let result = try broker.tool(
                "kafka-configs.sh",
                ["--alter", "--entity-type", "topics", "--entity-name", topic, "--add-config", settings]
            )
            try #require(result.status == 0, "\(result)")
        }
        let unfit = try Binary.run("topics", "--config", config)
        #expect(unfit.status == 1)
        let lines = unfit.output.split(separator: "\n").map(String.init)
        for fault in Self.wrong {
            let said = lines.first {
                $0.hasPrefix("\(fault.label): ") && $0.contains(fault.topic)
                    && $0.contains(" \(fault.property)=")
            }
            #expect(said?.contains(fault.words) == true, "\(fault): \(unfit.output)")
        }
        // The run does not begin, and says the same.
        let refused = try Binary.run("run", "--config", config)
        #expect(refused.status == 1)
        for fault in Self.wrong where fault.label == "error" {
            #expect(
                refused.errors.contains("\(fault.topic): \(fault.property)="),
                "\(fault): \(refused.errors)"
            )
        }
        try mend(unfit, config)
        expect(try Binary.run("topics", "--config", config), every: "ok")

        // Too few replicas, and a state of another number of partitions.
        for name in ["amiwatch.alerts", "amiwatch.state"] {
            let deleted = try broker.tool("kafka-topics.sh", ["--delete", "--topic", name])
            try #require(deleted.status == 0, "\(deleted)")
        }
        let fewer = try Binary.run("topics", "--config", config, "--create", "--replication", "1")
        #expect(fewer.status == 0, "\(fewer)")
        #expect(fewer.output.contains("replication 1: messages are lost with its broker"))
        try mend(fewer, config)
        try mend(try Binary.run("topics", "--config", config), config)
        expect(try Binary.run("topics", "--config", config), every: "ok")
        let grown = try broker.tool(
            "kafka-topics.sh",
            ["--alter", "--topic", "amiwatch.state", "--partitions", "3"]
        )
        try #require(grown.status == 0, "\(grown)")
        let mismatch = try Binary.run("topics", "--config", config)
        #expect(mismatch.output.contains("3 partitions, and amiwatch.events has 2"), "\(mismatch.output)")
        try mend(mismatch, config)
        expect(try Binary.run("topics", "--config", config), every: "ok")
        let run = try Binary.run("run", "--config", config, "--until-end")
        #expect(run.status == 0, "\(run.errors)")
    }

    /// Runs the commands that were printed, as they are.
    private func mend(_ result: CommandResult, _ config: String) throws {
        let commands = result.output.split(separator: "\n").filter { $0.hasPrefix("  ") }
        #expect(!commands.isEmpty, "\(result.output)")
        let path =
            "\(RealBroker.kafkaHome ?? "")/bin:\(URL(filePath: Binary.path).deletingLastPathComponent().path)"
        for command in commands {
            let mended = try runCommand(["bash", "-c", "PATH=\(path):$PATH; \(command)"])
            #expect(mended.status == 0, "\(command): \(mended)")
        }
    }

    /// All six topics are in one state, and nothing more is said about them unless they were just created.
    private func expect(
        _ result: CommandResult,
        every state: String,
        at location: SourceLocation = #_sourceLocation
    ) {
        let rows = result.output.split(separator: "\n").dropFirst()
        #expect(rows.count == 7, "\(result.output)", sourceLocation: location)
        for row in rows {
            #expect(row.contains(" \(state) "), "\(result.output)", sourceLocation: location)
        }
    }
}
