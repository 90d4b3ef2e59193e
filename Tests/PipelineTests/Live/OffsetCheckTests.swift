import Configuration
import Foundation
import Kafka
import KafkaTestSupport
import Synchronization
import Testing
import TestSupport

@testable import Pipeline

/// What becomes of places that brokers call out of range, rightly and wrongly.
@Suite("Offsets out of range", .ownThread, .serialized)
struct OffsetCheckTests {
    private let partition = TopicPartition("t", 0)

    @Test("A place is lost when retention has overtaken it, or when it lies behind the end for long")
    func judging() {
        var check = OffsetCheck()
        let start = ContinuousClock.now
        func assess(
            _ offset: Int64,
            low: Int64 = 5,
            high: Int64 = 9,
            after seconds: Int = 0
        )
            -> OffsetCheck
            .Outcome
        {
            check.assess(offset, of: partition, low: low, high: high, now: start + .seconds(seconds))
        }
        #expect(assess(4) == .lost(low: 5, high: 9))
        for offset in [5, 7, 9] as [Int64] { #expect(assess(offset) == .valid) }
        // A leader of before: its end is behind.
        for second in stride(from: 0, through: 29, by: 1) { #expect(assess(12, after: second) == .valid) }
        #expect(assess(12, after: 30) == .lost(low: 5, high: 9))
        // Once in a while is not for long, and the right end takes it back.
        #expect(assess(12, after: 31) == .valid)
        #expect(assess(12, after: 31 + 40) == .valid)
        #expect(assess(12, high: 20, after: 31 + 50) == .valid)
        for second in 82...111 { #expect(assess(12, after: second) == .valid) }
        #expect(assess(12, after: 112) == .lost(low: 5, high: 9))
        #expect(!check.isBehind(partition))
    }

    @Test(
        "A place behind the end is looked at again without a complaint, until it is valid, lost or not read any more"
    )
    func again() {
        var check = OffsetCheck()
        let start = ContinuousClock.now
        func due(after seconds: Int) -> [Int64] {
            check.due(now: start + .seconds(seconds)).map(\.offset)
        }
        func assess(_ offset: Int64, after seconds: Int) -> OffsetCheck.Outcome {
            check.assess(offset, of: partition, low: 5, high: 9, now: start + .seconds(seconds))
        }
        #expect(assess(7, after: 0) == .valid)
        #expect(due(after: 5) == [])
        #expect(assess(12, after: 5) == .valid)
        #expect(due(after: 5) == [])
        // By looking again alone it is lost in the end.
        for second in 6...34 {
            #expect(due(after: second) == [12])
            #expect(assess(12, after: second) == .valid)
        }
        #expect(assess(12, after: 35) == .lost(low: 5, high: 9))
        #expect(due(after: 40) == [])
        #expect(assess(12, after: 41) == .valid)
        check.forget(partition)
        #expect(due(after: 50) == [])
    }

    @Test("Readers that are wrongly told so read on where they were: nothing is read twice, nothing is lost")
    func misled() throws {
        let history = History(seed: 81).events
        let calm = try run(history, misleading: 0)
        let misled = try run(history, misleading: 40)
        #expect(calm.alerts.count > 20)
        #expect(misled.alerts == calm.alerts, "\(misled.log)")
        #expect(misled.summary.intake == calm.summary.intake)
        #expect(misled.summary.intake.read == history.count)
        #expect(misled.summary.detector.run == calm.summary.detector.run)
        #expect(misled.summary.detector.offsetsOutOfRange == 0)
        for topic in ["input", "events", "catalogue", "alerts"] {
            #expect(misled.log.contains("\"topic\":\"\(topic)\""), "\(topic): \(misled.log)")
        }
        #expect(!misled.log.contains("resuming at log start"))
        #expect(!misled.log.contains("from its log start"))
    }

    @Test("A fetcher that is off, with the error that says so dropped, is started anew")
    func fetcherIsOff() throws {
        let broker = try EmbeddedBroker()
        defer { broker.stop() }
        let topic = "t"
        try broker.createTopic(topic, partitions: 1)
        try produce(
            (0..<4).map { TestMessage("\($0)", partition: 0) },
            to: topic,
            at: broker.bootstrapServers
        )
        let consumer = try Consumer(["bootstrap.servers": broker.bootstrapServers, "group.id": "g"])
        // Before the first fetch: the embedded broker has been seen to forget what it is told while one is under way.
        broker.misleadFetches(1)
        try consumer.assign([PartitionOffset(topic, 0, 2)])
        try #require(
            becomes {
                consumer.poll(maxMessages: 1, timeout: .milliseconds(50)) { batch in
                    batch.failures.contains(where: \.isOffsetOutOfRange)
                }
            }
        )
        let (position, log) = (PartitionOffset(topic, 0, 2), RunLog(level: .error))
        #expect(try !consumer.resume([position], log: log), "no seek wakes it")
        #expect(try becomes { try consumer.resume([position], log: log) })
        var offsets: [Int64] = []
        #expect(
            becomes {
                consumer.poll(maxMessages: 4, timeout: .milliseconds(50)) { batch in
                    offsets += batch.messages.map(\.offset)
                    return offsets.count == 2
                }
            }
        )
        #expect(offsets == [2, 3])
        try consumer.close()
    }

    /// Runs over a history that is there, with a broker that now and then calls what is fetched out of range.
    private func run(
        _ events: [History.Event],
        misleading count: Int
    ) throws -> (summary: LiveRun.Summary, alerts: Set<String>, log: String) {
        let broker = try EmbeddedBroker()
        defer { broker.stop() }
        var configuration = RunConfiguration()
        configuration.kafka.bootstrapServers = broker.bootstrapServers
        configuration.input.topics = ["input"]
        configuration.topics.events = "events"
        configuration.topics.state = "state"
        configuration.topics.catalogue = "catalogue"
        configuration.topics.alerts = "alerts"
        configuration.topics.findings = "findings"
        configuration.topics.deadLetters = "deadletters"
        let topics = configuration.topics
        for name in [
            "input", topics.events, topics.state, topics.catalogue, topics.alerts, topics.findings,
            topics.deadLetters,
        ] {
            try broker.createTopic(name, partitions: 1)
        }
        let messages = events.map { TestMessage($0.json, partition: 0) }
        try produce(Array(messages[..<(messages.count / 2)]), to: "input", at: broker.bootstrapServers)
        let folder = try temporaryFolder("amiwatch-misled")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = open("\(folder)/log", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer { close(file) }
        let seen = Mutex<Set<String>>([])
        var options = LiveRun.Options()
        options.onAlert = { alert in
            seen.withLock { _ = $0.insert(String(decoding: alert, as: UTF8.self).withoutTimes) }
        }
        let live = LiveRun(
            configuration,
            policy: try Stage.readPolicy(),
            options: options,
            log: RunLog(level: .debug, descriptor: file)
        )
        var (calls, last, changed) = (0, 0, ContinuousClock.now)
        let summary = try live.run {
            calls += 1
            if calls <= 100, calls.isMultiple(of: 5) { broker.misleadFetches(count / 20) }
            if calls == 50 {
                do {
                    try produce(
                        Array(messages[(messages.count / 2)...]),
                        to: "input",
                        at: broker.bootstrapServers
                    )
                } catch { Issue.record(error) }
            }
            // Until something has come, and nothing more for long.
            let now = seen.withLock { $0.count }
            if now != last { (last, changed) = (now, .now) }
            let patience = now == 0 ? patience : .seconds(8)
            if calls > 100, ContinuousClock.now - changed > patience { live.stop() }
        }
        let log = try String(contentsOfFile: "\(folder)/log", encoding: .utf8)
        return (summary, seen.withLock { $0 }, log)
    }
}

extension String {
    /// An alert without the time at which it was published.
    fileprivate var withoutTimes: String { replacing(/"raised_at":"[^"]*"/, with: "") }
}
