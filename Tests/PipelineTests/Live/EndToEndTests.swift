import Configuration
import Detection
import Foundation
import Kafka
import KafkaTestSupport
import Testing

@testable import Pipeline

/// What comes out of the alerts topic is what the engine says without Kafka.
@Suite(.needsRealBroker, .ownThread, .serialized)
struct EndToEndTests {
    @Test("Live and replay end in the same findings", arguments: [1, 2, 3])
    func findings(seed: UInt64) throws {
        let history = History(seed: seed)
        let stage = try Stage()
        try stage.produce(history.events)
        let summary = try stage.runToEnd()
        #expect(try stage.findings() == Expected(history.sorted, policy: stage.policy).findings)
        let (intake, detector) = (summary.intake, summary.detector.run)
        #expect(intake.read == history.events.count)
        #expect(intake.read == intake.ignored + intake.forwarded + intake.deadLettered)
        #expect(detector.read == intake.forwarded)
        #expect(detector.read == detector.applied + detector.duplicate + detector.deadLettered)
        #expect(detector.duplicate > 0)
    }

    @Test("One account on one partition gives the engine's alerts, byte for byte")
    func sameAlerts() throws {
        let history = History(seed: 7, accounts: 1)
        let stage = try Stage(partitions: 1)
        try stage.produce(history.events, partitions: 1)
        try stage.runToEnd()
        let expected = Expected(
            history.events,
            policy: stage.policy,
            settings: .live(stage.configuration.detector, endsWhenRead: true)
        )
        #expect(
            try stage.alerts().map { $0.value ?? "" }
                == expected.alerts.map { String(decoding: $0, as: UTF8.self) }
        )
    }

    @Test("Stopped in the middle and started again: nothing twice, nothing lost, and the same state")
    func cleanRestart() throws {
        let history = History(seed: 11)
        let stage = try Stage()
        let middle = history.events.count / 2
        try stage.produce(history.events[..<middle])
        try stage.runToEnd()
        try stage.produce(history.events[middle...])
        let summary = try stage.runToEnd()
        #expect(summary.intake.read == history.events.count - middle)
        #expect(summary.detector.total.read > summary.detector.run.read)
        let expected = Expected(history.sorted, policy: stage.policy)
        #expect(try stage.findings() == expected.findings)
        let ids = try stage.alerts().map { $0.value ?? "" }
        #expect(Set(ids).count == ids.count)
        #expect(try stage.restoredEngine().findings().map(\.id) == expected.engine.findings().map(\.id))
        // Nothing new: nothing is said.
        try stage.runToEnd()
        #expect(try stage.alerts().count == ids.count)
    }

    @Test("What a restore builds is what the worker had in memory")
    func restoredState() throws {
        let history = History(seed: 13, accounts: 1)
        let stage = try Stage(partitions: 1)
        try stage.produce(history.events, partitions: 1)
        try stage.runToEnd()
        let expected = Expected(
            history.events,
            policy: stage.policy,
            settings: .live(stage.configuration.detector, endsWhenRead: true)
        )
        #expect(try stage.restoredEngine().allEntries() == expected.engine.allEntries())
    }
}
