import CloudTrail
import TestSupport
import Testing

@testable import Detection

/// What stands is said again from the state alone: with the same ids, and only by the policy that said it first.
@Suite
struct RepublishingTests {
    @Test
    func whatStandsIsSaidAgainWithTheSameIDs() throws {
        var (same, movedOn, ofCalls) = (0, 0, 0)
        for seed in UInt64(0)..<60 {
            var random = SplitMix64(seed: 21_000 + seed)
            let policy = World.policy(&random)
            var engine = Engine.journaling(policy)
            var alerts: [Alert] = []
            for record in History.records(Int.random(in: 20...80, using: &random), random) {
                _ = engine.process(record, into: &alerts)
            }
            engine.evaluateDeferred(into: &alerts)
            engine.commit()
            let last = Alert.last(of: alerts)
            let members = Set(alerts.flatMap(\.instances).map(\.alertID))
            var restored = try engine.restored(by: policy)
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
            var engine = Engine.journaling(World.policy(&random))
            var alerts: [Alert] = []
            for record in History.records(40, random) { _ = engine.process(record, into: &alerts) }
            engine.commit()
            var other = Policy()
            other.hash = String(repeating: "f", count: 64)
            let last = Alert.last(of: alerts)
            var restored = try engine.restored(by: other)
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
        let (engine, said) = Engine.forgettingARefusal()
        #expect(said.map(\.finding.identity.rule).contains("ami-share-attempt-denied"))
        var restored = try engine.restored(by: Policy())
        let refusals = restored.openFindings().filter { $0.rule == "ami-share-attempt-denied" }
        #expect(refusals.count == 1)
        guard case .forgotten = restored.republished(try #require(refusals.first)) else {
            Issue.record("\(refusals.map(restored.republished))")
            return
        }
        var alerts: [Alert] = []
        restored.reconcile(into: &alerts)
        #expect(alerts.isEmpty)
    }
}
