import Foundation
import Glibc
package import Kafka
import Synchronization

/// A real Kafka cluster (KRaft) on loopback, started from `KAFKA_HOME` through the official scripts.
///
/// Usable from any thread. It ends with ``stop()``, when it is let go of, and whenever the test process ends.
package final class RealBroker: Sendable {
    /// `host:port` of each broker, with commas between.
    package let bootstrapServers: String
    /// How many brokers there are; their ids count from 1.
    package let count: Int

    /// A way in beside the plain one.
    package struct Listener: Sendable {
        let name: String
        let security: String
        let host: String
        let port: Int?

        /// A listener: its name, its protocol (`SASL_SSL`), and the host and the port that it tells clients to connect
        /// to; its own port when there is none.
        package init(
            _ name: String,
            _ security: String,
            advertising host: String = "127.0.0.1",
            port: Int? = nil
        ) {
            (self.name, self.security, self.host, self.port) = (name, security, host, port)
        }
    }

    private let listenerPorts: [String: Int]
    private let home: String?
    private let folder: String?
    private let javaOptions: String
    private let watcher: FolderWatcher?
    private let processes = Mutex<[Int: ChildProcess]>([:])

    /// The environment's variable that names a Kafka distribution.
    package static var kafkaHome: String? { variable("KAFKA_HOME") }

    /// One broker for the whole test process, started by whoever asks first; or the cluster that
    /// `AMIWATCH_TEST_BOOTSTRAP` names.
    ///
    /// Topics outlive a test: give each its own name.
    ///
    /// - Throws: why it could not be started, each time again.
    package static func shared() throws -> RealBroker { try sharedOutcome.get() }

    private static let sharedOutcome = Result {
        if let servers = variable("AMIWATCH_TEST_BOOTSTRAP") { return RealBroker(running: servers) }
        return try RealBroker()
    }

    /// Starts a cluster of its own; takes about 7 s, with three brokers 16 s.
    ///
    /// - Parameters:
    ///   - brokers: 1; or 3, then replication is 3 and `min.insync.replicas` 2.
    ///   - properties: broker properties, set over the quick ones chosen here.
    ///   - listeners: what a single broker listens on beside its plain port; `properties` say the rest about them.
    ///   - formatting: more arguments for `kafka-storage.sh format`.
    ///   - javaOptions: more options for Java.
    /// - Throws: ``RealBrokerError``.
    package init(
        brokers: Int = 1,
        properties: [String: String] = [:],
        listeners: [Listener] = [],
        formatting: [String] = [],
        javaOptions: String = ""
    ) throws {
        guard let home = RealBroker.kafkaHome else { throw RealBrokerError(message: "KAFKA_HOME is not set") }
        let folder = try temporaryFolder("amiwatch-kafka")
        let ports = try freePorts(2 * brokers + listeners.count)
        let layout = ClusterLayout(brokers: brokers, ports: ports, listeners: listeners, folder: folder)
        listenerPorts = Dictionary(
            uniqueKeysWithValues: zip(listeners.map(\.name), ports.dropFirst(2 * brokers))
        )
        self.home = home
        self.javaOptions = javaOptions
        self.folder = folder
        count = brokers
        bootstrapServers = layout.bootstrapServers
        watcher = try FolderWatcher(folder)
        let cluster = clusterID()
        for id in 1...brokers {
            let file = "\(folder)/\(id).properties"
            try layout.properties(of: id, over: properties).write(
                toFile: file,
                atomically: true,
                encoding: .utf8
            )
            let result = try runCommand(
                ["\(home)/bin/kafka-storage.sh", "format", "-t", cluster, "-c", file] + formatting
            )
            guard result.status == 0 else {
                throw RealBrokerError(message: "formatting \(file): \(result.output)\(result.errors)")
            }
            try launch(id)
        }
        try waitUntilReady(timeout: patience)
    }

    private init(running servers: String) {
        bootstrapServers = servers
        count = servers.split(separator: ",").count
        listenerPorts = [:]
        home = RealBroker.kafkaHome
        javaOptions = ""
        folder = nil
        watcher = nil
    }

    deinit { stop() }

    /// The port of a listener beside the plain one.
    package func port(of listener: String) -> Int { listenerPorts[listener] ?? 0 }

    /// Ends all brokers and removes their folder.
    ///
    /// An external cluster is left alone.
    package func stop() {
        processes.withLock { processes in
            for process in processes.values { process.signal(SIGKILL) }
            for process in processes.values { _ = process.wait(timeout: patience) }
            processes.removeAll()
        }
        if let folder { try? FileManager.default.removeItem(atPath: folder) }
    }
}

/// Why there is no cluster.
package struct RealBrokerError: Error, CustomStringConvertible {
    let message: String

    /// The reason.
    package var description: String { "starting Kafka: \(message)" }
}

// MARK: Trouble

extension RealBroker {
    /// Ends a broker as a crash would (SIGKILL).
    package func kill(_ id: Int) {
        let process = processes.withLock { $0.removeValue(forKey: id) }
        process?.signal(SIGKILL)
        _ = process?.wait(timeout: patience)
    }

    /// Ends a broker in order (SIGTERM): it hands over what it leads first.
    package func end(_ id: Int) {
        let process = processes.withLock { $0.removeValue(forKey: id) }
        process?.signal(SIGTERM)
        if process?.wait(timeout: patience) == nil { process?.signal(SIGKILL) }
    }

    /// Freezes a broker (SIGSTOP); its connections stay open and silent.
    package func pause(_ id: Int) { processes.withLock { $0[id]?.signal(SIGSTOP) } }

    /// Lets a frozen broker go on.
    package func resume(_ id: Int) { processes.withLock { $0[id]?.signal(SIGCONT) } }

    /// Brings a killed broker back on its old port with its old data, and waits until all brokers answer.
    ///
    /// - Throws: ``RealBrokerError``.
    package func start(_ id: Int, timeout: Duration = patience) throws {
        try launch(id)
        try waitUntilReady(timeout: timeout)
    }

    /// Leaves the brokers' logs in another folder, for whoever looks for what went wrong.
    package func copyLogs(to other: String) {
        guard let folder else { return }
        for id in 1...count {
            try? FileManager.default.copyItem(
                atPath: "\(folder)/\(id).log",
                toPath: "\(other)/broker-\(id).log"
            )
        }
    }

    private func launch(_ id: Int) throws {
        guard let home, let folder else { throw RealBrokerError(message: "this cluster is not ours") }
        let log = "\(folder)/\(id).log"
        let process = try ChildProcess(
            ["\(home)/bin/kafka-server-start.sh", "\(folder)/\(id).properties"],
            environment: [
                "KAFKA_HEAP_OPTS": "-Xmx512M -Xms128M", "KAFKA_OPTS": javaOptions, "LOG_DIR": folder,
            ],
            output: log,
            errors: log
        )
        processes.withLock { $0[id] = process }
    }

    private func waitUntilReady(timeout: Duration) throws {
        let deadline = ContinuousClock.now + timeout
        while true {
            for (id, process) in processes.withLock({ $0 }) where process.exitStatus() != nil {
                throw RealBrokerError(
                    message: "broker \(id) ended: \(text("\(folder ?? "")/\(id).log").suffix(2000))"
                )
            }
            let up = processes.withLock { $0.count }
            let admin = try Admin(["bootstrap.servers": bootstrapServers])
            if let brokers = try? admin.brokers(timeout: .seconds(3)), brokers.count == up { return }
            guard ContinuousClock.now < deadline else {
                throw RealBrokerError(message: "no answer from \(bootstrapServers)")
            }
            usleep(100_000)
        }
    }
}

// MARK: Tools

extension RealBroker {
    /// Whether Kafka's command line tools are there: `KAFKA_HOME` is set.
    package var hasTools: Bool { home != nil }

    /// Runs one of Kafka's tools (`kafka-topics.sh`, …) against this cluster; each takes a second or two.
    ///
    /// - Parameters:
    ///   - name: the script's name.
    ///   - arguments: its arguments; `--bootstrap-server` is put before them.
    ///   - input: its standard input.
    ///   - timeout: it is ended after that.
    /// - Returns: what it printed, and how it ended.
    /// - Throws: ``RealBrokerError`` without `KAFKA_HOME`.
    package func tool(
        _ name: String,
        _ arguments: [String],
        input: String? = nil,
        timeout: Duration = patience
    ) throws -> CommandResult {
        guard let home else {
            throw RealBrokerError(message: "KAFKA_HOME is not set, so there is no \(name)")
        }
        return try runCommand(
            ["\(home)/bin/\(name)", "--bootstrap-server", bootstrapServers] + arguments,
            input: input,
            timeout: timeout
        )
    }

    /// Deletes topics, with what they hold.
    package func deleteTopics(_ names: [String]) throws {
        for name in names { try done("kafka-topics.sh", ["--delete", "--topic", name]) }
    }

    /// Deletes all messages before the given offsets; -1 deletes everything there is.
    package func deleteRecords(before offsets: [TopicPartition: Int64]) throws {
        let partitions = offsets.map {
            "{\"topic\":\"\($0.key.topic)\",\"partition\":\($0.key.partition),\"offset\":\($0.value)}"
        }
        let plan = "{\"version\":1,\"partitions\":[\(partitions.joined(separator: ","))]}"
        try done("kafka-delete-records.sh", ["--offset-json-file", "/dev/stdin"], input: plan)
    }

    private func done(_ name: String, _ arguments: [String], input: String? = nil) throws {
        let result = try tool(name, arguments, input: input)
        guard result.status == 0 else { throw RealBrokerError(message: "\(name): \(result)") }
    }
}

private func variable(_ name: String) -> String? {
    guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else { return nil }
    return value
}
