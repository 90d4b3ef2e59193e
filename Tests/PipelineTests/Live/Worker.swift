import Configuration
import Foundation
import Glibc
import KafkaTestSupport

/// The shipped program at work on a stage, in a process of its own.
final class Worker {
    let process: ChildProcess
    private let log: String

    static let binary = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "amiwatch").path

    init(_ stage: Stage, _ arguments: [String] = [], environment: [String: String] = [:]) throws {
        log = try temporaryFolder("amiwatch-worker") + "/log"
        process = try ChildProcess(
            [Self.binary, "run", "--config", Stage.folder + "/amiwatch.yaml"] + arguments,
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

    /// Waits for a line with these words; false when none comes in time.
    func logs(_ words: String, within limit: Duration = .seconds(30)) -> Bool {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if lines.contains(words) { return true }
            if process.exitStatus() != nil { return lines.contains(words) }
            usleep(20_000)
        }
        return false
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
            "AMIWATCH_TOPICS_DEADLETTERS": topics.deadLetters,
        ]
    }
}
