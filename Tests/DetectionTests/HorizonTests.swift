import CloudTrail
import TestSupport
import Testing

@testable import Detection

/// What a running engine knows of the past: everything within the horizon, and of each attribute the newest facts.
@Suite
struct HorizonTests {
    private static let horizon: Int64 = 86_400

    /// Histories of many days, in any order in which no record is later than the horizon: as long as no attribute has
    /// more facts than are kept, a running engine ends where a replay ends, which forgets nothing.
    @Test(arguments: 0..<2)
    func theHorizonDecidesNothing(_ part: Int) {
        var compared = 0
        for seed in UInt64(part * 100)..<UInt64(part * 100 + 25) {
            var random = SplitMix64(seed: 5_000 + seed)
            let policy = World.policy(&random)
            let days = Int64.random(in: 2...20, using: &random)
            let records = Self.stretched(
                History.records(Int.random(in: 10...60, using: &random), random),
                overDays: days
            )
            let expected = OrderTests.findings(of: records, policy, "seed \(seed)")
            for late in [0, Self.horizon / 2, Self.horizon] {
                let order = Self.inTime(records, late: late, &random)
                guard let lines = Self.findings(of: order, policy, "seed \(seed), late \(late)") else {
                    continue
                }
                compared += 1
                #expect(lines == expected, "seed \(seed), late \(late)")
                if lines != expected { return }
            }
        }
        #expect(compared > 40, "\(compared)")
    }

    /// AWS delivers again for thirty days, and a restart judges everything again: nothing is said only because facts
    /// were forgotten meanwhile.
    @Test(arguments: 0..<2)
    func aRepeatSaysNothing(_ part: Int) {
        var repeats = 0
        for seed in UInt64(part * 100)..<UInt64(part * 100 + 50) {
            var random = SplitMix64(seed: 6_000 + seed)
            let policy = World.policy(&random)
            let days = Int64.random(in: 2...20, using: &random)
            let generated = History.records(Int.random(in: 20...120, using: &random), random)
            // A copy that differs is known for one only as long as the record itself is remembered.
            let counts = Dictionary(grouping: generated, by: \.id)
            // Of one account: every account has a clock of its own.
            let alone = generated.filter { counts[$0.id]?.count == 1 }.map { record in
                var record = record
                record.account = World.owner
                return record
            }
            let records = Self.stretched(alone, overDays: days)
            var settings = Engine.Settings()
            settings.horizonSeconds = Self.horizon
            var engine = Engine(policy: policy, settings: settings)
            var alerts: [Alert] = []
            for record in Self.inTime(records, late: Self.horizon / 2, &random) {
                _ = engine.process(record, into: &alerts)
            }
            alerts = []
            engine.reconcile(into: &alerts)
            #expect(alerts.isEmpty, "seed \(seed), judged again: \(alerts.map(\.line))")
            for record in records.shuffled(using: &random) {
                if engine.state.seen.remembered(SeenRecords.Key(record)) == nil { repeats += 1 }
                _ = engine.process(record, into: &alerts)
                #expect(alerts.isEmpty, "seed \(seed): \(alerts.map(\.line))")
                if !alerts.isEmpty { return }
            }
        }
        #expect(repeats > 500, "\(repeats) repeats were not remembered")
    }

    /// A share counts as one that was before the next, also where it is forgotten.
    @Test
    func aForgottenShareWasOne() {
        var settings = Engine.Settings()
        settings.horizonSeconds = Self.horizon
        settings.keptFacts = 1
        var engine = Engine(policy: Policy(), settings: settings)
        var alerts: [Alert] = []
        // Somebody else's tells since when the account is known; of the others the first is inside, and forgotten when
        // the third comes. After the third there is none for thirty days.
        let shares: [(day: Int64, actor: Actor, grantee: AccountID)] = [
            (0, World.actors[1], World.owner), (40, World.actors[0], World.owner),
            (42, World.actors[0], World.stranger), (44, World.actors[0], World.stranger),
            (75, World.actors[0], World.stranger),
        ]
        for (number, share) in shares.enumerated() {
            let change = LaunchPermissionChange(
                image: World.image(number),
                added: [.account(share.grantee)],
                removed: []
            )
            let record = Record(
                id: .uuid(1, UInt64(number)),
                account: World.owner,
                region: "us-east-1",
                time: EventTime(seconds: World.base + share.day * 86_400),
                name: "ModifyImageAttribute",
                source: "ec2.amazonaws.com",
                actor: share.actor,
                call: .modifyLaunchPermission(change)
            )
            _ = engine.process(record, into: &alerts)
        }
        let told = alerts.map(\.finding).filter { $0.identity.rule == "ami-first-time-sharer" }
        #expect(told.map(\.occurrences) == [1])
        #expect(told.map(\.firstSeen.seconds) == [World.base + 75 * 86_400])
    }

    static func stretched(_ records: [Record], overDays days: Int64) -> [Record] {
        let times = records.map(\.time.seconds)
        let length = max(1, (times.max() ?? 0) - World.base)
        return records.map { record in
            var record = record
            let offset = (record.time.seconds - World.base) * days * 86_400 / length
            record.time = EventTime(seconds: World.base + offset)
            return record
        }
    }

    /// An order in which no record is more than so many seconds behind one that came before it.
    static func inTime(
        _ records: [Record],
        late: Int64,
        _ random: inout SplitMix64
    ) -> [Record] {
        records.map { ($0.time.seconds + Int64.random(in: 0...late, using: &random), $0) }
            .sorted { ($0.0, $0.1.id) < ($1.0, $1.1.id) }.map(\.1)
    }

    /// What a running engine says; nil when it has forgotten a fact that is more than activity.
    private static func findings(of records: [Record], _ policy: Policy, _ comment: Comment) -> [String]? {
        var settings = Engine.Settings()
        settings.horizonSeconds = horizon
        var engine = Engine(policy: policy, settings: settings)
        var all = Engine(policy: policy)
        var ledger = Ledger()
        for record in records {
            var alerts: [Alert] = []
            _ = engine.process(record, into: &alerts)
            ledger.take(alerts, comment)
            _ = all.process(record, into: &alerts)
        }
        func keys(_ engine: Engine) -> [FactKey: Int] {
            let facts = engine.state.factKeys.map { ($0, engine.state.timeline($0).facts.count) }
            return Dictionary(uniqueKeysWithValues: facts).filter { key, _ in
                key.attribute != .activity
            }
        }
        guard keys(engine) == keys(all) else { return nil }
        #expect(ledger.told == engine.told, comment)
        return engine.findingLines
    }
}
