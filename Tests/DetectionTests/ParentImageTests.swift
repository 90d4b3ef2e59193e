import CloudTrail
import TestSupport
import Testing

@testable import Detection

/// The image of the instance that an image was made from: told by whoever knows the instance, known to everybody.
@Suite
struct ParentImageTests {
    private static func record(
        _ number: UInt64,
        at second: Int64,
        _ name: String,
        _ call: Call,
        account: AccountID = World.owner
    ) -> Record {
        World.record(.uuid(7, number), by: account, at: second, name, call, actor: World.actors[1])
    }

    private static func launch(_ number: UInt64, at second: Int64, _ instance: Int, from image: Int) -> Record
    {
        let launched = InstanceLaunch.Instance(id: World.instance(instance), image: World.image(image))
        return record(
            number,
            at: second,
            "RunInstances",
            .runInstances(InstanceLaunch(instances: [launched], requestedImage: nil))
        )
    }

    private static func creation(
        _ number: UInt64,
        at second: Int64,
        _ image: Int,
        from instance: Int
    ) -> Record {
        record(
            number,
            at: second,
            "CreateImage",
            .createImage(
                ImageCreation(image: World.image(image), origin: .instance(World.instance(instance)))
            )
        )
    }

    private static func engine(_ change: (inout Engine.Settings) -> Void = { _ in }) -> Engine {
        var settings = Engine.Settings()
        settings.imagesAtHand = 2
        settings.keepsJournal = true
        change(&settings)
        return Engine(policy: policy, settings: settings)
    }

    /// Nothing is approved but one image.
    private static let policy: Policy = {
        var policy = Policy()
        var approved = Policy.ApprovedImage()
        approved.ids = ["\(World.image(9))"]
        policy.images.approved = [approved]
        return policy
    }()

    private static func parents(of image: Int, in engine: Engine) -> [String] {
        engine.state.timeline(.image(World.image(image), .parentImage)).facts.map {
            "\($0.value) by \($0.evidence.name) of \($0.evidence.account) at \($0.time)"
        }
    }

    private static func told(_ engine: Engine) -> [Verdict] {
        engine.findings().map(\.finding).filter { $0.identity.rule == "launch-from-tainted-ami" }.map(
            \.verdict
        )
    }

    /// Another account's engine cannot look the instance up, and reads in the catalogue what its owner's has derived.
    @Test
    func anotherAccountsEngineReadsIt() throws {
        var (owners, members) = (Self.engine(), Self.engine())
        owners.isOwned = { $0 == World.owner }
        members.isOwned = { $0 == World.member }
        var alerts: [Alert] = []
        var launched = Self.launch(3, at: 20, 2, from: 2)
        launched.account = World.member
        _ = members.process(launched, into: &alerts)
        members.commit()
        // The instance is told last of all.
        for record in [Self.creation(1, at: 10, 2, from: 1), Self.launch(2, at: 0, 1, from: 1)] {
            _ = owners.process(record, into: &alerts)
            for entry in owners.pendingChanges() where entry.store == .catalogue {
                try members.applyCatalogue(key: entry.key, value: entry.value, into: &alerts)
                members.commit()
            }
            owners.commit()
        }
        #expect(Self.parents(of: 2, in: members) == Self.parents(of: 2, in: owners))
        #expect(Self.parents(of: 2, in: members).count == 1)
        #expect(Self.told(members) == [.violation])
        let tainted = alerts.filter { $0.finding.identity.rule == "launch-from-tainted-ami" }
        #expect(tainted.map(\.finding.verdict) == [.violation])
        #expect(tainted.map(\.finding.identity.subject.scope.account) == [World.member])
    }

    /// Whoever does not own the instance's account derives nothing.
    @Test
    func onlyTheOwnersEngineDerives() {
        var engine = Self.engine()
        engine.isOwned = { $0 == World.member }
        var alerts: [Alert] = []
        _ = engine.process(Self.launch(1, at: 0, 1, from: 1), into: &alerts)
        _ = engine.process(Self.creation(2, at: 10, 2, from: 1), into: &alerts)
        #expect(Self.parents(of: 2, in: engine).isEmpty)
    }

    /// The same facts by the same evidence, in whatever order the records come, and after an abort.
    @Test(arguments: 0..<2)
    func theOrderDecidesNothing(_ part: Int) throws {
        var derived = 0
        for seed in UInt64(part * 100)..<UInt64(part * 100 + 100) {
            var random = SplitMix64(seed: 70_000 + seed)
            let records = History.records(
                40,
                random,
                about: [.create, .create, .launch, .launch, .instances, .images, .terminate]
            )
            func facts(_ records: [Record], aborts: Bool = false) -> [FactKey: [Fact]] {
                var engine = Self.engine()
                var alerts: [Alert] = []
                for record in records {
                    _ = engine.process(record, into: &alerts)
                    if aborts, random.chance(50) {
                        engine.rollback()
                        _ = engine.process(record, into: &alerts)
                    }
                    engine.commit()
                }
                let keys = engine.state.factKeys.filter { $0.attribute == .parentImage }
                return Dictionary(
                    uniqueKeysWithValues: keys.map { ($0, Array(engine.state.timeline($0).facts)) }
                )
            }
            let expected = facts(records)
            derived += expected.count
            for round in 0..<4 {
                let order = records.shuffled(using: &random)
                #expect(facts(order, aborts: round > 1) == expected, "seed \(seed)")
            }
        }
        #expect(derived > 100, "\(derived)")
    }

    /// A copy of the record that says more says that nothing was launched.
    @Test
    func itIsTakenBackWithWhatItWasDerivedFrom() {
        var engine = Self.engine()
        var alerts: [Alert] = []
        let launch = Self.launch(1, at: 0, 1, from: 1)
        for record in [launch, Self.creation(2, at: 10, 2, from: 1), Self.launch(3, at: 20, 2, from: 2)] {
            _ = engine.process(record, into: &alerts)
        }
        #expect(Self.told(engine) == [.violation])
        engine.commit()
        var failed = launch
        failed.error = "Client.UnauthorizedOperation"
        _ = engine.process(failed, into: &alerts)
        #expect(Self.parents(of: 2, in: engine).isEmpty)
        #expect(Self.told(engine).isEmpty)
        engine.rollback()
        #expect(Self.parents(of: 2, in: engine).count == 1)
    }

    /// Long after the instance is gone its image's parent is known, also after a restart.
    @Test
    func itOutlivesTheInstance() throws {
        let day: Int64 = 86_400
        var engine = Self.engine { $0.horizonSeconds = day }
        var alerts: [Alert] = []
        let again = Self.creation(6, at: 60 * day, 2, from: 1)
        for record in [
            Self.launch(1, at: 0, 1, from: 1), Self.creation(2, at: 10, 2, from: 1),
            Self.record(3, at: 20, "TerminateInstances", .terminateInstances([World.instance(1)])),
            Self.record(4, at: 50 * day, "CreateTags", .nothing), again,
            Self.launch(7, at: 61 * day, 2, from: 2),
        ] {
            _ = engine.process(record, into: &alerts)
            engine.commit()
        }
        #expect(
            engine.state.timeline(.instance(AccountRegion(World.owner, World.regions[0]), World.instance(1)))
                .isEmpty
        )
        #expect(Self.parents(of: 2, in: engine).count == 1)
        #expect(Self.told(engine) == [.violation])
        var restored = Self.engine { $0.horizonSeconds = day }
        for entry in engine.allEntries() { try restored.restore(key: entry.key, value: entry.value) }
        alerts.removeAll()
        restored.reconcile(into: &alerts)
        #expect(alerts.isEmpty && restored.pendingChanges().isEmpty)
        #expect(Self.parents(of: 2, in: restored) == Self.parents(of: 2, in: engine))
        // The second record that made it leaves with the error that it had; the first one still stands.
        var failed = again
        failed.error = "Client.InternalError"
        _ = engine.process(failed, into: &alerts)
        #expect(Self.parents(of: 2, in: engine).count == 1)
    }

    /// A state that a version without derived facts has left: they are derived, and published with the first transaction.
    @Test
    func whatWasNeverDerivedIsDerivedWhenTheStateIsReadBack() throws {
        var engine = Self.engine()
        var alerts: [Alert] = []
        let records = [
            Self.launch(1, at: 0, 1, from: 1), Self.creation(2, at: 10, 2, from: 1),
            Self.launch(3, at: 20, 2, from: 2),
        ]
        for record in records { _ = engine.process(record, into: &alerts) }
        var derived = ByteWriter()
        derived.entryKey(.facts(.image(World.image(2), .parentImage), writer: World.owner))
        let key = Array(derived.bytes)
        let entries = engine.allEntries()
        let older = entries.filter { !$0.key.elementsEqual(key) && !$0.key.dropFirst().starts(with: [1]) }
        #expect(older.count < entries.count)
        var restored = Self.engine()
        for entry in older { try restored.restore(key: entry.key, value: entry.value) }
        restored.startReconciling()
        restored.commit()
        for _ in 0..<2 {
            alerts.removeAll()
            while restored.hasBacklog { restored.evaluateBacklog(atMost: 1, into: &alerts) }
            #expect(Self.told(restored) == [.violation])
            #expect(restored.pendingChanges().contains { $0.key.elementsEqual(key) })
            restored.rollback()
        }
        #expect(Self.parents(of: 2, in: restored).isEmpty)
    }

    /// What lies further back than anybody looks is not known; a circle has an end.
    @Test
    func aLineageIsFollowedSoFar() {
        func copy(_ number: Int, of source: Int) -> Record {
            Self.record(
                UInt64(number),
                at: Int64(number),
                "CopyImage",
                .createImage(
                    ImageCreation(image: World.image(number), origin: .copy(World.image(source), region: nil))
                )
            )
        }
        var engine = Engine(policy: Policy())
        var alerts: [Alert] = []
        for number in 101...200 { _ = engine.process(copy(number, of: number - 1), into: &alerts) }
        _ = engine.process(copy(100, of: 102), into: &alerts)
        let view = FactView(engine.state)
        #expect(Lineage(of: World.image(200), in: view).ancestors.count == Lineage.maximumCount)
        #expect(Lineage(of: World.image(200), in: view).missing != nil)
        let circle = Lineage(of: World.image(101), in: view)
        #expect(circle.ancestors.map(\.image) == [World.image(100), World.image(102)])
        #expect(circle.missing == nil)
    }
}
