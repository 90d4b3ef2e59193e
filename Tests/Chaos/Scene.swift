import Foundation
import Glibc
import Kafka
import KafkaTestSupport

/// Three brokers, the topics, and the workers with their configuration; everything in one folder.
final class Scene {
    static let input = "cloudtrail"
    static let partitions = 6

    let cluster: RealBroker
    let folder: String
    let workers: [ChaosWorker]
    let program: String
    private let started = ContinuousClock.now

    /// Starts the brokers and makes the topics; the workers do not run yet.
    ///
    /// - Parameters:
    ///   - settings: where it is.
    ///   - names: of the workers.
    ///   - horizonHours: how late a record may be.
    ///   - retentionDays: how long what is over is kept.
    /// - Throws: why there is no cluster.
    init(_ settings: Settings, workers names: [String], horizonHours: Int, retentionDays: Int = 35) throws {
        program = settings.amiwatch
        let now = Date.now.formatted(.iso8601.dateSeparator(.omitted).timeSeparator(.omitted))
        folder = URL(fileURLWithPath: "\(settings.folder)/seed-\(settings.seed)-\(now)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        cluster = try RealBroker(
            brokers: 3,
            properties: [
                "broker.session.timeout.ms": "4000", "broker.heartbeat.interval.ms": "1000",
                "replica.lag.time.max.ms": "6000", "group.min.session.timeout.ms": "1000",
            ]
        )
        try """
        kafka:
          bootstrap_servers: \(cluster.bootstrapServers)
          consumer:
            session.timeout.ms: 3000
            heartbeat.interval.ms: 500
        detector:
          horizon_hours: \(horizonHours)
          retention_days: \(retentionDays)
          max_policy_change_percent: 100
        state:
          snapshot_interval_seconds: 3
        policy: policy.yaml

        """.write(toFile: folder + "/amiwatch.yaml", atomically: true, encoding: .utf8)
        let command = [program, "run", "--config", folder + "/amiwatch.yaml"]
        let folder = folder
        workers = try names.map { try ChaosWorker($0, in: folder, command: command) }
        try write(.usual)
        try run(["topics", "--config", configuration, "--create", "--partitions", "\(Self.partitions)"])
    }

    var configuration: String { folder + "/amiwatch.yaml" }
    var policy: String { folder + "/policy.yaml" }

    /// Runs a command of the program to its end.
    ///
    /// - Throws: ``ChaosError`` when it ends with another status than 0.
    @discardableResult
    func run(_ arguments: [String]) throws -> CommandResult {
        let result = try runCommand([program] + arguments, timeout: patience * 2)
        guard result.status == 0 else {
            throw ChaosError(description: "amiwatch \(arguments[0]): \(result)")
        }
        return result
    }

    /// Puts a policy into the file that all workers read.
    func write(_ policy: TestPolicy) throws {
        try policy.rawValue.write(toFile: self.policy, atomically: true, encoding: .utf8)
    }

    /// Notes what happens, with the seconds since the start, beside the logs.
    func note(_ text: String) {
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        let line = "\((seconds * 10).rounded() / 10) s  \(text)\n"
        FileHandle.standardError.write(Data(line.utf8))
        guard let file = fopen(folder + "/timeline.txt", "a") else { return }
        fputs(line, file)
        fclose(file)
    }

    var seconds: Int { Int((ContinuousClock.now - started) / .seconds(1)) }

    /// Whether every copy of every topic is in step again.
    var isReplicated: Bool {
        guard let admin = try? Admin(["bootstrap.servers": cluster.bootstrapServers]) else { return false }
        let topics = [Self.input] + ["events", "state", "catalogue", "alerts"].map { "amiwatch.\($0)" }
        return topics.allSatisfy { name in
            guard let topic = try? admin.describeTopic(name) else { return false }
            return topic.partitions.allSatisfy { $0.leader != nil && $0.inSync.count == $0.replicas.count }
        }
    }

    /// Ends everything; the folder stays when it is wanted.
    func end(keepsFolder: Bool) {
        for worker in workers { worker.kill() }
        if keepsFolder { cluster.copyLogs(to: folder) }
        cluster.stop()
        if !keepsFolder { try? FileManager.default.removeItem(atPath: folder) }
    }
}

/// A line on standard output.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

/// What the organisation trusts, and what it trusts in between.
enum TestPolicy: String {
    case usual = """
        version: 1
        trust:
          accounts: ["100000000010"]
        images:
          approved:
            - tags: {Role: golden}
        required_tags:
          - {resource: image, key: Role, grace_minutes: 15}

        """
    case other = """
        version: 1
        trust:
          accounts: ["100000000010", "999988887777"]
        images:
          approved:
            - tags: {Role: silver}
        required_tags:
          - {resource: image, key: Owner, grace_minutes: 15}
        rules:
          allowed-amis-disabled: {enabled: false}

        """
}
