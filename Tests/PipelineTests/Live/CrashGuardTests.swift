import Alerts
import CloudTrail
import Configuration
import Foundation
import Glibc
import Kafka
import KafkaTestSupport
import Testing
import TestSupport

@testable import Pipeline

/// A record that ends the process each time costs itself and nothing else.
@Suite(.needsRealBroker, .ownThread, .serialized)
struct CrashGuardTests {
    @Test(
        "Three crashes at one place, three more with records one at a time, and the killer is a dead letter"
    )
    func killer() throws {
        let history = History(seed: 61)
        var stage = try Stage()
        let killer = Self.creation(of: "ami-0dead0dead0dead00", like: try #require(history.events.first))
        let middle = history.events.count / 2
        try stage.produce(history.events[..<middle] + [killer] + history.events[middle...])
        let forwarded = try Self.forwardAll(stage)
        let environment = [
            "AMIWATCH_ROLES": "detector", "LD_PRELOAD": try Killer.library(),
            "DIES_AT": "ami-0dead0dead0dead00",
        ]
        // A crash may follow a transaction that still got further; those at its place count.
        var starts = 0
        var alone = 0
        var output = ""
        var status: Int32?
        repeat {
            starts += 1
            let worker = try Worker(stage, ["--until-end"], environment: environment)
            status = worker.process.wait(timeout: patience)
            output = worker.lines
            if output.contains("processing its records one at a time") { alone += 1 }
        } while status == 128 + SIGKILL && starts < 12
        #expect(status == 0, "\(output)")
        #expect(starts >= 7 && alone == 4, "\(starts) starts, \(alone) with records one at a time; \(output)")

        let letters = try readAll(stage.topics.deadLetters, at: stage.broker.bootstrapServers)
        #expect(letters.count == 1)
        let letter = try #require(letters.first.flatMap { JSONTree(Array(($0.value ?? "").utf8)) })
        #expect(letter["reason"]?.text == "crash")
        let event = try #require(
            readAll(stage.topics.events, at: stage.broker.bootstrapServers)
                .first { $0.value?.contains("ami-0dead0dead0dead00") ?? false }
        )
        #expect(letters.first?.key == "\(stage.topics.events)/\(event.partition)/\(event.offset)/0")
        #expect(
            letter["bytes_base64"]?.text.flatMap { Data(base64Encoded: $0) }
                == event.value.map { Data($0.utf8) }
        )

        try expectSound(stage, history)
        stage.configuration.roles = [.detector]
        let total = try stage.runToEnd().detector.total
        #expect(total.read == forwarded)
        #expect(total.read == total.ignored + total.applied + total.duplicate + total.deadLettered)
        #expect(total.deadLettered == 1)
    }

    @Test(
        "A message that ends the intake each time is a dead letter whole, and its neighbours are judged once"
    )
    func intakeKiller() throws {
        let history = History(seed: 65)
        var stage = try Stage()
        let killer = Self.creation(of: "ami-0dead0dead0dead00", like: try #require(history.events.first))
        let middle = history.events.count / 2
        let message = "{\"Records\":[\(killer.json),\n\(killer.json)]}"
        try stage.produce(
            history.events[..<middle] + [.init(account: killer.account, time: killer.time, json: message)]
                + history.events[middle...]
        )
        let environment = [
            "AMIWATCH_ROLES": "intake", "LD_PRELOAD": try Killer.library(),
            "DIES_AT": "ami-0dead0dead0dead00",
        ]
        var starts = 0
        var (steps, alone) = (0, 0)
        var output = ""
        var status: Int32?
        repeat {
            starts += 1
            let worker = try Worker(stage, ["--until-end"], environment: environment)
            status = worker.process.wait(timeout: patience)
            output = worker.lines
            if output.contains("committing after few records") { steps += 1 }
            if output.contains("processing its records one at a time") { alone += 1 }
        } while status == 128 + SIGKILL && starts < 16
        #expect(status == 0, "\(output)")
        #expect(starts >= 9 && steps >= 2 && alone == 4, "\(starts) starts, \(steps), \(alone); \(output)")

        let letters = try readAll(stage.topics.deadLetters, at: stage.broker.bootstrapServers)
        #expect(letters.count == 1)
        let letter = try #require(letters.first.flatMap { JSONTree(Array(($0.value ?? "").utf8)) })
        #expect(letter["reason"]?.text == "crash")
        #expect(letters.first?.key == "\(stage.input)/\(middle % 4)/\(middle / 4)/0")
        #expect(letter["bytes_base64"]?.text.flatMap { Data(base64Encoded: $0) } == Data(message.utf8))
        #expect(output.contains("record crashed the intake each time"))

        // Everything else is there, and nothing is suspected any more.
        let before = stage
        stage.configuration.roles = [.detector]
        try stage.runToEnd()
        try expectSound(stage, history)
        let consumer = try Consumer([
            "bootstrap.servers": stage.broker.bootstrapServers,
            "group.id": stage.configuration.groupID + "-intake",
        ])
        let committed = try consumer.committedOffsets(
            (0..<4).map { TopicPartition(before.input, $0) },
            timeout: .seconds(10)
        )
        #expect(committed.values.reduce(0) { $0 + Int($1?.offset ?? 0) } == history.events.count + 1)
        #expect(committed.values.allSatisfy { $0?.metadata.isEmpty ?? false }, "\(committed)")
    }

    @Test(
        "An intake that is killed from outside again and again loses nothing, and an orderly end is no crash"
    )
    func intakeAccidents() throws {
        let history = History(seed: 66)
        let stage = try Stage()
        func attempts() throws -> [Attempt?] {
            let consumer = try Consumer([
                "bootstrap.servers": stage.broker.bootstrapServers,
                "group.id": stage.configuration.groupID + "-intake",
            ])
            let names = (0..<4).map { TopicPartition(stage.input, $0) }
            return try consumer.committedOffsets(names, timeout: .seconds(10)).values
                .map { $0.flatMap { Attempt(metadata: $0.metadata) } }
        }
        // At a log's end nothing is suspected: there has to be something to read, which is never handed on.
        let environment = ["AMIWATCH_ROLES": "intake", "LD_PRELOAD": try Killer.library(), "DIES_AT": "{"]
        try stage.produce(history.events)
        for _ in 1...4 {
            let worker = try Worker(stage, environment: environment)
            #expect(worker.process.wait(timeout: patience) == 128 + SIGKILL)
        }
        #expect(try attempts().contains { $0?.count == 4 })
        let worker = try Worker(stage, ["--until-end"])
        #expect(worker.process.wait(timeout: patience) == 0, "\(worker.lines)")
        #expect(worker.lines.contains("committing after few records"))
        #expect(try readAll(stage.topics.deadLetters, at: stage.broker.bootstrapServers).isEmpty)
        try expectSound(stage, history)
        #expect(try attempts().allSatisfy { $0 == nil })
    }

    @Test("Killed at the start again and again: records go one at a time, and none is lost or doubled")
    func accidents() throws {
        let history = History(seed: 62)
        let stage = try Stage()
        for start in 1...4 {
            let worker = try Worker(stage)
            #expect(try waitForAttempts(stage, count: start))
            worker.kill()
        }
        try stage.produce(history.events)
        try Self.forwardAll(stage)
        let worker = try Worker(stage, ["--until-end"])
        #expect(worker.process.wait(timeout: patience) == 0, "\(worker.lines)")
        #expect(worker.lines.contains("processing its records one at a time"))
        #expect(try readAll(stage.topics.deadLetters, at: stage.broker.bootstrapServers).isEmpty)
        try expectSound(stage, history)
        // What was suspected is cleared.
        #expect(try attempts(stage).allSatisfy { $0.value.count == 0 })
    }

    @Test("Stopping in order and handing over are no crashes")
    func orderlyEnds() throws {
        let history = History(seed: 63)
        let stage = try Stage()
        for _ in 1...5 {
            let worker = try Worker(stage)
            #expect(try waitForAttempts(stage, count: 1))
            worker.end()
            #expect(try attempts(stage).allSatisfy { $0.value.count == 0 })
        }
        // Each time the other one comes or goes, all partitions are given up and begun again.
        let steady = try Worker(stage)
        try #require(steady.logs("state restored"), "\(steady.lines)")
        var other = stage
        other.configuration.instanceID = "other"
        for _ in 1...3 {
            let guest = try Worker(other)
            try #require(guest.logs("state restored"), "\(guest.lines)")
            guest.end()
        }
        try stage.produce(history.events)
        steady.end()
        #expect(!steady.lines.contains("one at a time"), "\(steady.lines)")
        try expectSound(stage, history)
    }

    @Test("A run that ends with a failure it names has not crashed: a misplaced record is never put aside")
    func namedFailures() throws {
        let history = History(seed: 64)
        var stage = try Stage(partitions: 2)
        stage.configuration.roles = [.detector]
        let event = try #require(history.events.first { $0.json.contains("ec2.amazonaws.com") })
        let wrong = 1 - Partitioner(count: 2).partition(of: try #require(.init(event.account)))
        try produce(
            [TestMessage(event.json, key: event.account, partition: wrong)],
            to: stage.topics.events,
            at: stage.broker.bootstrapServers
        )
        for _ in 1...6 {
            let failure = #expect(throws: RunFailure.self) { try stage.runToEnd() }
            #expect(failure?.description.contains("lies here") == true)
        }
        #expect(try readAll(stage.topics.deadLetters, at: stage.broker.bootstrapServers).isEmpty)
    }

    // MARK: Parts

    private static func creation(of image: String, like event: History.Event) -> History.Event {
        let json = """
            {"eventVersion":"1.10","userIdentity":{"type":"IAMUser","accountId":"\(event.account)"},\
            "eventTime":"2026-02-02T03:00:00Z","eventSource":"ec2.amazonaws.com","eventName":"CreateImage",\
            "awsRegion":"eu-central-1","requestParameters":{"name":"killer"},\
            "responseElements":{"imageId":"\(image)"},"eventID":"00000000-0000-4000-8000-00000000dead",\
            "recipientAccountId":"\(event.account)"}
            """
        return History.Event(account: event.account, time: event.time, json: json)
    }

    /// Lets an intake hand everything on; returns how many records that were.
    @discardableResult
    private static func forwardAll(_ stage: Stage) throws -> Int {
        var intake = stage
        intake.configuration.roles = [.intake]
        return try intake.runToEnd().intake.forwarded
    }

    /// What the state holds last of each partition of the events.
    private func attempts(_ stage: Stage) throws -> [TopicPartition: Attempt] {
        var found: [TopicPartition: Attempt] = [:]
        try stage.readBytes(stage.topics.state) { key, value in
            let entry = key.withUnsafeBytes { key in
                (value ?? []).withUnsafeBytes { LedgerEntry(key: key, value: $0) }
            }
            if case .attempt(let name, let attempt) = entry { found[name] = attempt }
        }
        return found
    }

    private func waitForAttempts(_ stage: Stage, count: Int) throws -> Bool {
        try becomes {
            let found = try attempts(stage)
            return found.count == 4 && found.values.allSatisfy { $0.count == count && $0.process != 0 }
        }
    }
}
