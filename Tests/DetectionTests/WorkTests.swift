import CloudTrail
import TestSupport
import Testing

@testable import Detection

/// What one more record costs, whatever is known already.
@Suite
struct WorkTests {
    /// The state is large, and nothing that a record leads to copies it.
    @Test
    func nothingCopiesTheState() {
        for seed in UInt64(0)..<60 {
            var random = SplitMix64(seed: 12_000 + seed)
            let policy = World.policy(&random)
            var settings = Engine.Settings()
            settings.keepsJournal = true
            if random.chance(50) { settings.horizonSeconds = 600 }
            var engine = Engine(policy: policy, settings: settings)
            var alerts: [Alert] = []
            let memory = engine.state.memory
            for record in History.records(60, random) {
                _ = engine.process(record, into: &alerts)
                engine.commit()
            }
            engine.reconcile(into: &alerts)
            engine.rollback()
            #expect(engine.state.memory == memory, "seed \(seed)")
            #expect(!alerts.isEmpty)
        }
    }

    /// Records of one image that is time and again a copy of itself, as no account has it.
    @Test
    func aCopyOfItselfIsReadOnce() {
        var policy = Policy()
        policy.requiredTags = [.init(resource: .image, key: "Role", requirement: .present)]
        var engine = Engine(policy: policy)
        var alerts: [Alert] = []
        for number in 0..<40 {
            let creation = ImageCreation(
                image: World.image(1),
                origin: .copy(World.image(1), region: nil),
                copiesImageTags: true
            )
            let record = Record(
                id: .uuid(1, UInt64(number)),
                account: World.owner,
                region: "us-east-1",
                time: EventTime(seconds: World.base + Int64(number)),
                name: "CopyImage",
                source: "ec2.amazonaws.com",
                actor: World.actors[1],
                call: .createImage(creation)
            )
            #expect(engine.process(record, into: &alerts) == .applied)
        }
        #expect(engine.findings().contains { $0.finding.verdict == .undetermined })
    }
}
