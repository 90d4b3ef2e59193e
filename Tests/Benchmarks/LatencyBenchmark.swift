import CloudTrail
import Foundation
import Kafka
import KafkaTestSupport

/// How soon an alert can be read at `read_committed` after its record was produced: light load, one real broker.
enum LatencyBenchmark {
    static let options = Set(["records", "rounds", "pause", "partitions"])

    private static let goals: [(name: String, share: Double, milliseconds: Double)] = [
        ("p50", 0.5, 25), ("p99", 0.99, 60),
    ]

    static func run(_ options: Options) throws {
        let broker = try RealBroker()
        defer { broker.stop() }
        let pause = Duration.milliseconds(try options.number("pause", 100))
        let partitions = try options.number("partitions", 4)
        let records = try options.number("records", 300)
        let rounds = try (0..<(try options.number("rounds", 5))).map { round in
            let sorted = try measure(broker, partitions, records, pause).sorted()
            print("  round \(round + 1): \(sorted.figures)")
            return sorted
        }
        print(
            "  median of \(rounds.count) rounds, \(records) records \(pause) apart, \(partitions) partitions:"
        )
        for (name, share, limit) in goals {
            let median = rounds.map { $0.quantile(share) }.sorted().median
            print(
                "    \(name) \(median.rounded(places: 1)) ms  goal ≤ \(limit) ms: "
                    + (median <= limit ? "met" : "NOT MET")
            )
        }
    }

    /// Each record's delay in milliseconds, on topics of its own.
    private static func measure(
        _ broker: RealBroker,
        _ partitions: Int,
        _ records: Int,
        _ pause: Duration
    ) throws -> [Double] {
        let name = uniqueName("latency")
        let folder = try temporaryFolder("amiwatch-latency")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let topics = ["input", "events", "state", "catalogue", "alerts", "findings", "deadletters"].map {
            "\(name).\($0)"
        }
        for topic in topics {
            let isCompacted = ["state", "catalogue", "findings"].contains { topic.hasSuffix($0) }
            try broker.makeTopic(
                named: topic,
                partitions: partitions,
                properties: isCompacted ? ["cleanup.policy": "compact"] : [:]
            )
        }
        defer { try? broker.deleteTopics(topics) }
        let worker = try ChildProcess(
            [Children.amiwatch, "run", "--bootstrap-servers", broker.bootstrapServers],
            environment: [
                "AMIWATCH_GROUP_ID": name, "AMIWATCH_INPUT_TOPICS": topics[0],
                "AMIWATCH_TOPICS_EVENTS": topics[1],
                "AMIWATCH_TOPICS_STATE": topics[2], "AMIWATCH_TOPICS_CATALOGUE": topics[3],
                "AMIWATCH_TOPICS_ALERTS": topics[4], "AMIWATCH_TOPICS_FINDINGS": topics[5],
                "AMIWATCH_TOPICS_DEADLETTERS": topics[6],
            ],
            errors: folder + "/log"
        )
        defer {
            worker.signal(SIGTERM)
            _ = worker.wait(timeout: .seconds(20))
        }
        let admin = try Admin(["bootstrap.servers": broker.bootstrapServers])
        guard let alerts = try admin.describeTopic(topics[4]) else {
            throw UsageError("no topic \(topics[4])")
        }
        let flow = AlertFlow(
            at: broker.bootstrapServers,
            input: topics[0],
            partitions: Int32(partitions),
            alerts: alerts,
            every: pause
        )
        defer { flow.end() }
        // The first ones wait for what happens once.
        let warmingUp = 100
        guard
            becomes({
                flow.isComplete(warmingUp + records) || worker.exitStatus() != nil || flow.failure != nil
            }),
            worker.exitStatus() == nil, flow.failure == nil
        else {
            let log = (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? ""
            throw UsageError("amiwatch run has not published its alerts: \(log.suffix(3000))")
        }
        return flow.passages[warmingUp..<(warmingUp + records)].compactMap(\.delay).map {
            $0 / .milliseconds(1)
        }
    }
}

extension [Double] {
    /// A quantile of sorted numbers.
    fileprivate func quantile(_ share: Double) -> Double {
        isEmpty ? .nan : self[Swift.min(count - 1, Int(Double(count) * share))]
    }

    fileprivate var figures: String {
        [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)]
            .map { "\($0) \(quantile($1).rounded(places: 1)) ms" }.joined(separator: ", ")
            + ", most \((last ?? .nan).rounded(places: 1)) ms"
    }
}
