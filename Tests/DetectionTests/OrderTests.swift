import CloudTrail
import Testing
import TestSupport

@testable import Detection

/// The findings are a function of the set of records, the policy and stream time; never of their order, their
/// repeats, or of what was aborted in between.
@Suite
struct OrderTests {
    /// Each argument is a hundred histories.
    @Test(arguments: 0..<4)
    func theOrderOfAGeneratedHistoryDecidesNothing(_ part: Int) {
        for seed in UInt64(part * 100)..<UInt64(part * 100 + 100) {
            var random = SplitMix64(seed: seed)
            let policy = World.policy(&random)
            let records = History.records(Int.random(in: 4...24, using: &random), random)
            let expected = Self.findings(of: records, policy, "seed \(seed), as generated")
            for round in 0..<4 {
                var order = records.shuffled(using: &random)
                if round > 1 { order += records.shuffled(using: &random).prefix(records.count / 2) }
                let lines = Self.findings(
                    of: order,
                    policy,
                    "seed \(seed), order \(round)",
                    atEach: round == 1
                )
                #expect(lines == expected, "seed \(seed), order \(round)")
                if lines != expected { return }
            }
        }
    }

    @Test(arguments: 0..<2)
    func anAbortedTransactionDecidesNothing(_ part: Int) {
        for seed in UInt64(1000 + part * 100)..<UInt64(1000 + part * 100 + 100) {
            var random = SplitMix64(seed: seed)
            let policy = World.policy(&random)
            let records = History.records(Int.random(in: 6...24, using: &random), random)
            let expected = Self.findings(of: records, policy, "seed \(seed)")
            let delays = random.chance(50)
            let lines = Self.findings(ofCut: records, policy, delays, &random, "seed \(seed)")
            #expect(lines == expected, "seed \(seed), delays \(delays)")
            if lines != expected { return }
        }
    }

    /// A policy counts as if it had always been in force.
    @Test(arguments: 0..<1)
    func whenThePolicyChangedDecidesNothing(_ part: Int) {
        for seed in UInt64(2000 + part * 100)..<UInt64(2000 + part * 100 + 100) {
            var random = SplitMix64(seed: seed)
            let (before, after) = (World.policy(&random), World.policy(&random))
            let records = History.records(Int.random(in: 4...24, using: &random), random)
            let expected = Self.findings(of: records, after, "seed \(seed)")
            var engine = Engine(policy: before)
            var ledger = Ledger()
            let change = Int.random(in: 0...records.count, using: &random)
            for (index, record) in records.enumerated() {
                var alerts: [Alert] = []
                if index == change { engine.replacePolicy(after, into: &alerts) }
                _ = engine.process(record, into: &alerts)
                ledger.take(alerts, "seed \(seed)")
            }
            var alerts: [Alert] = []
            engine.replacePolicy(after, into: &alerts)
            ledger.take(alerts, "seed \(seed)")
            let lines = engine.findingLines
            #expect(ledger.told == engine.told, "seed \(seed)")
            #expect(lines == expected, "seed \(seed)")
            if lines != expected { return }
        }
    }

    /// What the changelog and the catalogue hold is everything.
    @Test(arguments: 0..<1)
    func aRestartDecidesNothing(_ part: Int) throws {
        for seed in UInt64(3000 + part * 100)..<UInt64(3000 + part * 100 + 100) {
            var random = SplitMix64(seed: seed)
            let policy = World.policy(&random)
            let records = History.records(Int.random(in: 4...24, using: &random), random)
            let expected = Self.findings(of: records, policy, "seed \(seed)")
            var settings = Engine.Settings()
            settings.imagesAtHand = 2
            settings.keepsJournal = true
            var engine = Engine(policy: policy, settings: settings)
            var ledger = Ledger()
            let cut = Int.random(in: 0...records.count, using: &random)
            for (index, record) in records.enumerated() {
                var alerts: [Alert] = []
                if index == cut {
                    var restored = Engine(policy: policy, settings: settings)
                    for entry in engine.allEntries().shuffled(using: &random) {
                        try restored.restore(key: entry.key, value: entry.value)
                    }
                    engine = restored
                    engine.reconcile(into: &alerts)
                    #expect(alerts.isEmpty, "a restart says nothing twice; seed \(seed)")
                }
                // Without the records before the cut no copy that differs is known for one.
                _ = engine.process(record, into: &alerts)
                engine.commit()
                ledger.take(alerts, "seed \(seed)")
            }
            #expect(ledger.told == engine.told, "seed \(seed)")
            let hasCopies = Set(records.map(\.id)).count < records.count
            if !hasCopies, engine.findingLines != expected {
                #expect(engine.findingLines == expected, "seed \(seed)")
                return
            }
        }
    }

    /// Feeds records in order; every alert keeps the rules, and what the alerts say is what the findings are.
    static func findings(
        of records: [Record],
        _ policy: Policy,
        _ comment: @autoclosure () -> Comment,
        atEach: Bool = false
    ) -> [String] {
        var engine = Engine(policy: policy)
        var ledger = Ledger()
        for (index, record) in records.enumerated() {
            var alerts: [Alert] = []
            _ = engine.process(record, into: &alerts)
            ledger.take(alerts, comment())
            guard atEach else { continue }
            if ledger.told != engine.told {
                #expect(ledger.told == engine.told, "\(comment()) after record \(index)")
                return []
            }
        }
        #expect(ledger.told == engine.told, "the alerts say what the findings are; \(comment())")
        return engine.findingLines
    }

    /// Feeds records in transactions of which some are aborted and fed again, in another order.
    private static func findings(
        ofCut records: [Record],
        _ policy: Policy,
        _ delays: Bool,
        _ random: inout SplitMix64,
        _ comment: @autoclosure () -> Comment
    ) -> [String] {
        var settings = Engine.Settings()
        settings.imagesAtHand = 2
        settings.keepsJournal = true
        settings.delaysUndetermined = delays
        if random.chance(50) { settings.subjectsAtOnce = 1 }
        if random.chance(50) { settings.horizonSeconds = 86_400 }
        if random.chance(50) { settings.factsAtOnce = 0 }
        var engine = Engine(policy: policy, settings: settings)
        var ledger = Ledger()
        var waiting = records.shuffled(using: &random)
        var unsettled: [Subject] = []
        while !waiting.isEmpty || engine.hasBacklog || engine.hasDeferred || !engine.unsettled.isEmpty
            || !unsettled.isEmpty
        {
            engine.defersEvaluation = random.chance(40)
            let batch = waiting.prefix(Int.random(in: 0...5, using: &random))
            var alerts: [Alert] = []
            for record in batch { _ = engine.process(record, into: &alerts) }
            if random.chance(50) { engine.takeUpDeferred() }
            engine.evaluateBacklog(atMost: Int.random(in: 0...3, using: &random), into: &alerts)
            let settling = random.chance(50) ? unsettled : []
            engine.settle(settling, into: &alerts)
            if random.chance(40) {
                engine.rollback()
                waiting.shuffle(using: &random)
                continue
            }
            engine.commit()
            ledger.take(alerts, comment())
            waiting.removeFirst(batch.count)
            unsettled.removeFirst(settling.count)
            guard random.chance(50) else { continue }
            unsettled += engine.takeUnsettled()
            engine.commit()
        }
        #expect(ledger.told == engine.told, "the committed alerts say what the findings are; \(comment())")
        return engine.findingLines
    }
}
