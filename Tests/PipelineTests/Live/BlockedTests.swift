import Alerts
import CloudTrail
import Configuration
import Foundation
import Glibc
import Kafka
import KafkaTestSupport
import Synchronization
import Testing
import TestSupport

@testable import Pipeline

/// What blocks a worker has a name in its log, and the command that frees it.
@Suite(.needsKafkaHome, .ownThread, .serialized)
struct BlockedTests {
    @Test(
        "A transaction that nobody ends is named while records wait behind it, and the command that is told ends it"
    )
    func openTransaction() throws {
        let history = History(seed: 71)
        let stage = try Stage(partitions: 1)
        let run = try WatchedRun(stage)
        defer { run.end() }
        #expect(run.logs("state restored"), "\(run.text)")
        let topic = stage.topics.events
        let producer = try leaveTransactionOpen(in: topic, stage)
        try stage.produce(history.events, partitions: 1)

        let line = try #require(run.line("open transaction blocks \(topic)[0]"), "\(run.text)")
        #expect(line["topic"]?.text == topic && line["partition"]?.integer == 0)
        let (stable, end) = (line["last_stable_offset"]?.integer ?? 0, line["log_end_offset"]?.integer ?? 0)
        #expect(stable < end)
        #expect(line["find"]?.text?.contains("find-hanging --topic \(topic) --partition 0") == true)
        let standstill = try #require(run.line("no progress on \(topic)[0] for "), "\(run.text)")
        #expect(standstill["message"]?.text?.contains("an open transaction holds its records back") == true)
        #expect(standstill["lag"]?.integer ?? 0 > 0)

        let shown = try run.shell(line["show"]?.text)
        #expect(shown.status == 0 && shown.output.contains("\(stable)"), "\(shown)")
        let aborted = try run.shell(line["abort"]?.text)
        #expect(aborted.status == 0, "\(aborted)")
        let expected = Expected(history.sorted, policy: stage.policy).findings
        #expect(try becomes { try stage.findings() == expected })
        withExtendedLifetime(producer) {}
    }

    @Test("A run to the end ends before an open transaction, also when somebody else is further in time")
    func openTransactionAtTheEnd() throws {
        let stage = try Stage(partitions: 1)
        try stage.produce(History(seed: 74).events, partitions: 1)
        try stage.runToEnd()
        let producer = try leaveTransactionOpen(in: stage.topics.events, stage)
        let later = Watermark(source: "other/0", time: EventTime(seconds: Int64(History.start + 86_400)))
        let message = TestMessage(
            String(decoding: later.value, as: UTF8.self),
            key: String(decoding: later.key, as: UTF8.self),
            partition: 0
        )
        try KafkaTestSupport.produce([message], to: stage.topics.catalogue, at: stage.broker.bootstrapServers)
        var options = LiveRun.Options()
        options.endsWhenRead = true
        let run = LiveRun(
            stage.configuration,
            policy: stage.policy,
            options: options,
            log: RunLog(level: .error)
        )
        let start = ContinuousClock.now
        var isStuck = false
        _ = try run.run {
            guard ContinuousClock.now - start > patience else { return }
            isStuck = true
            run.stop()
        }
        #expect(!isStuck)
        withExtendedLifetime(producer) {}
    }

    @Test("A worker that cannot restore behind an open transaction says what it waits for")
    func openTransactionInCatalogue() throws {
        let stage = try Stage(partitions: 1)
        let topic = stage.topics.catalogue
        let producer = try leaveTransactionOpen(in: topic, stage)
        let run = try WatchedRun(stage)
        defer { run.end() }
        let line = try #require(run.line("open transaction blocks \(topic)[0]"), "\(run.text)")
        #expect(
            becomes {
                run.lines("progress").contains { $0["waiting_for"]?.text?.hasPrefix("\(topic)[0] ") == true }
            }
        )
        #expect(!run.text.contains("state restored"))
        let aborted = try run.shell(line["abort"]?.text)
        #expect(aborted.status == 0, "\(aborted)")
        #expect(run.logs("state restored"), "\(run.text)")
        withExtendedLifetime(producer) {}
    }

    @Test("A topic below min.insync.replicas is named, not only a time-out")
    func tooFewReplicas() throws {
        let history = History(seed: 72)
        let broker = try RealBroker(brokers: 3)
        defer { broker.stop() }
        let stage = try Stage(partitions: 1, on: broker)
        let topic = stage.topics.alerts
        func alter(_ copies: Int) throws {
            let result = try broker.tool(
                "kafka-configs.sh",
                ["--alter", "--topic", topic, "--add-config", "min.insync.replicas=\(copies)"]
            )
            try #require(result.status == 0, "\(result)")
        }
        let run = try WatchedRun(stage)
        defer { run.end() }
        #expect(run.logs("state restored"), "\(run.text)")
        broker.kill(3)
        try alter(3)
        try stage.produce(history.events, partitions: 1)
        let line = try #require(run.line("\(topic)[0] takes no writes (NOT_ENOUGH_REPLICAS)"), "\(run.text)")
        #expect(line["in_sync_replicas"]?.integer == 2 && line["min_insync_replicas"]?.integer == 3)
        let isTold = becomes {
            run.lines("progress").contains {
                $0["refused_writes"]?.text?.contains("NOT_ENOUGH_REPLICAS") == true
                    && $0["waiting_for"]?.text?.isEmpty == false
            }
        }
        #expect(isTold, "\(run.text)")
        try alter(2)
        let expected = Expected(history.sorted, policy: stage.policy).findings
        #expect(try becomes { try stage.findings() == expected })
        // Nothing waits any more, and nothing says so.
        #expect(becomes { run.lines("progress").last?["waiting_for"] == nil })
    }

    @Test("A topic that takes smaller messages than are sent is named, with the limits and what raises it")
    func messageSize() throws {
        let stage = try Stage(partitions: 1)
        let topic = stage.topics.state
        func alter(_ command: [String]) throws {
            let result = try stage.broker.tool("kafka-configs.sh", ["--alter", "--topic", topic] + command)
            try #require(result.status == 0, "\(result)")
        }
        let run = try WatchedRun(stage)
        defer { run.end() }
        #expect(run.logs("state restored"), "\(run.text)")
        // A run would not start with it.
        try alter(["--add-config", "max.message.bytes=300"])
        try stage.produce(History(seed: 73).events, partitions: 1)
        #expect(becomes { run.failure != nil }, "\(run.text)")
        let line = run.failure?.description ?? ""
        #expect(line.names(topic), "\(line)")
        let size = line.firstMatch(of: /largest message had ([0-9]+) bytes/).flatMap { Int($0.output.1) }
        #expect(size ?? 0 > 0, "\(line)")
        #expect(
            line.contains("max.message.bytes=300") && line.contains("message.max.bytes=1000000"),
            "\(line)"
        )
        let command = try #require(line.split(separator: "kafka-configs.sh ").last)
        let words = command.split(separator: " ").map(String.init)
        try alter(Array(words.drop { $0 != "--add-config" }))
        try stage.runToEnd()
        #expect(try !stage.findings().isEmpty)
    }

    /// A transaction with one message and a long time-out.
    private func leaveTransactionOpen(in topic: String, _ stage: Stage) throws -> Producer {
        let producer = try Producer([
            "bootstrap.servers": stage.broker.bootstrapServers, "transactional.id": uniqueName("left"),
            "transaction.timeout.ms": "600000",
        ])
        try producer.initTransactions(timeout: patience)
        try producer.beginTransaction()
        try producer.produce(
            to: producer.topic(topic),
            partition: 0,
            key: Array("time/x".utf8),
            value: Array("0".utf8)
        )
        try producer.flush(timeout: patience)
        return producer
    }
}

/// A run in this process whose watch looks often, and what it logs.
private final class WatchedRun: Sendable {
    private let run: LiveRun
    private let path: String
    private let folder: String
    private let ended = DispatchSemaphore(value: 0)
    private let outcome = Outcome()

    private final class Outcome: Sendable {
        let failure = Mutex<RunFailure?>(nil)
    }

    init(_ stage: Stage) throws {
        folder = try temporaryFolder("amiwatch-watched")
        path = folder + "/log"
        var times = RunWatch.Times()
        times.look = .milliseconds(300)
        times.progress = .seconds(1)
        times.standstill = .seconds(4)
        times.openTransaction = .seconds(2)
        times.refusedWrites = .seconds(2)
        times.pause = .seconds(2)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        run = LiveRun(
            stage.configuration,
            policy: stage.policy,
            options: LiveRun.Options(),
            watchTimes: times,
            log: RunLog(level: .info, instanceID: "watched", descriptor: descriptor)
        )
        Thread.detachNewThread { [run, ended, outcome] in
            do { _ = try run.run() } catch {
                outcome.failure.withLock { $0 = error as? RunFailure ?? RunFailure("\(error)") }
            }
            ended.signal()
        }
    }

    func end() {
        run.stop()
        _ = ended.wait(timeout: .now() + 30)
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Why it ended by itself, if it did.
    var failure: RunFailure? { outcome.failure.withLock { $0 } }

    var text: String { String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self) }

    /// The lines whose message begins so.
    func lines(_ words: String) -> [JSONTree] {
        text.split(separator: "\n").compactMap { JSONTree(Array($0.utf8)) }
            .filter { $0["message"]?.text?.hasPrefix(words) == true && $0["instance_id"]?.text == "watched" }
    }

    /// The first of them, waited for.
    func line(_ words: String) -> JSONTree? {
        _ = becomes { !lines(words).isEmpty }
        return lines(words).first
    }

    func logs(_ words: String) -> Bool { line(words) != nil }

    /// Does what the log says is to be done.
    func shell(_ command: String?) throws -> CommandResult {
        let path = "\(RealBroker.kafkaHome ?? "")/bin:\(ProcessInfo.processInfo.environment["PATH"] ?? "")"
        return try runCommand(
            ["sh", "-c", command ?? "false"],
            environment: ["PATH": path],
            timeout: patience
        )
    }
}
