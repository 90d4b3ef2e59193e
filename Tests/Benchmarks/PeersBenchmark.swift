import Foundation
import KafkaTestSupport
import TrailArchive

/// The same input through what people use today: Python with orjson, DuckDB, and a Python consumer.
///
/// All of them only count four calls; amiwatch judges. One core each. Their packages come from PyPI into
/// `.build/peers`.
enum PeersBenchmark {
    static let options = ReplayBenchmark.options.union(PipelineBenchmark.options)

    static func run(_ options: Options) throws {
        let python = try environment()
        let rounds = try options.number("rounds", 3)
        let folder = options.text("folder") ?? ".build/bench/replay"
        try ReplayBenchmark.prepare(folder, options)
        for (name, script, goal) in [
            ("Python, gzip and orjson", "replay_python.py", 6.0), ("DuckDB", "replay_duckdb.py", 12.0),
        ] {
            try Pairing(
                rounds: rounds,
                baseline: (
                    name,
                    {
                        try Children.run([python, scripts + script, folder + "/AWSLogs"], on: "0").0
                    }
                ),
                measured: ("amiwatch replay", { try ReplayBenchmark.command(folder, on: "0") })
            )
            .reportSpeed(of: "the folder", goal: .atLeast(goal))
        }
        guard RealBroker.kafkaHome != nil else {
            print("  KAFKA_HOME is not set: no comparison with a Python consumer")
            return
        }
        try consume(python, rounds, options)
    }

    private static func consume(_ python: String, _ rounds: Int, _ options: Options) throws {
        try Children.pin(to: "0")
        let bench = PipelineBench(
            broker: try RealBroker(),
            partitions: try options.number("partitions", 4),
            settings: try Generate.settings(options)
        )
        defer { bench.broker.stop() }
        let records = try options.number("records", 400_000)
        let small = try bench.fill("small", "lz4", 50_000)
        let large = try bench.fill("large", "lz4", records + 50_000)
        func read(_ topic: PipelineBench.Topic) throws -> Cost {
            try Children.run(
                [
                    python, scripts + "consume_python.py", bench.broker.bootstrapServers, topic.name,
                    "\(bench.partitions)", "\(topic.records)",
                ],
                on: "1"
            ).0
        }
        try Pairing(
            rounds: rounds,
            baseline: (
                "Python, confluent-kafka and a regular expression",
                {
                    try read(large) - read(small)
                }
            ),
            measured: (
                "amiwatch run",
                { try bench.run(large, .init(), on: "1") - bench.run(small, .init(), on: "1") }
            )
        )
        .reportSpeed(of: "\(records) records", goal: .atLeast(12))
    }

    private static let scripts: String = {
        let file = URL(fileURLWithPath: #filePath)
        return file.deletingLastPathComponent().appendingPathComponent("Peers").path + "/"
    }()

    /// A Python with the packages of the peers.
    private static func environment() throws -> String {
        let folder = ".build/peers"
        let python = folder + "/bin/python"
        if !FileManager.default.fileExists(atPath: python) {
            _ = try Children.run(["python3", "-m", "venv", folder], on: nil)
        }
        _ = try Children.run(
            [python, "-m", "pip", "install", "--quiet", "orjson", "duckdb", "confluent-kafka"],
            on: nil
        )
        return python
    }
}
