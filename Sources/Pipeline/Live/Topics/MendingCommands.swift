import Configuration
import Kafka

/// The commands that mend topics, to be pasted into a shell: Kafka's own tools, and `amiwatch topics`.
struct MendingCommands: Sendable {
    private let configuration: RunConfiguration
    private let bootstrapServers: String

    init(_ clients: KafkaClients) {
        configuration = clients.configuration
        bootstrapServers = clients.bootstrapServers
    }

    func set(_ property: String, to value: String, of topic: String) -> String {
        tool(
            "kafka-configs.sh",
            [
                "--alter", "--entity-type", "topics", "--entity-name", topic, "--add-config",
                "\(property)=\(value)",
            ]
        )
    }

    /// Deletes a topic that holds nothing, and creates it as it should be.
    func recreate(_ topic: String) -> String {
        tool("kafka-topics.sh", ["--delete", "--topic", topic]) + " && " + create
    }

    /// Lets the configured user do something with a topic.
    func allow(_ operations: [String], on topic: String) -> String { allow(operations, ["--topic", topic]) }

    /// Lets the configured user do something with what these options name.
    func allow(_ operations: [String], _ resource: [String]) -> String {
        tool(
            "kafka-acls.sh",
            ["--add", "--allow-principal", "User:\(user)"] + operations.flatMap { ["--operation", $0] }
                + resource
        )
    }

    /// Gives every partition of a topic three replicas; nil when there are too few brokers for that.
    func replicate(_ topic: TopicDescription, over brokers: [Int32]) -> String? {
        guard brokers.count >= 3 else { return nil }
        let partitions = topic.partitions.map { partition in
            // The next brokers in a circle, from another one for each partition, so that the load is spread.
            let start = Int(partition.id) % brokers.count
            let others = (brokers[start...] + brokers[..<start]).filter { !partition.replicas.contains($0) }
            let replicas = (partition.replicas + others).prefix(3).map(String.init).joined(separator: ",")
            return "{\"topic\":\"\(topic.name)\",\"partition\":\(partition.id),\"replicas\":[\(replicas)]}"
        }
        let plan = "{\"version\":1,\"partitions\":[\(partitions.joined(separator: ","))]}"
        return "echo \(Self.quoted(plan)) | "
            + tool(
                "kafka-reassign-partitions.sh",
                ["--execute", "--additional", "--reassignment-json-file", "/dev/stdin"]
            )
    }

    /// Shows or ends what is open in a partition: `describe-producers`, `find-hanging`, or `abort` of the transaction
    /// that begins at an offset.
    func transactions(_ action: String, _ partition: TopicPartition, startOffset: Int64? = nil) -> String {
        tool(
            "kafka-transactions.sh",
            [action, "--topic", partition.topic, "--partition", "\(partition.partition)"]
                + (startOffset.map { ["--start-offset", "\($0)"] } ?? [])
        )
    }

    /// Creates the topics that are missing, with the options that this command was given.
    var create: String {
        var options = configuration.options
        // What no file and no option says must be told by name: `topics` would take the defaults.
        if !options.contains("--config") {
            if !options.contains("--bootstrap-servers") {
                options += ["--bootstrap-servers", bootstrapServers]
            }
            if !options.contains("--input"), configuration.input.topics != RunConfiguration().input.topics {
                options += configuration.input.topics.flatMap { ["--input", $0] }
            }
        }
        return Self.line(["amiwatch", "topics", "--create"] + options)
    }

    /// Creates a topic that no configuration names.
    func create(_ topic: String, partitions: Int) -> String {
        tool("kafka-topics.sh", ["--create", "--topic", topic, "--partitions", "\(partitions)"])
    }

    /// What to do about a topic that a run cannot do without: `run '…', then restart`.
    var createAndRestart: String { Self.first(create, then: "restart") }

    /// A command, and what to do once it has been run.
    static func first(_ command: String, then next: String) -> String { "run '\(command)', then \(next)" }

    private func tool(_ name: String, _ arguments: [String]) -> String {
        var words = [name, "--bootstrap-server", bootstrapServers]
        // An administrator's log-in is not the one that is configured here.
        if configuration.kafka.isSecured { words += ["--command-config", "client.properties"] }
        return Self.line(words + arguments)
    }

    /// The user of the configuration; a placeholder where it is not told, or must not be shown.
    private var user: String {
        let name = configuration.kafka.properties.last { $0.name == "sasl.username" }?.value
        return name.flatMap { $0.isSecret ? nil : $0.value } ?? "NAME"
    }

    private static func line(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }

    /// A word as a shell reads it back unchanged.
    static func quoted(_ word: String) -> String {
        let isPlain = !word.isEmpty && word.utf8.allSatisfy(isPlainByte)
        guard !isPlain else { return word }
        // Byte by byte: a quote with an accent on it is another `Character`, and for a shell still a quote.
        let inside = word.utf8.flatMap { $0 == 0x27 ? Array("'\\''".utf8) : [$0] }
        return "'" + String(decoding: inside, as: UTF8.self) + "'"
    }

    private static func isPlainByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "._-:,/=+@%".utf8.contains(byte)
        }
    }
}

extension RunConfiguration.Kafka {
    /// Whether clients log in or speak TLS.
    fileprivate var isSecured: Bool {
        let security = properties.last { $0.name == "security.protocol" }?.value.value.lowercased()
        return security.map { $0 != "plaintext" } ?? false
    }
}
