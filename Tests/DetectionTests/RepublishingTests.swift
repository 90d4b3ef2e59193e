import CloudTrail
import TestSupport
import Testing

@testable import Detection

/// What stands is said again from the state alone: with the same ids, and only by the policy that said it first.
@Suite
struct RepublishingTests {
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

    /// The last alert of each finding, instances of a call each by itself.
    private static func last(_ alerts: [Alert]) -> [String: Alert] {
        var last: [String: Alert] = [:]
        for alert in alerts.flatMap({ $0.instances.isEmpty ? [$0] : $0.instances })
        where alert.revision > last[alert.findingID]?.revision ?? 0 {
            last[alert.findingID] = alert
        }
        return last
    }

    @Test
    func whatStandsIsSaidAgainWithTheSameIDs() throws {
        var (same, movedOn, ofCalls) = (0, 0, 0)
        for seed in UInt64(0)..<60 {
            var random = SplitMix64(seed: 21_000 + seed)
            let policy = World.policy(&random)
            var engine = Self.engine(policy)
            var alerts: [Alert] = []
            for record in History.records(Int.random(in: 20...80, using: &random), random) {
                _ = engine.process(record, into: &alerts)
            }
            engine.evaluateDeferred(into: &alerts)
            engine.commit()
            let last = Self.last(alerts)
            let members = Set(alerts.flatMap(\.instances).map(\.alertID))
            var restored = try Self.restored(engine, by: policy)
            let open = restored.openFindings()
            let told = last.values.filter { $0.finding.status == .open || $0.finding.status == .updated }
            #expect(Set(open.map(\.findingID)) == Set(told.map(\.findingID)), "seed \(seed)")
            let final = Dictionary(engine.findings()) { $1 }
            for identity in open {
                guard case .alert(let again) = restored.republished(identity) else {
                    Issue.record("seed \(seed): \(identity): \(restored.republished(identity))")
                    return
                }
                let first = try #require(last[identity.findingID])
                #expect(again.isRepublished && !first.isRepublished && again.instances.isEmpty)
                #expect(again.alertID == first.alertID && again.findingID == first.findingID)
                #expect(again.revision == first.revision && again.cause == first.cause)
                #expect(again.finding.status == first.finding.status)
                #expect(again.finding.verdict == first.finding.verdict)
                #expect(again.finding.severity == first.finding.severity)
                if members.contains(again.alertID) { ofCalls += 1 }
                // Something may have come since that was not worth an alert: it is in it all the same.
                var standing = again.finding
                standing.status = .open
                #expect(standing == final[identity.findingID], "seed \(seed)")
                if again.finding == first.finding { same += 1 } else { movedOn += 1 }
            }
            // Nothing of it is a change.
            var more: [Alert] = []
            restored.reconcile(into: &more)
            #expect(more.isEmpty && restored.openFindings() == open, "seed \(seed): \(more.map(\.line))")
        }
        #expect(same > 200 && movedOn > 10 && ofCalls > 0, "\(same), \(movedOn), \(ofCalls)")
    }

    @Test
    func anotherPolicySaysNothing() throws {
        var differing = 0
        for seed in UInt64(0)..<20 {
            var random = SplitMix64(seed: 22_000 + seed)
            var engine = Self.engine(World.policy(&random))
            var alerts: [Alert] = []
            for record in History.records(40, random) { _ = engine.process(record, into: &alerts) }
            engine.commit()
            var other = Policy()
            other.hash = String(repeating: "f", count: 64)
            let last = Self.last(alerts)
            var restored = try Self.restored(engine, by: other)
            for identity in restored.openFindings() {
                switch restored.republished(identity) {
                // What this one would say, too.
                case .alert(let alert):
                    #expect(alert.alertID == last[alert.findingID]?.alertID)
                    #expect(alert.finding.severity == last[alert.findingID]?.finding.severity)
                case .changing(let isJudgedByOther):
                    // An account of which nothing has been read says nothing of who judged it.
                    let account = identity.subject.scope.account
                    #expect(isJudgedByOther || restored.state.clocks[account] == nil)
                    differing += 1
                case .forgotten: Issue.record("nothing is forgotten yet")
                }
            }
        }
        #expect(differing > 20, "\(differing)")
    }

    /// A refusal that came late is forgotten before the finding that it led to: that one is named as such, and its
    /// message is not made up.
    @Test
    func whatIsForgottenIsSaidToBe() throws {
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
        #expect(alerts.map(\.finding.identity.rule).contains("ami-share-attempt-denied"))
        var restored = try Self.restored(engine, by: Policy())
        let refusals = restored.openFindings().filter { $0.rule == "ami-share-attempt-denied" }
        #expect(refusals.count == 1)
        guard case .forgotten = restored.republished(try #require(refusals.first)) else {
            Issue.record("\(refusals.map(restored.republished))")
            return
        }
        alerts = []
        restored.reconcile(into: &alerts)
        #expect(alerts.isEmpty)
    }
}
