import CloudTrail
import TestSupport
import Testing

@testable import Detection

/// What is known as of a time.
@Suite
struct StateQueryTests {
    /// The items of a group by name.
    private static func items(_ report: StateReport, _ group: String) -> [String: StateReport.Item] {
        let items = report.groups.first { $0.name == group }?.items ?? []
        return Dictionary(items.map { ($0.name, $0) }) { $1 }
    }

    private static func image(
        _ number: Int,
        _ engine: inout Engine,
        _ asOf: AsOf = .now
    ) throws -> StateReport {
        try #require(engine.reports(.image(World.image(number)), asOf: asOf).first)
    }

    private static func at(_ seconds: Int64) -> AsOf {
        let time = EventTime(seconds: World.base + seconds)
        return AsOf(start: time, end: time)
    }

    private static func engine(_ calls: [(Int64, Call)], settings: Engine.Settings = .init()) -> Engine {
        var engine = Engine(policy: Policy(), settings: settings)
        var alerts: [Alert] = []
        for (index, (seconds, call)) in calls.enumerated() {
            let name =
                switch call {
                case .createImage: "CreateImage"
                case .modifyLaunchPermission, .unreadable: "ModifyImageAttribute"
                case .resetLaunchPermission: "ResetImageAttribute"
                case .deregisterImage: "DeregisterImage"
                default: "DescribeImages"
                }
            let record = Record(
                id: .uuid(1, UInt64(index)),
                account: World.owner,
                region: "us-east-1",
                time: EventTime(seconds: World.base + seconds),
                name: name,
                source: "ec2.amazonaws.com",
                actor: World.actors[0],
                call: call
            )
            _ = engine.process(record, into: &alerts)
            engine.commit()
        }
        return engine
    }

    private static func share(_ grantee: Grantee, isRevoked: Bool = false) -> Call {
        .modifyLaunchPermission(
            LaunchPermissionChange(
                image: World.image(1),
                added: isRevoked ? [] : [grantee],
                removed: isRevoked ? [grantee] : []
            )
        )
    }

    private static var creation: Call {
        .createImage(
            ImageCreation(
                image: World.image(1),
                name: "web",
                origin: nil,
                imageTags: ["Role": "golden"],
                snapshotTags: [:]
            )
        )
    }

    @Test("As of any time it is what is known when nothing later has come")
    func asOfIsAReplayUntilThen() throws {
        var (compared, differing) = (0, 0)
        for seed in UInt64(0)..<60 {
            var random = SplitMix64(seed: 31_000 + seed)
            let policy = World.policy(&random)
            let records = History.records(Int.random(in: 30...70, using: &random), random)
            let time = random.pick(records).time
            var (whole, then) = (Engine(policy: policy), Engine(policy: policy))
            var alerts: [Alert] = []
            for record in records {
                _ = whole.process(record, into: &alerts)
                if record.time <= time { _ = then.process(record, into: &alerts) }
            }
            let asOf = AsOf(start: time, end: time)
            for number in 1...4 {
                let question = StateQuestion.image(World.image(number))
                guard let expected = then.reports(question, asOf: .now).first else { continue }
                let found = try #require(whole.reports(question, asOf: asOf).first)
                let (shares, expectedShares) = (Self.items(found, "shares"), Self.items(expected, "shares"))
                #expect(Set(shares.keys) == Set(expectedShares.keys), "seed \(seed)")
                for (name, item) in expectedShares {
                    #expect(shares[name]?.since == item.since, "seed \(seed)")
                }
                let (own, expectedOwn) = (Self.items(found, "attributes"), Self.items(expected, "attributes"))
                for name in ["status", "deprecated from", "product codes"] {
                    guard let item = expectedOwn[name], item.value != nil else { continue }
                    #expect(
                        own[name]?.value == item.value && own[name]?.since == item.since,
                        "seed \(seed), \(name)"
                    )
                    compared += 1
                }
                #expect((own["public"]?.value == "yes") == (expectedOwn["public"]?.value == "yes"))
                if Self.items(try #require(whole.reports(question, asOf: .now).first), "shares").count
                    != shares.count
                {
                    differing += 1
                }
            }
            let settings = Dictionary(
                uniqueKeysWithValues: whole.reports(.guardrails(nil, region: nil), asOf: asOf).map {
                    ($0.id, $0)
                }
            )
            for expected in then.reports(.guardrails(nil, region: nil), asOf: .now) {
                let found = Self.items(try #require(settings[expected.id]), "settings")
                for (name, item) in Self.items(expected, "settings") {
                    #expect(
                        found[name]?.value == item.value && found[name]?.since == item.since,
                        "seed \(seed), \(name)"
                    )
                    compared += 1
                }
            }
        }
        #expect(compared > 200 && differing > 20, "\(compared), \(differing)")
    }

    @Test("Who could use an image: then, on a day, ever; and nobody before it was there")
    func shares() throws {
        let partner = Grantee.account(World.trusted)
        var engine = Self.engine([
            (0, Self.creation), (10, Self.share(.everyone)), (20, Self.share(.everyone, isRevoked: true)),
            (30, Self.share(partner)),
        ])
        func shares(_ asOf: AsOf) throws -> [String: StateReport.Item] {
            Self.items(try Self.image(1, &engine, asOf), "shares")
        }
        func isPublic(_ asOf: AsOf) throws -> String? {
            Self.items(try Self.image(1, &engine, asOf), "attributes")["public"]?.value
        }
        #expect(try Set(shares(.now).keys) == [partner.description] && isPublic(.now) == "no")
        #expect(try Set(shares(Self.at(15)).keys) == ["all"] && isPublic(Self.at(15)) == "yes")
        #expect(try shares(Self.at(15))["all"]?.until == EventTime(seconds: World.base + 20))
        #expect(try shares(Self.at(5)).isEmpty && isPublic(Self.at(5)) == "no")
        #expect(try shares(Self.at(20)).isEmpty, "the second that ends it counts")
        #expect(try shares(.always).count == 2 && isPublic(.always) == "yes")
        let first = AsOf(start: EventTime(seconds: World.base), end: EventTime(seconds: World.base + 25))
        #expect(try Set(shares(first).keys) == ["all"] && isPublic(first) == "yes")
        for asOf in [AsOf.now, .always, Self.at(15), Self.at(-5)] {
            let report = try Self.image(1, &engine, asOf)
            #expect(report.groups.first { $0.name == "shares" }?.incomplete == nil)
        }
        let before = Self.items(try Self.image(1, &engine, Self.at(-5)), "attributes")
        #expect(before["status"]?.value == "not there yet" && before["public"]?.value == "no")
        let tags = try Self.image(1, &engine).groups.first { $0.name == "tags" }
        #expect(tags?.items.first?.value == "golden" && tags?.incomplete == nil)
    }

    @Test("What nobody told is unknown, and never a no")
    func unknown() throws {
        let partner = Grantee.account(World.trusted)
        var engine = Self.engine([(10, Self.share(partner)), (20, .resetLaunchPermission(World.image(1)))])
        let then = try Self.image(1, &engine, Self.at(15))
        let isPublic = try #require(Self.items(then, "attributes")["public"])
        #expect(isPublic.value == nil && isPublic.unknown?.contains("neither its creation nor") == true)
        #expect(then.groups.first { $0.name == "shares" }?.incomplete != nil)
        #expect(then.groups.first { $0.name == "tags" }?.incomplete != nil)
        #expect(
            then.groups.first { $0.name == "lineage" }?.incomplete?.contains("was made nobody told") == true
        )
        #expect(Self.items(then, "attributes")["name"]?.unknown == "nobody told")
        // A reset takes every permission back, so that from then on all are known.
        let now = try Self.image(1, &engine)
        #expect(Self.items(now, "attributes")["public"]?.value == "no")
        #expect(now.groups.first { $0.name == "shares" }?.incomplete == nil)
        #expect(engine.reports(.image(World.image(2)), asOf: .now).isEmpty)

        var unread = Self.engine([(0, Self.creation), (10, .unreadable("omitted"))])
        #expect(Self.items(try Self.image(1, &unread, Self.at(5)), "attributes")["public"]?.value == "no")
        let later = try #require(Self.items(try Self.image(1, &unread), "attributes")["public"])
        #expect(later.value == nil && later.unknown?.contains("could not be read") == true)
        let guardrails = try #require(unread.reports(.guardrails(World.owner, region: nil), asOf: .now).first)
        #expect(Self.items(guardrails, "settings").values.allSatisfy { $0.value == nil && $0.unknown != nil })
    }

    @Test("What a worker may have forgotten is not taken for a no")
    func forgotten() throws {
        var settings = Engine.Settings()
        settings.horizonSeconds = 86_400
        let day: Int64 = 86_400
        let calls: [(Int64, Call)] = [
            (0, Self.creation), (10, Self.share(.everyone)), (20, Self.share(.everyone, isRevoked: true)),
            (40 * day, Self.share(.account(World.trusted))), (40 * day + 10, .nothing),
        ]
        var live = Self.engine(calls, settings: settings)
        let then = try Self.image(1, &live, Self.at(15))
        let isPublic = try #require(Self.items(then, "attributes")["public"])
        #expect(isPublic.value != "no", "\(isPublic)")
        #expect(then.groups.first { $0.name == "shares" }?.incomplete?.contains("no longer kept") == true)
        #expect(Self.items(try Self.image(1, &live), "attributes")["public"]?.value == "no")
        var replay = Self.engine(calls)
        #expect(Self.items(try Self.image(1, &replay, Self.at(15)), "attributes")["public"]?.value == "yes")
    }
}
