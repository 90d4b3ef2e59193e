import CloudTrail
import TestSupport
import Testing

@testable import Detection

/// What is kept of every finding, from the state alone.
@Suite
struct KeptFindingTests {
    @Test("A restored state lists what was published last of each finding, and nothing else")
    func agreesWithAlerts() throws {
        var counts: [FindingStatus: Int] = [:]
        for seed in UInt64(0)..<40 {
            var random = SplitMix64(seed: 23_000 + seed)
            let policy = World.policy(&random)
            var engine = Engine.journaling(policy)
            var alerts: [Alert] = []
            for record in History.records(Int.random(in: 20...80, using: &random), random) {
                _ = engine.process(record, into: &alerts)
            }
            engine.evaluateDeferred(into: &alerts)
            engine.commit()
            let last = Alert.last(of: alerts)
            var restored = try engine.restored(by: policy)
            let kept = restored.keptFindings()
            #expect(kept.changing == 0 && kept.judgedByOther == 0, "seed \(seed)")
            let final = Dictionary(engine.findings()) { $1 }
            #expect(kept.all.count == last.count, "seed \(seed)")
            for finding in kept.all {
                let said = try #require(last[finding.identity.findingID]).finding
                #expect(finding.status == (said.status == .updated ? .open : said.status), "seed \(seed)")
                #expect(finding.verdict == said.verdict && finding.severity == said.severity)
                #expect(finding.title == said.title)
                #expect(finding.finding == final[finding.identity.findingID], "seed \(seed)")
                if finding.status != .retracted {
                    #expect(finding.finding != nil && finding.occurrences > 0)
                } else if case .retracted = finding.content {
                    #expect(finding.verdict == .allowed && finding.occurrences == 0)
                } else {
                    Issue.record("seed \(seed): \(finding)")
                }
                counts[finding.status, default: 0] += 1
            }
            let severities = kept.all.map(\.severity)
            #expect(severities == severities.sorted(by: >), "the worst first")
        }
        #expect(counts.count == 3 && counts.values.allSatisfy { $0 > 20 }, "\(counts)")
    }

    @Test("Another policy is noticed where it would say something else")
    func anotherPolicy() throws {
        var noticed = 0
        for seed in UInt64(0)..<10 {
            var random = SplitMix64(seed: 22_000 + seed)
            var engine = Engine.journaling(World.policy(&random))
            var alerts: [Alert] = []
            for record in History.records(40, random) { _ = engine.process(record, into: &alerts) }
            engine.commit()
            var other = Policy()
            other.hash = String(repeating: "f", count: 64)
            var restored = try engine.restored(by: other)
            let kept = restored.keptFindings()
            #expect(kept.judgedByOther <= kept.changing)
            noticed += kept.judgedByOther
        }
        #expect(noticed > 20, "\(noticed)")
    }

    @Test("One whose facts are forgotten stands with what was published, and nothing is made up")
    func forgotten() throws {
        let (engine, alerts) = Engine.forgettingARefusal()
        let said = try #require(alerts.last { $0.finding.identity.rule == "ami-share-attempt-denied" })
            .finding
        var restored = try engine.restored(by: Policy())
        let kept = restored.keptFindings().all.filter { $0.identity == said.identity }
        #expect(kept.count == 1)
        let finding = try #require(kept.first)
        guard case .forgotten = finding.content else {
            Issue.record("\(finding)")
            return
        }
        #expect(finding.status == .open && finding.verdict == said.verdict)
        #expect(finding.severity == said.severity && finding.firstSeen == said.firstSeen)
        #expect(finding.finding == nil && finding.message.contains("no longer kept"))
    }
}
