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

    @Test(
        "A record takes as long when 20,000 callers are known as when there are 200: nothing copies what is shared"
    )
    func nothingCopiesWhatIsShared() {
        var ratios: [Double] = []
        repeat {
            ratios.append(Self.seconds(knowing: 20_000) / Self.seconds(knowing: 200))
        } while ratios[ratios.count - 1] >= 5 && ratios.count < 3
        #expect(ratios.contains { $0 < 5 }, "\(ratios)")
    }

    /// How long 500 records of new callers take, when each of so many others has made an image.
    private static func seconds(knowing callers: Int) -> Double {
        var settings = Engine.Settings()
        (settings.keepsJournal, settings.horizonSeconds) = (true, 86_400)
        var engine = Engine(policy: Policy(), settings: settings)
        var alerts: [Alert] = []
        func make(_ numbers: Range<Int>) {
            for number in numbers {
                let record = Record(
                    id: .uuid(2, UInt64(number)),
                    account: World.owner,
                    region: "us-east-1",
                    time: EventTime(seconds: World.base + Int64(number)),
                    name: "RegisterImage",
                    source: "ec2.amazonaws.com",
                    actor: Actor(arn: "arn:aws:iam::111122223333:user/user-\(number)", type: "IAMUser"),
                    call: .createImage(ImageCreation(image: World.image(number)))
                )
                _ = engine.process(record, into: &alerts)
                if number % 100 == 99 { engine.commit() }
            }
        }
        make(0..<callers)
        let begun = threadSeconds()
        make(callers..<(callers + 500))
        return threadSeconds() - begun
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

    /// A tag goes by which a hundred launches were approved: one transaction need not carry all that this leads to.
    @Test
    func oneFactIsEvaluatedInSlices() {
        var golden = Policy.ApprovedImage()
        golden.tags = ["Role": "golden"]
        var policy = Policy()
        policy.images.approved = [golden]
        var settings = Engine.Settings()
        settings.subjectsAtOnce = 10
        var engine = Engine(
            policy: policy,
            rules: RuleSet([LaunchFromUnapprovedAMI()]),
            settings: settings
        )
        func record(_ number: Int, _ name: String, _ call: Call) -> Record {
            Record(
                id: .uuid(2, UInt64(number)),
                account: World.owner,
                region: "us-east-1",
                time: EventTime(seconds: World.base + Int64(number)),
                name: name,
                source: "ec2.amazonaws.com",
                actor: World.actors[1],
                call: call
            )
        }
        let creation = ImageCreation(image: World.image(1), imageTags: ["Role": "golden"])
        var alerts: [Alert] = []
        _ = engine.process(record(0, "CreateImage", .createImage(creation)), into: &alerts)
        for number in 100..<200 {
            let instance = InstanceLaunch.Instance(
                id: ResourceID("i-00000000000000\(number)"),
                image: World.image(1)
            )
            let launch = InstanceLaunch(instances: [instance], requestedImage: nil)
            _ = engine.process(record(number, "RunInstances", .runInstances(launch)), into: &alerts)
        }
        let deletion = TagChange(
            resources: [ExactText(World.image(1).description)],
            tags: ["Role": nil],
            deletes: true
        )
        #expect(alerts.isEmpty)
        _ = engine.process(record(1, "DeleteTags", .changeTags(deletion)), into: &alerts)
        #expect(alerts.count == 10 && engine.hasBacklog)
        engine.evaluateBacklog(atMost: .max, into: &alerts)
        #expect(alerts.count == 100)
    }
}
