import CloudTrail
import TestSupport
import Testing

@testable import Detection

/// `account-silent` against a plain list of the hours in which accounts were heard.
@Suite
struct AccountSilentTests {
    private static let accounts = ["111122223333", "222233334444", "333344445555"].map(World.account)

    private static func policy(_ hours: Int?) -> Policy {
        var policy = Policy()
        policy.thresholds.silentHours = hours
        for rule in RuleCatalogue.knownIDs where rule != AccountSilent.id {
            policy.rules[rule, default: .init()].isEnabled = false
        }
        return policy
    }

    private static func record(_ account: AccountID, at second: Int64, _ random: inout SplitMix64) -> Record {
        Record(
            id: .uuid(random.next(), random.next()),
            account: account,
            region: random.pick(World.regions),
            time: EventTime(seconds: World.base + second),
            name: "CreateTags",
            source: "ec2.amazonaws.com",
            error: random.chance(20) ? "Client.InvalidAMIID.NotFound" : nil,
            actor: World.actors[1],
            call: .nothing
        )
    }

    /// Records of all accounts over some days, with holes.
    private static func records(_ random: inout SplitMix64) -> [Record] {
        var records: [Record] = []
        for account in accounts {
            var second = Int64.random(in: 0..<7200, using: &random)
            while second < 12 * 86_400 {
                records.append(record(account, at: second, &random))
                second += Int64.random(in: 1...(random.chance(5) ? 259_200 : 20_000), using: &random)
            }
        }
        return records.sorted { $0.time < $1.time }
    }

    /// How often an account was silent, and whether it is at the end.
    private static func silences(_ account: AccountID, _ records: [Record], _ hours: Int) -> (Int, Bool) {
        func hour(_ record: Record) -> Int64 { record.time.seconds / 3600 }
        let heard = records.filter { $0.account == account }.map(hour)
        let end = records.map(hour).max() ?? 0
        var count = 0
        for (last, next) in zip(heard, heard.dropFirst() + [.max]) where min(next, end) - last > hours {
            count += 1
        }
        return (count, (heard.last ?? end) + Int64(hours) < end)
    }

    /// In order and late by up to the horizon, with a restart in between, by a running engine and by a replay.
    @Test(arguments: [nil, Int64(86_400)])
    func theListTellsTheSame(_ horizon: Int64?) throws {
        var silent = 0
        for seed in UInt64(0)..<40 {
            var random = SplitMix64(seed: 9_000 + seed)
            let hours = random.pick([1, 5, 24, 48])
            let records = Self.records(&random)
            for late in [0, Int64(43_200)] {
                let order = records.map { ($0.time.seconds + Int64.random(in: 0...late, using: &random), $0) }
                    .sorted { $0.0 < $1.0 }.map(\.1)
                var settings = Engine.Settings()
                settings.horizonSeconds = horizon
                settings.keepsJournal = true
                var engine = Engine(policy: Self.policy(hours), settings: settings)
                var alerts: [Alert] = []
                for (index, record) in order.enumerated() {
                    _ = engine.process(record, into: &alerts)
                    // What is taken back and told again changes nothing.
                    if random.chance(5), index > 0 {
                        engine.rollback()
                        _ = engine.process(record, into: &alerts)
                    }
                    engine.commit()
                    guard random.chance(2) else { continue }
                    var restored = Engine(policy: Self.policy(hours), settings: settings)
                    for entry in engine.allEntries() {
                        try restored.restore(key: entry.key, value: entry.value)
                    }
                    restored.reconcile(into: &alerts)
                    restored.commit()
                    engine = restored
                }
                engine.evaluateDeferred(into: &alerts)
                let findings = engine.keptFindings().all
                for account in Self.accounts {
                    let (count, isSilent) = Self.silences(account, records, hours)
                    let finding = findings.first { $0.identity.subject.scope.account == account }
                    // A silence before the horizon is not counted any more when a late record fills a later one.
                    let isCounted = horizon == nil || late == 0
                    let occurrences = finding?.occurrences ?? 0
                    #expect(!isCounted || occurrences == count, "seed \(seed), \(account), late \(late)")
                    #expect((finding?.status == .open) == isSilent, "seed \(seed), \(account), late \(late)")
                    if isSilent { silent += 1 }
                }
                #expect(engine.silentAccounts == findings.count { $0.status == .open })
            }
        }
        #expect(silent > 10, "\(silent)")
    }

    /// A clock that runs ahead dates a record into the future: it is no sign of life before its time has come.
    @Test
    func aRecordOfTheFutureHidesNothing() {
        var random = SplitMix64(seed: 1)
        let (account, other) = (Self.accounts[0], Self.accounts[1])
        var engine = Engine(policy: Self.policy(24))
        var alerts: [Alert] = []
        func process(_ account: AccountID, day: Int64, notAfter: Int64) -> [FindingStatus] {
            let before = alerts.count
            let latest = EventTime(seconds: World.base + notAfter * 86_400)
            _ = engine.process(
                Self.record(account, at: day * 86_400, &random),
                notAfter: latest,
                into: &alerts
            )
            return alerts[before...].filter { $0.finding.identity.subject.scope.account == account }
                .map(\.finding.status)
        }
        #expect(process(account, day: 0, notAfter: 1) == [])
        #expect(process(account, day: 10, notAfter: 1) == [])
        for day in Int64(1)...9 { #expect(process(other, day: day, notAfter: day) == []) }
        #expect(engine.silentAccounts == 1)
        #expect(process(other, day: 10, notAfter: 10) == [])
        #expect(engine.silentAccounts == 0)
        #expect(alerts.map(\.finding.status) == [.open, .resolved])
        #expect(alerts.allSatisfy { $0.cause == .time })
    }

    /// Nobody has asked for it.
    @Test
    func withoutATimeNothingIsKept() {
        var random = SplitMix64(seed: 2)
        var engine = Engine(policy: Self.policy(nil))
        var alerts: [Alert] = []
        for record in Self.records(&random) { _ = engine.process(record, into: &alerts) }
        #expect(alerts.isEmpty)
        #expect(!engine.state.keys.contains { $0.attribute.tag == 0x1060 })
    }
}
