import CloudTrail
import TestSupport
import Testing

@testable import Detection

/// What is kept of every finding, from the state alone.
@Suite
struct KeptFindingTests {
    private static func engine(_ policy: Policy) -> Engine {
        var settings = Engine.Settings()
        settings.horizonSeconds = 86_400
        settings.keepsJournal = true
        return Engine(policy: policy, settings: settings)
    }

    private static func restored(_ engine: Engine, by policy: Policy) throws -> Engine {
        var restored = Self.engine(policy)
        for entry in engine.allEntries() { try restored.restore(key: entry.key, value: entry.value) }
        return restored
    }

    @Test("A restored state lists what was published last of each finding, and nothing else")
    func agreesWithAlerts() throws {
        var counts: [FindingStatus: Int] = [:]
        for seed in UInt64(0)..<40 {
            var random = SplitMix64(seed: 23_000 + seed)
            let policy = World.policy(&random)
            var engine = Self.engine(policy)
            var alerts: [Alert] = []
            for record in History.records(Int.random(in: 20...80, using: &random), random) {
                _ = engine.process(record, into: &alerts)
            }
            engine.evaluateDeferred(into: &alerts)
            engine.commit()
            var last: [String: Alert] = [:]
            for alert in alerts.flatMap({ $0.instances.isEmpty ? [$0] : $0.instances })
            where alert.revision > last[alert.findingID]?.revision ?? 0 {
                last[alert.findingID] = alert
            }
            var restored = try Self.restored(engine, by: policy)
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
            var engine = Self.engine(World.policy(&random))
            var alerts: [Alert] = []
            for record in History.records(40, random) { _ = engine.process(record, into: &alerts) }
            engine.commit()
            var other = Policy()
            other.hash = String(repeating: "f", count: 64)
            var restored = try Self.restored(engine, by: other)
            let kept = restored.keptFindings()
            #expect(kept.judgedByOther <= kept.changing)
            noticed += kept.judgedByOther
        }
        #expect(noticed > 20, "\(noticed)")
    }

    @Test("One whose facts are forgotten stands with what was published, and nothing is made up")
    func forgotten() throws {
        func record(_ number: UInt64, at seconds: Int64, isRefused: Bool) -> Record {
            let share = LaunchPermissionChange(image: World.image(1), added: [.everyone], removed: [])
            return Record(
                id: .uuid(1, number),
                account: World.owner,
                region: "us-east-1",
                time: EventTime(seconds: World.base + seconds),
                name: "ModifyImageAttribute",
                source: "ec2.amazonaws.com",
                error: isRefused ? "Client.UnauthorizedOperation" : nil,
                actor: World.actors[1],
                call: isRefused ? .modifyLaunchPermission(share) : .nothing
            )
        }
        var engine = Self.engine(Policy())
        var alerts: [Alert] = []
        let day: Int64 = 86_400
        for record in [
            record(1, at: 0, isRefused: false), record(2, at: -day / 2, isRefused: true),
            record(3, at: 35 * day - day / 4, isRefused: false),
        ] {
            _ = engine.process(record, into: &alerts)
            engine.commit()
        }
        let said = try #require(alerts.last { $0.finding.identity.rule == "ami-share-attempt-denied" })
            .finding
        var restored = try Self.restored(engine, by: Policy())
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
