import CloudTrail
import Synchronization
import TestSupport
import Testing

@testable import Detection

/// Everything is judged again, image by image, in slices between which the state moves on.
@Suite
struct SweepTests {
    @Test("Every subject is judged again, in whatever slices, and whatever is taken back", arguments: 0..<4)
    func everything(_ part: UInt64) throws {
        for seed in 15_000 + part * 50..<15_000 + part * 50 + 50 {
            var random = SplitMix64(seed: seed)
            let policy = World.policy(&random)
            var settings = Engine.Settings()
            settings.keepsJournal = true
            settings.imagesAtHand = random.pick([1, 100])
            var engine = Engine(policy: policy, settings: settings)
            var alerts: [Alert] = []
            for record in History.records(40, random) { _ = engine.process(record, into: &alerts) }
            var restored = Engine(policy: policy, settings: settings)
            for entry in engine.allEntries() { try restored.restore(key: entry.key, value: entry.value) }
            let judged = Judged()
            restored.witness = judged
            if random.chance(50) { restored.isOwned = { $0 == World.owner } }
            restored.startReconciling()
            restored.commit()
            var expected: Set<Subject> = []
            for subject in restored.allSubjects() where restored.owns(subject) {
                for rule in restored.rules.rules(evaluating: subject)
                where policy.rules[rule.metadata.id]?.isEnabled ?? true { expected.insert(subject) }
            }
            var committed = judged.subjects
            while restored.hasBacklog {
                let count = Int.random(in: 1...9, using: &random)
                restored.evaluateBacklog(atMost: count, into: &alerts)
                if random.chance(20) {
                    restored.rollback()
                    judged.subjects = committed
                } else if random.chance(50) {
                    restored.commit()
                    committed = judged.subjects
                }
            }
            #expect(judged.subjects.isSuperset(of: expected), "seed \(seed)")
        }
    }

    /// An image comes back with an abort, in the row of one that is judged and gone.
    @Test
    func anImageThatMovesIsJudged() throws {
        var settings = Engine.Settings()
        settings.keepsJournal = true
        var engine = Engine(policy: Policy(), settings: settings)
        var alerts: [Alert] = []
        func creation(_ number: Int) -> Record {
            Record(
                id: .uuid(15, UInt64(number)),
                account: World.owner,
                region: World.regions[0],
                time: EventTime(seconds: World.base + Int64(number)),
                name: "CreateImage",
                source: "ec2.amazonaws.com",
                actor: World.actors[1],
                call: .createImage(ImageCreation(image: World.image(number), imageTags: [:]))
            )
        }
        func remove(_ number: Int) {
            let image = World.image(number)
            for attribute in engine.state.image(image)?.attributes ?? [] {
                let key = FactKey.image(image, attribute)
                for fact in engine.state.timeline(key).facts { engine.state.remove(fact, at: key) }
            }
            #expect(engine.state.image(image) == nil)
        }
        for number in 1...3 { _ = engine.process(creation(number), into: &alerts) }
        engine.commit()
        let judged = Judged()
        engine.witness = judged
        engine.startReconciling()
        // All that is no image, and two of the images.
        let listed = engine.allSubjects().count { $0.id == nil }
        engine.evaluateBacklog(atMost: listed + 2, into: &alerts)
        #expect(judged.images == [World.image(1), World.image(2)])
        remove(1)
        engine.commit()
        remove(3)
        var other = Engine(policy: Policy(), settings: settings)
        _ = other.process(creation(4), into: &alerts)
        for entry in other.pendingChanges() where entry.store == .catalogue {
            try engine.restore(key: entry.key, value: entry.value)
        }
        engine.rollback()
        #expect(Array(engine.state.images.keys).first == World.image(3))
        while engine.hasBacklog { engine.evaluateBacklog(atMost: 1, into: &alerts) }
        #expect(judged.images.contains(World.image(3)))
    }
}

/// The subjects that any rule has judged.
private final class Judged: EvaluationWitness {
    private let all = Mutex<Set<Subject>>([])

    var subjects: Set<Subject> {
        get { all.withLock(\.self) }
        set { all.withLock { $0 = newValue } }
    }

    var images: Set<ResourceID> { Set(subjects.compactMap(\.id)) }

    func affected(_ subjects: [Subject], by facts: [KeyedFact], in engine: Engine) {}
    func reconciled(_ subjects: [Subject], of isConcerned: (AccountID) -> Bool, in engine: Engine) {}
    func passedOver(_ subject: Subject, in engine: Engine) {}
    func evaluated(_ subject: Subject, by rule: String, _ judgement: Judgement?, _ readings: FactReadings) {
        _ = all.withLock { $0.insert(subject) }
    }
}
