import CloudTrail
import Foundation
import Kafka
import KafkaTestSupport

/// The whole pipeline (intake and detector in one process, candidates through the events topic, alerts and state
/// committed) against a consumer that only counts, on the same real broker and topic.
///
/// Starting and ending take both some seconds whatever the topic holds. So each reads a topic of few records too, and
/// what counts is the difference.
///
/// With `--baseline no-rules` it is compared with itself under the same policy with every rule switched off; with
/// `--baseline native` a run that publishes alerts in one more format is compared with one in the native format alone;
/// with `--baseline unscraped` a run whose metrics are scraped every second with one that serves none.
enum PipelineBenchmark {
    static let options = Set(["records", "rounds", "codec", "partitions", "cores", "baseline"]).union(
        Generate.trailOptions
    )

    static func run(_ options: Options) throws {
        let records = try options.number("records", 2_000_000)
        let codecs = options.text("codec").map { [$0] } ?? ["lz4", "zstd", "gzip"]
        // The broker inherits the first core; on two cores both may use both.
        try Children.pin(to: "0")
        let bench = PipelineBench(
            broker: try RealBroker(),
            partitions: try options.number("partitions", 4),
            settings: try Generate.settings(options)
        )
        defer { bench.broker.stop() }
        let cores = options.text("cores").map { [$0] } ?? ["1", "2"]
        for codec in codecs {
            let small = try bench.fill("small-\(codec)", codec, 50_000)
            let large = try bench.fill("large-\(codec)", codec, records)
            for count in cores {
                let client = count == "1" ? "1" : "0,1"
                try Children.pin(children: true, to: count == "1" ? "0" : "0,1")
                func cost(_ variant: PipelineBench.Variant) -> () throws -> Cost {
                    { try bench.run(large, variant, on: client) - bench.run(small, variant, on: client) }
                }
                let (baseline, measured, goal) = try comparison(options.text("baseline"), codec)
                try Pairing(
                    rounds: try options.number("rounds", 5),
                    baseline: (
                        "\(baseline?.name ?? "counting only"), \(codec), cores of the client: \(count)",
                        baseline.map { cost($0) }
                            ?? { try bench.count(large, on: client) - bench.count(small, on: client) }
                    ),
                    measured: (measured.name, cost(measured))
                )
                .reportProcessorCost(of: "\(records - 50_000) records", goal: .atMost(goal))
                try Children.pin(children: true, to: "0")
            }
            try bench.drop([small, large])
        }
    }

    /// What is compared with what (nil only counts), and how much more it may cost.
    private static func comparison(
        _ baseline: String?,
        _ codec: String
    ) throws -> (baseline: PipelineBench.Variant?, measured: PipelineBench.Variant, goal: Double) {
        switch baseline {
        case nil: (nil, .init(), codec == "lz4" ? 1.25 : 1.2)
        case "no-rules":
            (
                .init(name: "amiwatch run without rules", policy: TrailPolicy.withoutRules),
                .init(), 1.03
            )
        case "native":
            (
                .init(name: "amiwatch run, native alone"),
                .init(name: "amiwatch run, native and OCSF", formats: ["native", "ocsf"]), 1.03
            )
        case "unscraped":
            (
                .init(name: "amiwatch run without http"),
                .init(name: "amiwatch run, scraped every second", isScraped: true), 1.01
            )
        case let other?: throw UsageError("--baseline \(other): no-rules, native or unscraped")
        }
    }
}

/// A broker, and what is read from it.
struct PipelineBench {
    struct Topic {
        let name: String
        let records: Int
    }

    /// A way to run amiwatch.
    struct Variant {
        var name = "amiwatch run"
        var policy = TrailPolicy.yaml
        var formats = ["native"]
        var isScraped = false
    }

    let broker: RealBroker
    let partitions: Int
    let settings: Trail.Settings

    /// Puts records into a new topic, in large batches as a busy connector does.
    func fill(_ name: String, _ codec: String, _ records: Int) throws -> Topic {
        let topic = try broker.makeTopic(name, partitions: partitions)
        let producer = try Producer([
            "bootstrap.servers": broker.bootstrapServers, "compression.type": codec, "linger.ms": "100",
            "batch.size": "1000000", "queue.buffering.max.kbytes": "262144",
        ])
        let target = try producer.topic(topic)
        var trail = Trail(settings)
        let buffer = ByteBuffer()
        for number in 0..<records {
            buffer.removeAll()
            _ = trail.writeRecord(to: buffer)
            // Without a key, batch by batch to one partition after the other.
            try producer.produce(
                to: target,
                partition: Int32(number / 500 % partitions),
                key: nil,
                value: buffer.bytes
            )
            if number % 1000 == 0 { producer.poll() }
        }
        try producer.flush(timeout: .seconds(120))
        return Topic(name: topic, records: records)
    }

    func drop(_ topics: [Topic]) throws {
        try broker.deleteTopics(topics.map(\.name))
    }

    func count(_ topic: Topic, on processors: String) throws -> Cost {
        try Children.run(
            [
                Children.benchmarks, "count", "--servers", broker.bootstrapServers, "--topic", topic.name,
                "--partitions", "\(partitions)", "--messages", "\(topic.records)",
            ],
            on: processors
        ).0
    }

    /// Runs the shipped binary on topics of its own, which begin with an inventory.
    func run(_ topic: Topic, _ variant: Variant, on processors: String) throws -> Cost {
        let folder = try temporaryFolder("amiwatch-pipeline")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let name = uniqueName("bench")
        try variant.policy.write(toFile: folder + "/policy.yaml", atomically: true, encoding: .utf8)
        try Trail(settings).inventory()
            .write(toFile: folder + "/images.json", atomically: true, encoding: .utf8)
        try configuration(name, reads: topic, formats: variant.formats).write(
            toFile: folder + "/run.yaml",
            atomically: true,
            encoding: .utf8
        )
        let made = try makeTopics(name, formats: variant.formats)
        defer { try? broker.deleteTopics(made) }
        _ = try Children.run(
            [
                Children.amiwatch, "inventory", folder + "/images.json", "--config", folder + "/run.yaml",
                "--time",
                "2026-02-28T23:00:00Z", "--region", "us-east-1",
            ],
            on: nil
        )
        let scraper = variant.isScraped ? try Scraper() : nil
        defer { scraper?.stop() }
        let (cost, result) = try Children.run(
            [Children.amiwatch, "run", "--config", folder + "/run.yaml", "--until-end"]
                + (scraper.map { ["--http", $0.address] } ?? []),
            on: processors
        )
        let log = result.output + result.errors
        guard log.contains("\"read\":\(topic.records)") else {
            throw UsageError("amiwatch run has not read \(topic.records) records: \(log.suffix(3000))")
        }
        return cost
    }

    private func configuration(_ name: String, reads topic: Topic, formats: [String]) -> String {
        """
        kafka:
          bootstrap_servers: \(broker.bootstrapServers)
        group_id: \(name)
        input:
          topics: [\(topic.name)]
        topics:
          events: \(name).events
          state: \(name).state
          catalogue: \(name).catalogue
          alerts: \(name).alerts
          findings: \(name).findings
          deadletters: \(name).deadletters
        alerts:
          formats: [\(formats.joined(separator: ", "))]
        policy: policy.yaml

        """
    }

    private func makeTopics(_ name: String, formats: [String]) throws -> [String] {
        let kinds =
            ["events", "state", "catalogue", "alerts", "findings", "deadletters"]
            + formats.filter { $0 != "native" }.map { "alerts.\($0)" }
        let topics = kinds.map { kind in
            NewTopic(
                name: "\(name).\(kind)",
                partitions: kind == "catalogue" ? 1 : partitions,
                properties: ["state", "catalogue", "findings"].contains(kind)
                    ? ["cleanup.policy": "compact"] : [:]
            )
        }
        for case let error? in try Admin(["bootstrap.servers": broker.bootstrapServers]).createTopics(topics)
        {
            throw error
        }
        return topics.map(\.name)
    }
}

/// Asks for metrics every second, in a process that is not this one's child, so that its processor time does not count.
private struct Scraper {
    let address = "127.0.0.1:29464"
    private let process: String

    init() throws {
        let loop = "while :; do curl -s -o /dev/null http://\(address)/metrics; sleep 1; done"
        let result = try runCommand(["sh", "-c", "(\(loop)) > /dev/null 2>&1 & echo $!"])
        process = result.output.split(separator: "\n").first.map(String.init) ?? ""
    }

    func stop() { _ = try? runCommand(["kill", process]) }
}
