import Configuration
import Foundation
import Glibc
import Kafka
import KafkaTestSupport
import Testing

@testable import Pipeline

/// How long alerts wait when brokers die, freeze or are restarted, with three brokers and two workers.
///
/// One killed broker and a rolling restart by default; with `AMIWATCH_FAILOVER=all` each of the three killed in turn,
/// and each frozen, which takes some ten minutes.
@Suite("Failover", .needsKafkaHome, .ownThread, .serialized)
struct FailoverTests {
    private static let isWhole = ProcessInfo.processInfo.environment["AMIWATCH_FAILOVER"] == "all"

    @Test("One of three brokers is killed, and comes back after 15 s")
    func killed() throws {
        let scene = try FailoverScene()
        defer { scene.end() }
        try scene.measure("a broker killed for 15 s", atMost: .seconds(25)) {
            scene.cluster.kill(1)
            sleep(15)
            try scene.cluster.start(1)
        }
        try scene.expectEachOnce()
    }

    @Test("A rolling restart; then the log tells of progress, and of no question without an answer")
    func rolling() throws {
        let scene = try FailoverScene()
        defer { scene.end() }
        try scene.measure("rolling restart", atMost: .seconds(25)) {
            for id in 1...3 {
                scene.cluster.end(id)
                try scene.cluster.start(id)
                sleep(3)
            }
        }
        scene.expectCalmLog()
        try scene.expectEachOnce()
    }

    @Test("Each of them is killed in turn, and each is frozen", .enabled(if: isWhole))
    func all() throws {
        let scene = try FailoverScene()
        defer { scene.end() }
        for id in 1...3 {
            try scene.measure("broker \(id) killed for 15 s", atMost: .seconds(25)) {
                scene.cluster.kill(id)
                sleep(15)
                try scene.cluster.start(id)
            }
        }
        for id in 1...3 {
            try scene.measure("broker \(id) frozen for 25 s", atMost: .seconds(45)) {
                scene.cluster.pause(id)
                sleep(25)
                scene.cluster.resume(id)
            }
        }
        try scene.expectEachOnce()
    }
}

/// Three brokers, two workers, and ten records a second.
private final class FailoverScene {
    let cluster: RealBroker
    private let workers: [Worker]
    private let flow: AlertFlow

    init() throws {
        cluster = try RealBroker(brokers: 3)
        let stage = try Stage(on: cluster)
        workers = try ["a", "b"].map { name in
            var stage = stage
            stage.configuration.instanceID = name
            return try Worker(stage, configuration: nil)
        }
        #expect(try stage.description(of: stage.topics.alerts).replication == 3)
        flow = try stage.flow(every: .milliseconds(100))
        try #require(becomes { flow.isComplete(50) }, "\(log)")
    }

    private var log: String { workers.map(\.lines).joined(separator: "\n") }

    /// Makes trouble while records flow, waits until every alert has come, and compares the longest delay.
    func measure(_ name: String, atMost limit: Duration, _ trouble: () throws -> Void) throws {
        let first = flow.passages.count
        let measured = try timed {
            try trouble()
            let last = flow.passages.count + 20
            return becomes { flow.failure != nil || flow.isComplete(last) }
        }
        if let failure = flow.failure { throw failure }
        try #require(measured.value, "\(log)")
        let longest = flow.longestDelay(of: first..<flow.passages.count)
        print("failover: \(name): longest delay \(longest), stretch \(measured.stretch)")
        #expect(longest / measured.stretch <= limit, "\(log)")
    }

    /// What was told as unanswered is told as answered, is not told again, and progress goes on.
    func expectCalmLog() {
        let (unanswered, progress) = ("cannot query offsets", "\"progress\"")
        for worker in workers {
            let isAnswered = becomes {
                let lines = worker.lines
                guard let last = lines.ranges(of: unanswered).last else { return true }
                return lines[last.upperBound...].contains("offsets can be queried again")
            }
            #expect(isAnswered, "\(worker.lines)")
        }
        let before = workers.map { ($0.count(of: unanswered), $0.count(of: progress)) }
        for (worker, (unansweredCount, progressCount)) in zip(workers, before) {
            #expect(becomes { worker.count(of: progress) > progressCount }, "\(worker.lines)")
            #expect(worker.count(of: unanswered) == unansweredCount, "\(worker.lines)")
        }
    }

    /// Nothing is lost, and nothing comes twice.
    func expectEachOnce() throws {
        flow.stopProducing()
        #expect(becomes { flow.isComplete(flow.passages.count) })
        let passages = flow.passages
        #expect(passages.filter { $0.opened.count != 1 }.isEmpty)
        #expect(flow.repeatedAlerts == 0)
        #expect(flow.failure == nil)
        for worker in workers { worker.end() }
    }

    func end() {
        flow.end()
        for worker in workers { worker.kill() }
        cluster.stop()
    }
}
