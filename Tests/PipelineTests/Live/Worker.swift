import Configuration
import Foundation
import Glibc
import KafkaTestSupport
import Testing

/// The shipped program at work on a stage, in a process of its own.
final class Worker {
    let process: ChildProcess
    private let log: String

    static let binary = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "amiwatch").path

    /// The top of the checkout.
    static let checkout = URL(filePath: #filePath).appending(path: "../../../..").standardizedFileURL.path

    /// Starts it; without `configuration` with the defaults that are shipped.
    init(
        _ stage: Stage,
        _ arguments: [String] = [],
        configuration: String? = Stage.folder + "/amiwatch.yaml",
        environment: [String: String] = [:]
    ) throws {
        log = try temporaryFolder("amiwatch-worker") + "/log"
        process = try ChildProcess(
            [Self.binary, "run"] + (configuration.map { ["--config", $0] } ?? []) + arguments,
            environment: stage.environment.merging(environment) { $1 },
            output: log + ".out",
            errors: log
        )
    }

    deinit {
        try? FileManager.default.removeItem(
            at: URL(filePath: log).deletingLastPathComponent()
        )
    }

    /// What it has logged.
    var lines: String { String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self) }

    /// What it logs when its detector has been given partitions, or none.
    static let assigned = "\"partitions assigned\",\"role\":\"detector\""

    /// How often it has logged these words.
    func count(of words: String) -> Int { lines.ranges(of: words).count }

    /// Waits for a line with these words; false when none comes in time.
    func logs(_ words: String) -> Bool {
        let isOver = becomes { lines.contains(words) || process.exitStatus() != nil }
        return isOver && lines.contains(words)
    }

    /// Asks it to end (SIGTERM), and expects it to do so in time, with exit status 0.
    func end(within limit: Duration = .seconds(10)) {
        let ending = timed {
            process.signal(SIGTERM)
            return process.wait(timeout: patience)
        }
        #expect(ending.value == 0, "\(lines)")
        #expect(ending.calm < limit, "\(ending)")
    }

    /// Ends it as a crash would (SIGKILL).
    func kill() {
        process.signal(SIGKILL)
        _ = process.wait(timeout: patience)
    }
}

extension Stage {
    /// The configuration as the program reads it.
    var environment: [String: String] {
        [
            "AMIWATCH_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrapServers,
            "AMIWATCH_GROUP_ID": configuration.groupID,
            "AMIWATCH_INSTANCE_ID": configuration.instanceID ?? "worker",
            "AMIWATCH_INPUT_TOPICS": input,
            "AMIWATCH_TOPICS_EVENTS": topics.events,
            "AMIWATCH_TOPICS_STATE": topics.state,
            "AMIWATCH_TOPICS_CATALOGUE": topics.catalogue,
            "AMIWATCH_TOPICS_ALERTS": topics.alerts,
            "AMIWATCH_TOPICS_FINDINGS": topics.findings,
            "AMIWATCH_ALERTS_FORMATS": configuration.alerts.formats.map(\.rawValue).joined(separator: ","),
            "AMIWATCH_TOPICS_DEADLETTERS": topics.deadLetters,
        ].merging(
            configuration.kafka.hasStaticMembership ? ["AMIWATCH_KAFKA_STATIC_MEMBERSHIP": "true"] : [:]
        ) {
            $1
        }
    }
}
