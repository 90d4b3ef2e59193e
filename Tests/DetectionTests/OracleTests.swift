import CloudTrail
import Testing
import TestSupport

@testable import Detection

/// Generated histories, judged by the engine and by a naive reading of the rules that shares no code with it.
@Suite
struct OracleTests {
    private static func engine(_ policy: Policy, _ records: [Record]) -> Engine {
        var engine = Engine(policy: policy)
        var alerts: [Alert] = []
        for record in records { _ = engine.process(record, into: &alerts) }
        return engine
    }

    private static func policy(_ random: inout SplitMix64) -> Policy {
        var policy = World.policy(&random)
        policy.suppressions = []
        policy.rules = [:]
        return policy
    }

    @Test(arguments: 0..<3)
    func sharingIsAsTheTextSays(_ part: Int) {
        let rules: Set = [
            "ami-shared-publicly", "ami-shared-with-untrusted-account",
            "ami-shared-with-untrusted-organization",
            "ami-shared-by-service",
        ]
        var count = 0
        for seed in UInt64(part * 100)..<UInt64(part * 100 + 100) {
            var random = SplitMix64(seed: 20_000 + seed)
            let policy = Self.policy(&random)
            let records = History.records(
                Int.random(in: 6...30, using: &random),
                random,
                about: [
                    .share, .share, .share, .share, .share, .share, .reset, .cancel, .disable, .enable,
                    .deregister, .restore, .create, .members, .membership, .membership,
                ]
            )
            var found: [String: FindingSketch] = [:]
            for (_, finding) in Self.engine(policy, records).findings()
            where rules.contains(finding.identity.rule) {
                let subject = finding.identity.subject
                found["\(finding.identity.rule) \(subject.resource.id) \(subject.discriminator ?? "")"] =
                    FindingSketch(finding)
            }
            let expected = ShareOracle(records, policy).findings()
            count += expected.count
            #expect(found == expected, "seed \(seed)")
            if found != expected { return }
        }
        #expect(count > 150, "the histories hold something to judge")
    }

    @Test(arguments: 0..<3)
    func guardrailsAreAsTheTextSays(_ part: Int) {
        var count = 0
        for seed in UInt64(part * 100)..<UInt64(part * 100 + 100) {
            var random = SplitMix64(seed: 30_000 + seed)
            let policy = Self.policy(&random)
            let records = History.records(
                Int.random(in: 3...30, using: &random),
                random,
                about: [
                    .setting, .setting, .setting, .criteria, .criteria, .criteria, .blockPublicAccess,
                    .blockPublicAccess, .share, .nothing, .settings, .launch,
                ]
            )
            let findings = Self.engine(policy, records).findings().map(\.finding)
            for account in [World.owner, World.member] {
                let scope = AccountRegion(account, World.regions[0])
                let expected = GuardrailOracle(records, policy, scope).findings()
                count += expected.count
                var found: [String: FindingSketch] = [:]
                for finding in findings where finding.identity.subject.resource.id == scope.description {
                    // Those are about calls that did nothing, or nobody knows what.
                    let others = ["watched-call-unreadable", "guardrail-change-denied"]
                    guard !others.contains(finding.identity.rule) else { continue }
                    found[finding.identity.rule] = FindingSketch(finding)
                }
                #expect(found == expected, "seed \(seed), \(scope)")
                if found != expected { return }
            }
        }
        #expect(count > 150, "the histories hold something to judge")
    }

    @Test(arguments: 0..<3)
    func lineagesAreAsTheTextSays(_ part: Int) {
        var verdicts: [Verdict: Int] = [:]
        for seed in UInt64(part * 100)..<UInt64(part * 100 + 100) {
            var random = SplitMix64(seed: 60_000 + seed)
            var policy = Policy()
            var (byID, byOwner) = (Policy.ApprovedImage(), Policy.ApprovedImage())
            byID.ids = ["\(World.image(random.pick([1, 3])))"]
            byOwner.owners = ["\(random.pick([World.owner, World.member]))"]
            policy.images.approved = random.chance(70) ? [byID, byOwner] : [byID]
            if random.chance(30) { policy.images.denied = ["\(World.image(2))"] }
            if random.chance(30) { policy.publishers = [Pattern(World.publisher)] }
            let records = History.records(
                Int.random(in: 3...30, using: &random),
                random,
                about: [.create, .create, .create, .launch, .launch, .launch, .terminate, .deregister]
            )
            var found: [Resource: FindingSketch] = [:]
            for (_, finding) in Self.engine(policy, records).findings()
            where finding.identity.rule == "launch-from-tainted-ami" {
                let subject = finding.identity.subject
                let id = "\(subject.scope) \(subject.resource.id)"
                found[Resource(type: .instance, id: id)] = FindingSketch(finding)
                verdicts[finding.verdict, default: 0] += 1
            }
            let expected = LineageOracle(records, policy).findings()
            #expect(found == expected, "seed \(seed)")
            if found != expected { return }
        }
        #expect(verdicts[.violation] ?? 0 > 20 && verdicts[.undetermined] ?? 0 > 4, "\(verdicts)")
    }
}
