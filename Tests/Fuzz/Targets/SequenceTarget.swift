import CloudTrail
import CloudTrailTestSupport
import Configuration
import Pipeline
import TestSupport

import Alerts
@testable import Detection

/// A history of an account: neither the order of the records nor what ends the process in between decides anything.
///
/// The first line names a fixture, whose policy is in force. The others are events of CloudTrail, whole or in the short form
/// of fixtures, or inventories as they come from a topic.
final class SequenceTarget: FuzzTarget {
    static let name = "sequence"
    private let reader = RecordReader()
    private var encoders = AlertFormat.allCases.map { AlertEncoder($0) }
    private var opened: [String: Int] = [:]
    private(set) var reached: [String: Int] = [:]

    static func seeds() throws -> [[UInt8]] { EngineSeed.all.map { Array("\($0.name)\n".utf8) + $0.events } }

    func take(_ input: UnsafeRawBufferPointer) throws {
        let end = input.firstIndex(of: 0x0A) ?? input.count
        let name = String(decoding: input[..<end], as: UTF8.self)
        guard let seed = EngineSeed.named(name),
            let events = try? ShortEvents.expanded(Array(input[end...]))
        else { return }
        reader.sessionKeys = seed.policy.sessionKeys
        let records = Array(reader.gather(file: events).records.prefix(40))
        reached["records", default: 0] += records.count
        guard !records.isEmpty else { return }

        var alerts: [Alert] = []
        var engine = Engine(policy: seed.policy, settings: .fuzzed)
        var changelog: [ArraySlice<UInt8>: StateEntry] = [:]
        var isSound = true
        for (index, record) in records.enumerated() {
            // Every third record comes twice: in a transaction that is aborted, and in one that is not.
            if index % 3 == 1 {
                var taken: [Alert] = []
                _ = engine.process(record, into: &taken)
                engine.rollback()
            }
            _ = engine.process(record, into: &alerts)
            isSound = isSound && engine.holds(record)
            for entry in engine.pendingChanges() { changelog[entry.key] = entry }
            engine.commit()
        }
        engine.evaluateDeferred(into: &alerts)
        for entry in engine.pendingChanges() { changelog[entry.key] = entry }
        engine.commit()
        note(alerts)
        try encode(alerts)

        let expected = Outcome(engine)
        reached["findings", default: 0] += expected.findings.count
        try checkOrder(records, seed.policy, expected)
        guard isSound else { return }
        var restored = Engine(policy: seed.policy, settings: .fuzzed)
        for entry in changelog.values { try restored.restore(key: entry.key, value: entry.value) }
        try engine.requireSameEntries(as: restored, "what was written does not give what is kept")
        try check(restored, "restored", expected)
        var captured = try engine.fromSnapshot()
        try engine.requireSameEntries(as: captured, "a snapshot does not give what is kept")
        captured.commit()
        try check(captured, "read from a snapshot", expected)
    }

    private func check(_ engine: Engine, _ how: String, _ expected: Outcome) throws {
        var engine = engine
        var again: [Alert] = []
        engine.reconcile(into: &again)
        let title = again.first?.finding.title ?? ""
        try require(again.isEmpty, "\(how) it says something again: \(title)")
        let outcome = Outcome(engine)
        let words = "\(how) it has other findings"
        try require(outcome == expected, "\(words): \(outcome.difference(from: expected))")
    }

    private func checkOrder(_ records: [Record], _ policy: Policy, _ expected: Outcome) throws {
        var random = SplitMix64(seed: UInt64(records.count))
        for order in [records.reversed(), records.shuffled(using: &random) + records.prefix(3)] {
            var engine = Engine(policy: policy)
            var alerts: [Alert] = []
            for record in order { _ = engine.process(record, into: &alerts) }
            engine.evaluateDeferred(into: &alerts)
            let outcome = Outcome(engine)
            try require(
                outcome == expected,
                "in another order there are other findings: \(outcome.difference(from: expected))"
            )
        }
    }

    private func note(_ alerts: [Alert]) {
        for alert in alerts.flatMap(\.members) {
            reached["alerts \(alert.finding.status.rawValue)", default: 0] += 1
            opened[alert.finding.identity.rule, default: 0] += 1
        }
        reached["rules that have spoken"] = opened.count
    }

    private func encode(_ alerts: [Alert]) throws {
        for alert in alerts {
            for index in encoders.indices {
                for message in encoders[index].messages(for: alert, raised: 0, maximumBytes: 900_000)
                where encoders[index].format != .cef {
                    try require(
                        StrictJSON.parse(message.line) != nil,
                        "\(encoders[index].format) is no JSON: \(String(decoding: message.line, as: UTF8.self))"
                    )
                }
            }
        }
    }
}
