import Alerts
import Configuration
import Detection
import Foundation
import Glibc
import Kafka
import KafkaTestSupport
import Testing
import TestSupport

@testable import Pipeline

/// A worker that is not the owner any more, or thinks so, changes nothing twice.
@Suite(.needsRealBroker, .ownThread, .serialized)
struct FenceTests {
    @Test("Its producer is fenced again and again: it reads its state back and goes on")
    func fencedProducer() throws {
        let history = History(seed: 51, records: 900)
        let stage = try Stage()
        let worker = try Worker(stage)
        try #require(worker.logs("state restored"), "\(worker.lines)")
        let id = "\(stage.configuration.groupID)-worker"
        for (index, start) in stride(from: 0, to: history.events.count, by: 60).enumerated() {
            try stage.produce(history.events[start..<min(history.events.count, start + 60)])
            if index % 4 == 1 {
                let usurper = try Producer([
                    "bootstrap.servers": stage.broker.bootstrapServers, "transactional.id": id,
                ])
                try usurper.initTransactions(timeout: patience)
            }
        }
        try #require(worker.logs("transactional id was taken over"), "\(worker.lines)")
        #expect(becomes { worker.count(of: "state restored") > 1 }, "\(worker.lines)")
        worker.end()
        try expectSound(stage, history)
    }

    @Test(
        "Frozen, replaced, and woken: what the sleeper had begun is not published",
        arguments: [false, true]
    )
    func zombie(isStaticMember: Bool) throws {
        let history = History(seed: 52, records: 1200)
        var stage = try Stage()
        stage.configuration.kafka.hasStaticMembership = isStaticMember
        var other = stage
        other.configuration.instanceID = "other"
        let sleeper = try Worker(stage)
        try #require(sleeper.logs("state restored"), "\(sleeper.lines)")
        let third = history.events.count / 3
        for start in stride(from: 0, to: third, by: 40) {
            try stage.produce(history.events[start..<min(third, start + 40)])
        }
        sleeper.process.signal(SIGSTOP)
        let heir = try Worker(other)
        try #require(heir.logs("state restored"), "\(heir.lines)")
        let published = try stage.alerts().count
        try stage.produce(history.events[third..<2 * third])
        #expect(try becomes { try stage.alerts().count > published }, "\(heir.lines)")
        let assigned = sleeper.count(of: Worker.assigned)
        sleeper.process.signal(SIGCONT)
        try stage.produce(history.events[(2 * third)...])
        #expect(becomes { sleeper.count(of: Worker.assigned) > assigned }, "\(sleeper.lines)")
        for worker in [sleeper, heir] { worker.end() }
        try expectSound(stage, history)
    }

    @Test("Two workers come and go while records flow")
    func rebalances() throws {
        let history = History(seed: 53, records: 1200)
        let stage = try Stage()
        var other = stage
        other.configuration.instanceID = "other"
        let steady = try Worker(stage)
        try #require(steady.logs("state restored"), "\(steady.lines)")
        var guest: Worker?
        for (index, start) in stride(from: 0, to: history.events.count, by: 100).enumerated() {
            try stage.produce(history.events[start..<min(history.events.count, start + 100)])
            if index % 4 == 1 { guest = try Worker(other) }
            usleep(400_000)
            if index % 4 == 3 {
                if index % 8 == 3 { guest?.end() } else { guest?.kill() }
                guest = nil
            }
        }
        steady.end()
        try expectSound(stage, history)
        // Each has a transactional id of its own: with one for all, each guest that comes fences the other. Once it may look so,
        // for the broker fences a transaction, too, that takes too long.
        #expect(steady.count(of: "transactional id was taken over") < 2, "\(steady.lines)")
    }
}
