import CloudTrail
import Foundation
import Pipeline

@testable import Alerts
@testable import Detection

/// What an engine leaves: enough to compare two.
struct Outcome: Equatable {
    let findings: [String]

    init(_ engine: Engine) {
        var encoder = NativeAlert()
        findings = engine.findings().map { id, finding in
            String(decoding: encoder.encode(finding, findingID: id, policyHash: ""), as: UTF8.self)
        }
    }

    /// The first finding in which two differ.
    func difference(from other: Outcome) -> String {
        let (own, others) = (Set(findings), Set(other.findings))
        let only = [own.subtracting(others), others.subtracting(own)].map { $0.sorted().first ?? "none" }
        return "\(only[0]), and \(only[1])"
    }
}

/// A fixture's policy, and what its events leave.
struct EngineSeed {
    let name: String
    let policy: Policy
    let events: [UInt8]
    let records: [Record]

    static let all: [EngineSeed] = {
        let found = (try? Fixture.find("\(Fuzzing.checkout)/Tests/DetectionTests/Fixtures")) ?? []
        return found.compactMap { fixture in
            guard let policy = try? fixture.policy(), let records = try? fixture.contents().records,
                let events = try? Fuzzing.bytes("Tests/DetectionTests/Fixtures/\(fixture)/events.jsonl")
            else { return nil }
            return EngineSeed(name: "\(fixture)", policy: policy, events: events, records: records)
        }
    }()

    static func named(_ name: String) -> EngineSeed? { all.first { $0.name == name } ?? all.first }

    /// An engine that has read the records and committed.
    func engine(_ settings: Engine.Settings = .fuzzed) -> Engine {
        var engine = Engine(policy: policy, settings: settings)
        var alerts: [Alert] = []
        for record in records { _ = engine.process(record, into: &alerts) }
        engine.commit()
        return engine
    }
}

extension Engine.Settings {
    static var fuzzed: Engine.Settings {
        var settings = Engine.Settings()
        settings.keepsJournal = true
        return settings
    }
}

extension Engine {
    /// Another engine that reads what this one keeps.
    func restored() throws -> Engine {
        var restored = Engine(policy: policy, settings: .fuzzed)
        for entry in allEntries() { try restored.restore(key: entry.key, value: entry.value) }
        return restored
    }

    /// Another engine that reads a snapshot of this one.
    func fromSnapshot() throws -> Engine {
        var capture = SnapshotCapture(of: self) { _ in 0 }
        var pieces: [[UInt8]] = []
        while !capture.isOver {
            capture.take(atMost: 100, of: self, waiting: []) { _, piece in pieces.append(Array(piece)) }
        }
        var restored = Engine(policy: policy, settings: .fuzzed)
        var reader = SnapshotReader()
        for piece in pieces { try piece.withUnsafeBytes { _ = try reader.take($0, into: &restored) } }
        return restored
    }

    /// Whether two engines keep the same, byte for byte.
    func requireSameEntries(as other: Engine, _ words: String) throws {
        let (own, others) = (allEntries(), other.allEntries())
        try require(
            own == others,
            "\(words): \(own.count) and \(others.count) entries, \(Set(own).symmetricDifference(others).prefix(3))"
        )
    }
}
