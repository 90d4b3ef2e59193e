import CloudTrail
import Detection
import Foundation
import Kafka
import KafkaTestSupport

/// How soon a worker of a real broker is at work again that knows a million images and instances: from its snapshot, and
/// from the changelog.
///
/// From the start of the process to the line that says that what was restored is evaluated.
enum RestartBenchmark {
    static let options = Set(["images", "instances", "rounds", "partitions", "from"])

    static func run(_ options: Options) throws {
        let images = try options.number("images", 1_000_000)
        let instances = try options.number("instances", 1_000_000)
        let bench = try RestartBench(partitions: try options.number("partitions", 4))
        defer { bench.end() }
        let entries = try bench.fill(images: images, instances: instances)
        print("  \(entries) entries of changelog and catalogue")
        if options.text("from") == "changelog" {
            for _ in 0..<(try options.number("rounds", 1)) { try changelogAlone(bench) }
            return
        }
        // Publishes what there is to say, and leaves a snapshot.
        let written = try bench.start(snapshots: true, until: "snapshot written")
        print("  first start, with a snapshot: \(written.cost.wall.time)")
        print("    \(written.line("snapshot written"))")
        let pairing = try Pairing(
            rounds: try options.number("rounds", 3),
            baseline: ("restart from the changelog", { try bench.start(snapshots: false).cost }),
            measured: (
                "restart from a snapshot",
                {
                    let restart = try bench.start(snapshots: true)
                    guard restart.line("state restored").contains("\"entries\":") else {
                        throw UsageError("nothing was restored")
                    }
                    return restart.cost
                }
            )
        )
        pairing.reportSpeed(of: "\(images) images and \(instances) instances", goal: .atLeast(8))
        for snapshots in [false, true] {
            report(try bench.start(snapshots: snapshots), from: snapshots ? "snapshot" : "changelog")
        }
    }

    /// As a worker starts that has no snapshot: what is wanted is less than a minute with 10 million of each.
    private static func changelogAlone(_ bench: RestartBench) throws {
        let restart = try bench.start(snapshots: false)
        let isMet = restart.cost.wall < 60
        print("  ready after \(restart.cost.wall.time)  goal < 60 s: \(isMet ? "met" : "NOT MET")")
        report(restart, from: "changelog")
    }

    private static func report(_ restart: RestartBench.Restart, from source: String) {
        print("  \(source), \(restart.residentBytes >> 20) MiB resident:")
        for words in ["catalogue taken", "state restored", RestartBench.ready] {
            let line = restart.line(words)
            if !line.isEmpty { print("    \(line)") }
        }
    }
}

/// A broker with the topics of one worker, and its folder.
private struct RestartBench {
    struct Restart {
        var cost: Cost
        var log: String
        var residentBytes: Int

        /// The last line with some words.
        func line(_ words: String) -> String {
            log.split(separator: "\n").last { $0.contains(words) }.map { String($0) } ?? ""
        }
    }

    static let ready = "restored state evaluated"

    let broker: RealBroker
    let partitions: Int
    private let name = uniqueName("restart")
    private let folder: String

    init(partitions: Int) throws {
        broker = try RealBroker()
        self.partitions = partitions
        folder = try temporaryFolder("amiwatch-restart")
        try TrailPolicy.yaml.write(toFile: folder + "/policy.yaml", atomically: true, encoding: .utf8)
        for kind in ["input", "events", "state", "catalogue", "alerts", "findings", "deadletters"] {
            let isCompacted = ["state", "catalogue", "findings"].contains(kind)
            try broker.makeTopic(
                named: "\(name).\(kind)",
                partitions: partitions,
                properties: isCompacted
                    ? ["cleanup.policy": "compact", "delete.retention.ms": "604800000"] : [:]
            )
        }
    }

    func end() {
        broker.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Has small engines tell the entries, as workers do that see the records; returns how many there are.
    func fill(images: Int, instances: Int) throws -> Int {
        let producer = try Producer([
            "bootstrap.servers": broker.bootstrapServers, "linger.ms": "50", "compression.type": "lz4",
            "batch.size": "1000000", "queue.buffering.max.kbytes": "262144",
        ])
        let stores = [
            StateEntry.Store.state: try producer.topic("\(name).state"),
            .catalogue: try producer.topic("\(name).catalogue"),
        ]
        var population = Population(seed: 7, millisecondsEach: 20)
        var entries = 0
        for isImage in [true, false] {
            let count = isImage ? images : instances
            for start in stride(from: 0, to: count, by: 50_000) {
                var writer = Engine(policy: Policy(), rules: RuleSet([]), settings: EngineBenchmark.live)
                var alerts: [Alert] = []
                for number in start..<min(start + 50_000, count) {
                    let record =
                        isImage ? population.creation(number) : population.launch(number, of: number % images)
                    _ = writer.process(record, into: &alerts)
                }
                for entry in writer.pendingChanges() {
                    guard let topic = stores[entry.store] else { continue }
                    let account = Array(entry.account.description.utf8)
                    let partition = account.withUnsafeBytes {
                        KeyHash.murmur2.partition(of: $0, count: Int32(partitions))
                    }
                    try producer.produce(
                        to: topic,
                        partition: partition,
                        key: Array(entry.key),
                        value: entry.value.map { Array($0) }
                    )
                    entries += 1
                }
                producer.poll()
            }
        }
        try producer.flush(timeout: .seconds(300))
        return entries
    }

    /// Starts the shipped binary, waits for a line, and ends it in order.
    func start(snapshots: Bool, until words: String = ready) throws -> Restart {
        let log = folder + "/log-\(UInt32.random(in: .min ... .max))"
        var environment = [
            "AMIWATCH_GROUP_ID": name, "AMIWATCH_INSTANCE_ID": "worker",
            "AMIWATCH_STATE_SNAPSHOT_INTERVAL_SECONDS": "86400",
        ]
        for kind in ["events", "state", "catalogue", "alerts", "findings", "deadletters"] {
            environment["AMIWATCH_TOPICS_\(kind.uppercased())"] = "\(name).\(kind)"
        }
        environment["AMIWATCH_INPUT_TOPICS"] = "\(name).input"
        if snapshots { environment["AMIWATCH_STATE_SNAPSHOT_DIR"] = folder + "/snapshots" }
        let watch = Stopwatch()
        let worker = try ChildProcess(
            [
                Children.amiwatch, "run", "--bootstrap-servers", broker.bootstrapServers, "--policy",
                folder + "/policy.yaml",
            ],
            environment: environment,
            errors: log
        )
        func text() -> String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
        let deadline = ContinuousClock.now + .seconds(3600)
        while !text().contains(words) {
            guard worker.exitStatus() == nil, ContinuousClock.now < deadline else {
                throw UsageError("amiwatch run was not ready: \(text().suffix(3000))")
            }
            usleep(10_000)
        }
        var cost = watch.elapsed
        let resident = Self.residentBytes(of: worker.pid)
        worker.signal(SIGTERM)
        _ = worker.wait(timeout: .seconds(60))
        cost.processor = watch.elapsed.processor
        return Restart(cost: cost, log: text(), residentBytes: resident)
    }

    private static func residentBytes(of pid: pid_t) -> Int {
        let statm = (try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)) ?? ""
        let pages = statm.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * Int(getpagesize())
    }
}
