import CloudTrail
import TestSupport
import Testing

@testable import Detection

/// Somebody resets an offset, and a whole history comes again, however much later: nothing is said twice.
@Suite
struct ResetTests {
    private static let accounts = [World.owner, World.member, World.stranger]

    private static func later(_ days: Int64, _ number: Int) -> [Record] {
        accounts.enumerated().map { index, account in
            Record(
                id: .uuid(0x5000, 0x8000_0000_0000_0000 + UInt64(number * 10 + index)),
                account: account,
                region: World.regions[0],
                time: EventTime(seconds: World.base + days * 86_400),
                name: "ModifyImageAttribute",
                source: "ec2.amazonaws.com",
                call: .nothing
            )
        }
    }

    /// Any history, then a clock far ahead, then a restart, then the same history again in any order.
    @Test(arguments: [20, 34, 36, 100, 400, 402])
    func aHistoryThatComesAgainSaysNothing(_ days: Int64) throws {
        var kept = 0
        for seed in UInt64(0)..<40 {
            var random = SplitMix64(seed: 8_000 + seed)
            let policy = World.policy(&random)
            var known: Set<EventID> = []
            // A copy that differs is known for one only as long as the record itself is remembered.
            let records = History.records(Int.random(in: 10...60, using: &random), random)
                .filter { known.insert($0.id).inserted }
            var settings = Engine.Settings()
            settings.horizonSeconds = 86_400
            settings.keepsJournal = true
            var engine = Engine(policy: policy, settings: settings)
            var alerts: [Alert] = []
            for record in records.shuffled(using: &random) + Self.later(days, 1) {
                _ = engine.process(record, into: &alerts)
            }
            engine.commit()
            if random.chance(50) {
                var restored = Engine(policy: policy, settings: settings)
                for entry in engine.allEntries() { try restored.restore(key: entry.key, value: entry.value) }
                engine = restored
            }
            // What was forgotten meanwhile is no news either.
            alerts = []
            engine.reconcile(into: &alerts)
            #expect(alerts.isEmpty, "seed \(seed), judged again: \(alerts.map(\.line))")
            if !alerts.isEmpty { return }
            let findings = engine.findingLines
            kept += findings.count
            for record in records.shuffled(using: &random) {
                _ = engine.process(record, into: &alerts)
                guard alerts.isEmpty else {
                    #expect(alerts.isEmpty, "seed \(seed), \(record): \(alerts.map(\.line))")
                    return
                }
            }
            engine.reconcile(into: &alerts)
            #expect(alerts.isEmpty, "seed \(seed), at the end: \(alerts.map(\.line))")
            #expect(engine.findingLines == findings, "seed \(seed)")
            if !alerts.isEmpty || engine.findingLines != findings { return }
        }
        #expect(kept > 50, "\(kept) findings stood all the while")
    }
}
