import CloudTrail
import TestSupport
import Testing

@testable import Detection

/// What a policy is said to change is what it then changes.
@Suite
struct PolicyTrialTests {
    @Test(arguments: 0..<2)
    func whatIsTriedIsWhatIsPublished(_ part: Int) {
        var kinds: [FindingChange.Kind: Int] = [:]
        for seed in UInt64(part * 40)..<UInt64(part * 40 + 40) {
            var random = SplitMix64(seed: 12_000 + seed)
            let (old, new) = (World.policy(&random), World.policy(&random))
            var settings = Engine.Settings()
            settings.keepsJournal = true
            var engine = Engine(policy: old, settings: settings)
            var alerts: [Alert] = []
            for record in History.records(40, random) { _ = engine.process(record, into: &alerts) }
            engine.evaluateDeferred(into: &alerts)
            engine.commit()
            let open = Set(engine.openFindings())

            var trial = engine.trial(of: new)
            var changes: [FindingChange] = []
            while !trial.isDone { engine.advance(&trial, atMost: 7) { changes.append($0) } }
            #expect(engine.pendingChanges().isEmpty && engine.policy.hash == old.hash)
            #expect(trial.effect.open == open.count)

            alerts = []
            engine.replacePolicy(new, into: &alerts)
            let told = Set(
                alerts.flatMap {
                    $0.instances.isEmpty ? [$0.finding.identity] : $0.instances.map(\.finding.identity)
                }
            )
            #expect(Set(changes.map(\.identity)) == told, "seed \(seed)")
            let opened = Set(engine.openFindings())
            #expect(Set(changes.filter { $0.kind == .opened }.map(\.identity)) == opened.subtracting(open))
            #expect(Set(changes.filter { $0.kind == .closed }.map(\.identity)) == open.subtracting(opened))
            #expect(trial.effect.opened == opened.subtracting(open).count)
            #expect(trial.effect.closed == open.subtracting(opened).count)
            for change in changes { kinds[change.kind, default: 0] += 1 }
        }
        #expect(kinds.count == 3, "\(kinds)")
    }
}
