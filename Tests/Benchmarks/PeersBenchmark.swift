import Foundation
import KafkaTestSupport
import TrailArchive

/// The same input through what people use today, one core each: on files Python, DuckDB and a matcher of Sigma rules, on
/// a topic Kafka Streams and Python.
///
/// `Tests/Benchmarks/Peers/run` gets them, and starts this. What they do is less than amiwatch does, and told in the table.
enum PeersBenchmark {
    static let options = ReplayBenchmark.options.union(PipelineBenchmark.options)

    static func run(_ options: Options) throws {
        var table = PeersTable()
        try readFiles(options, &table)
        try readTopic(options, &table)
        table.print()
    }

    private static func readFiles(_ options: Options, _ table: inout PeersTable) throws {
        let folder = options.text("folder") ?? ".build/bench/replay"
        try ReplayBenchmark.prepare(folder, options)
        for peer in [
            Peer(
                "Python, gzip and orjson",
                ["orjson"],
                "replay_python.py",
                does: "counts four calls in files",
                goal: 6
            ),
            Peer("DuckDB", ["duckdb"], "replay_duckdb.py", does: "counts four calls in files", goal: 12),
            Peer(
                "sigma-rule-matcher, pySigma and orjson",
                ["sigma-rule-matcher", "pysigma", "orjson"],
                "replay_sigma.py",
                does: "matches 6 Sigma rules about images in files, without state",
                goal: 15
            ),
        ] {
            let pairing = try Pairing(
                rounds: try options.number("rounds", 3),
                baseline: (peer.name, { try Children.run(peer.command + [folder + "/AWSLogs"], on: "0").0 }),
                measured: ("amiwatch replay", { try ReplayBenchmark.command(folder, on: "0") })
            )
            pairing.reportSpeed(of: "the folder", goal: .atLeast(peer.goal))
            table.add(peer, pairing)
        }
    }

    private static func readTopic(_ options: Options, _ table: inout PeersTable) throws {
        guard RealBroker.kafkaHome != nil else {
            return table.leaveOut("Kafka Streams, and Python on a topic", "KAFKA_HOME is not set")
        }
        try Children.pin(to: "0")
        let bench = PipelineBench(
            broker: try RealBroker(),
            partitions: try options.number("partitions", 4),
            settings: try Generate.settings(options)
        )
        defer { bench.broker.stop() }
        let small = try bench.fill("small", "lz4", 50_000)
        let large = try bench.fill("large", "lz4", try options.number("records", 400_000) + 50_000)
        func compare(_ peer: Peer, _ read: @escaping (PipelineBench.Topic) throws -> Cost) throws {
            let pairing = try Pairing(
                rounds: try options.number("rounds", 3),
                baseline: (peer.name, { try read(large) - read(small) }),
                measured: (
                    "amiwatch run",
                    { try bench.run(large, .init(), on: "1") - bench.run(small, .init(), on: "1") }
                )
            )
            pairing.reportSpeed(of: "\(large.records - small.records) records", goal: .atLeast(peer.goal))
            table.add(peer, pairing)
        }
        let python = Peer(
            "Python, confluent-kafka and orjson",
            ["confluent-kafka", "orjson"],
            "consume_python.py",
            does: "counts four calls on a topic",
            goal: 12
        )
        try compare(python) { topic in
            let place = [
                bench.broker.bootstrapServers, topic.name, "\(bench.partitions)", "\(topic.records)",
            ]
            return try Children.run(python.command + place, on: "1").0
        }
        guard let streams = KafkaStreamsPeer() else {
            return table.leaveOut("Kafka Streams", "there is no kafka-streams in the libraries of KAFKA_HOME")
        }
        try compare(streams.peer) { try streams.read($0, bench) }
    }
}

/// A program that is compared with amiwatch.
struct Peer {
    let name: String
    let version: String
    let command: [String]
    let does: String
    /// How many times as fast amiwatch should be, by the wall clock.
    let goal: Double

    init(_ name: String, version: String, _ command: [String], does: String, goal: Double) {
        (self.name, self.version, self.command, self.does, self.goal) = (name, version, command, does, goal)
    }

    /// A script in Python that needs packages.
    init(_ name: String, _ packages: [String], _ script: String, does: String, goal: Double) {
        let python = ".build/peers/bin/python"
        let versions = packages.map { "f'{m.version(\"\($0)\")}'" }.joined(separator: ", ")
        let asking = [python, "-c", "import importlib.metadata as m; print(\(versions), sep=', ')"]
        let answer = try? Children.run(asking, on: nil).1.output
        version = answer?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "unknown"
        self.name = name
        command = [python, Self.folder + script]
        self.does = does
        self.goal = goal
    }

    private static let folder =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Peers").path + "/"
}

/// `ImageWatch.java`, where Kafka's libraries have Kafka Streams.
struct KafkaStreamsPeer {
    let peer: Peer

    init?() {
        guard let libraries = RealBroker.kafkaHome.map({ $0 + "/libs" }),
            let jar = try? FileManager.default.contentsOfDirectory(atPath: libraries)
                .first(where: { $0.wholeMatch(of: /kafka-streams-[0-9].*\.jar/) != nil })
        else { return nil }
        peer = Peer(
            "Kafka Streams",
            version: String(jar.dropFirst(14).dropLast(4)),
            ["java", "-Xmx1g", "-cp", ".build/peers/java:\(libraries)/*", "ImageWatch"],
            does: "the core of the job on a topic: two rules, images and instances in memory, exactly once",
            goal: 6
        )
    }

    /// Reads a topic with an application and an output of its own.
    func read(_ topic: PipelineBench.Topic, _ bench: PipelineBench) throws -> Cost {
        let folder = try temporaryFolder("amiwatch-streams")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let output = try bench.broker.makeTopic("streams", partitions: bench.partitions)
        defer {
            let inner = ["by-account-repartition", "images-changelog", "instances-changelog"]
            try? bench.broker.deleteTopics([output] + inner.map { "\(output)-\($0)" })
        }
        return try Children.run(
            peer.command + [
                bench.broker.bootstrapServers, topic.name, output, "\(topic.records)", "\(bench.partitions)",
                "1",
                folder,
            ],
            on: "1"
        ).0
    }
}
