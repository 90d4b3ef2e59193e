import CloudTrail
import TestSupport
import Testing

@testable import Detection

/// Deadlines of several rules about one subject.
@Suite
struct TimerTests {
    private static let subjects = (1...3).map {
        Subject.launch(AccountRegion(World.owner, "us-east-1"), World.instance($0))
    }

    private static func time(_ second: Int64) -> EventTime { EventTime(seconds: World.base + second) }

    private static func deadlines(_ times: [String: Int64]) -> [Timers.Deadline] {
        times.sorted { $0.key < $1.key }.map { Timers.Deadline(rule: $0.key, time: time($0.value)) }
    }

    /// 180 days and 30 days ahead, set again by each of many evaluations.
    @Test
    func twoDeadlinesOfOneSubjectAreKeptOnce() {
        var timers = Timers(keepsChanges: true)
        for _ in 0..<10_000 {
            timers.set(Self.deadlines(["a": 180 * 86_400, "b": 30 * 86_400]), of: Self.subjects[0])
            timers.commit()
        }
        #expect(timers.entryCount == 2)
        #expect(timers.popDue(at: Self.time(30 * 86_400 - 1)) == [])
        #expect(timers.popDue(at: Self.time(30 * 86_400)) == [Self.subjects[0]])
        #expect(timers.popDue(at: Self.time(180 * 86_400)) == [Self.subjects[0]])
        #expect(timers.entryCount == 0)
    }

    @Test
    func whatIsReplacedOrGoneNeitherFiresNorStays() {
        var timers = Timers(keepsChanges: false)
        for second in 1...Int64(10_000) {
            timers.set(Self.deadlines(["a": second, "b": 20_000]), of: Self.subjects[0])
            timers.set(Self.deadlines(["a": second]), of: Self.subjects[1])
            timers.set([], of: Self.subjects[1])
            #expect(timers.entryCount <= 100)
        }
        #expect(timers.popDue(at: Self.time(9_999)) == [])
        #expect(timers.popDue(at: Self.time(10_000)) == [Self.subjects[0]])
        #expect(timers.popDue(at: Self.time(20_000)) == [Self.subjects[0]])
    }

    /// Against a plain list of deadlines: whatever is set, replaced, fired, taken back and dropped.
    @Test
    func aListTellsTheSame() {
        for seed in UInt64(0)..<200 {
            var random = SplitMix64(seed: seed)
            var timers = Timers(keepsChanges: true)
            var expected: [Subject: [String: Int64]] = [:]
            var committed = expected
            var now: Int64 = 0
            for _ in 0..<120 {
                let subject = random.pick(Self.subjects)
                switch Int.random(in: 0..<8, using: &random) {
                case 0:
                    now += Int64.random(in: 0..<15, using: &random)
                    let due = expected.filter { $0.value.values.contains { $0 <= now } }.keys
                    #expect(Set(timers.popDue(at: Self.time(now))) == Set(due), "seed \(seed)")
                    for subject in due { expected[subject] = expected[subject]?.filter { $0.value > now } }
                case 1:
                    timers.commit()
                    committed = expected
                case 2:
                    timers.rollback()
                    expected = committed
                case 3 where random.chance(20):
                    timers.drop { $0 == subject }
                    expected[subject] = nil
                    committed = expected
                default:
                    var times: [String: Int64] = [:]
                    for rule in ["a", "b"] where random.chance(60) {
                        times[rule] = now + Int64.random(in: 1..<40, using: &random)
                    }
                    timers.set(Self.deadlines(times), of: subject)
                    expected[subject] = times
                }
            }
        }
    }

    /// An image that lacks a tag, which a suppression hides for a while, and that has time for another one: its tags
    /// change again and again.
    @Test
    func oneSubjectWithTwoDeadlinesKeepsTwo() {
        var policy = Policy()
        policy.requiredTags = [
            .init(resource: .image, key: "Role", requirement: .value("golden")),
            .init(resource: .image, key: "Role", requirement: .present, graceMinutes: 30 * 1440),
        ]
        policy.suppressions = [
            Policy.Suppression(
                rule: "ami-created-without-required-tags",
                reason: "a reason",
                owner: "somebody",
                ends: Self.time(180 * 86_400)
            )
        ]
        var engine = Engine(policy: policy)
        var alerts: [Alert] = []
        func process(_ number: Int, _ name: String, _ call: Call) {
            let record = Record(
                id: .uuid(1, UInt64(number)),
                account: World.owner,
                region: "us-east-1",
                time: Self.time(Int64(number)),
                name: name,
                source: "ec2.amazonaws.com",
                actor: World.actors[1],
                call: call
            )
            _ = engine.process(record, into: &alerts)
        }
        process(0, "CreateImage", .createImage(ImageCreation(image: World.image(1), name: "web")))
        for number in 1...1_000 {
            let change = TagChange(
                resources: [ExactText(World.image(1).description)],
                tags: ["Role": number % 2 == 0 ? "silver" : nil],
                deletes: number % 2 == 1
            )
            process(number, number % 2 == 0 ? "CreateTags" : "DeleteTags", .changeTags(change))
        }
        #expect(engine.agenda.timers.entryCount <= 2, "\(engine.agenda.timers.entryCount)")
        #expect(alerts.allSatisfy { $0.finding.identity.rule != "ami-created-without-required-tags" })
        engine.advanceStreamTime(to: Self.time(180 * 86_400), into: &alerts)
        #expect(alerts.contains { $0.finding.identity.rule == "ami-created-without-required-tags" })
    }
}
