import CloudTrail
import Testing

@testable import Detection

/// What one account has told of an image, and forgets, is read by engines of other accounts: nothing is said there because
/// it is gone, and each knows what a restart would read back.
@Suite
struct OthersFactsTests {
    private static let day: Int64 = 86_400
    private static let image = World.image(1)

    private static func record(
        _ number: UInt64,
        by account: AccountID = World.owner,
        at second: Int64,
        _ name: String,
        _ call: Call
    ) -> Record {
        World.record(.uuid(0x9300, number), by: account, at: second, name, call)
    }

    private static func creation(
        _ number: UInt64,
        at second: Int64,
        _ tags: [ExactText: ExactText] = [:]
    )
        -> Record
    {
        let creation = ImageCreation(image: image, imageTags: tags)
        return record(number, at: second, "CreateImage", .createImage(creation))
    }

    private static func tag(_ number: UInt64, at second: Int64, _ value: ExactText) -> Record {
        let change = TagChange(
            resources: [ExactText(image.description)],
            tags: ["Role": value],
            deletes: false
        )
        return record(number, at: second, "CreateTags", .changeTags(change))
    }

    private static func launch(_ number: UInt64, at second: Int64) -> Record {
        let instance = InstanceLaunch.Instance(id: World.instance(1), image: image)
        let launch = InstanceLaunch(instances: [instance], requestedImage: nil)
        return record(number, by: World.member, at: second, "RunInstances", .runInstances(launch))
    }

    /// A document without a date that gives the image a name.
    private static func name(_ number: Int, by account: AccountID) -> Record {
        var seen = Inventory.Image(id: image)
        seen.name = ExactText("name \(number)")
        var inventory = Inventory(isDated: false)
        inventory.images = [seen]
        var record = record(UInt64(number), by: account, at: 0, "DescribeImages", .inventory(inventory))
        record.id = .text("inventory/\(number)")
        return record
    }

    @Test("Each account's newest names stay, whoever has told how many in which order")
    func names() throws {
        let records =
            (10..<22).map { Self.name($0, by: World.member) }
            + (30..<42).map { Self.name($0, by: World.owner) }
        for records in [records, records.reversed()] {
            var pair = Pair(World.goldenPolicy)
            // A document moves no clock.
            for (number, account) in [(100, World.owner), (101, World.member)] as [(UInt64, AccountID)] {
                try pair.process(Self.record(number, by: account, at: 0, "RunInstances", .nothing))
            }
            for record in records { try pair.process(record) }
            try pair.expectRestorable()
            for engine in pair.engines.values {
                let names = engine.state.timeline(.image(Self.image, .name)).facts.map(\.value)
                #expect(names == (Array(14..<22) + Array(34..<42)).map { .text(ExactText("name \($0)")) })
            }
        }
    }

    @Test("A launch is no violation because the tag of then is forgotten by the image's owner")
    func tags() throws {
        var pair = Pair(World.goldenPolicy)
        for record in [Self.creation(1, at: 0), Self.tag(2, at: 5, "golden"), Self.launch(3, at: 10)] {
            try pair.process(record)
        }
        for number in 1..<12 {
            try pair.process(Self.tag(UInt64(number + 3), at: Int64(number) * Self.day, "silver"))
        }
        let tags = pair.engines[World.member]?.state.timeline(.image(Self.image, .tag("Role")))
        #expect(tags?.facts.first?.value == .tagSet("silver"), "the owner has forgotten the first")
        try pair.expectRestorable()
        try pair.expectNoNewsAfterRestart()
        #expect(pair.alerts(of: "launch-from-unapproved-ami").isEmpty)
    }

    @Test("A share that its grantee gave up is not opened again when that is long ago")
    func givenUp() throws {
        let grantee = Grantee.account(World.member)
        let share = LaunchPermissionChange(image: Self.image, added: [grantee], removed: [])
        var pair = Pair(World.goldenPolicy)
        for record in [
            Self.creation(1, at: 0),
            Self.record(2, at: 10, "ModifyImageAttribute", .modifyLaunchPermission(share)),
            Self.record(
                3,
                by: World.member,
                at: Self.day,
                "CancelImageLaunchPermission",
                .cancelLaunchPermission(Self.image)
            ),
        ] {
            try pair.process(record)
        }
        for (number, day) in [(4, 30), (5, 40), (6, 80), (7, 120)] as [(UInt64, Int64)] {
            for (number, account) in [(number, World.member), (number + 10, World.owner)] {
                try pair.process(
                    Self.record(number, by: account, at: day * Self.day, "RunInstances", .nothing)
                )
            }
        }
        try pair.expectRestorable()
        try pair.expectNoNewsAfterRestart()
        let told = pair.alerts(of: "ami-shared-with-untrusted-account").map(\.finding.status)
        #expect(told == [.open, .resolved])
    }

    @Test("A launch stays as it was judged when its image's owner has forgotten the image")
    func forgottenImage() throws {
        var pair = Pair(World.goldenPolicy)
        for record in [
            Self.creation(1, at: 0, ["Role": "golden"]), Self.launch(2, at: 10),
            Self.name(1, by: World.member),
            Self.record(3, at: 2 * Self.day, "DeregisterImage", .deregisterImage(Self.image)),
            Self.record(4, by: World.member, at: 400 * Self.day, "RunInstances", .nothing),
            Self.record(5, at: 500 * Self.day, "RunInstances", .nothing),
        ] {
            try pair.process(record)
        }
        let known = pair.engines[World.member]?.state.timeline(.image(Self.image, .lifecycle))
        #expect(known?.isEmpty == true, "the owner has forgotten the image")
        try pair.expectRestorable()
        try pair.expectNoNewsAfterRestart()
        #expect(pair.alerts(of: "launch-from-unapproved-ami").isEmpty)
    }
}

/// Two engines, each with an account of its own, and the catalogue in common.
private struct Pair {
    private let policy: Policy
    private(set) var engines: [AccountID: Engine] = [:]
    private var entries: [StateEntry.Store: [AccountID: [ArraySlice<UInt8>: StateEntry]]] = [:]
    private var alerts: [Alert] = []

    init(_ policy: Policy) {
        self.policy = policy
        for account in [World.owner, World.member] { engines[account] = engine(of: account) }
    }

    private func engine(of account: AccountID) -> Engine {
        var engine = Engine.journaling(policy)
        engine.isOwned = { $0 == account }
        return engine
    }

    /// Takes a record where its account is judged; the other engine reads what becomes of it.
    mutating func process(_ record: Record) throws {
        let other = record.account == World.owner ? World.member : World.owner
        _ = engines[record.account]?.process(record, into: &alerts)
        for entry in commit(record.account) where entry.store == .catalogue {
            try engines[other]?.applyCatalogue(key: entry.key, value: entry.value, into: &alerts)
            _ = commit(other)
        }
    }

    /// Writes what an engine's own account has told.
    private mutating func commit(_ account: AccountID) -> [StateEntry] {
        let changes = (engines[account]?.pendingChanges() ?? []).filter { $0.account == account }
        for entry in changes {
            entries[entry.store, default: [:]][account, default: [:]][entry.key] =
                entry.value == nil ? nil : entry
        }
        engines[account]?.commit()
        return changes
    }

    private func restored(_ account: AccountID) throws -> Engine {
        var engine = engine(of: account)
        let known =
            [entries[.state]?[account]] + [World.owner, World.member].map { entries[.catalogue]?[$0] }
        for entry in known.compactMap({ $0?.values }).joined() {
            try engine.restore(key: entry.key, value: entry.value)
        }
        return engine
    }

    func expectRestorable() throws {
        for (account, engine) in engines {
            let isSame = try Set(restored(account).allEntries()) == Set(engine.allEntries())
            #expect(isSame, "memory of \(account) is what a restart reads back")
        }
    }

    func expectNoNewsAfterRestart() throws {
        for account in engines.keys {
            var alerts: [Alert] = []
            var engine = try restored(account)
            engine.reconcile(into: &alerts)
            #expect(alerts.map(\.finding.message) == [], "after a restart of \(account)")
        }
    }

    func alerts(of rule: String) -> [Alert] { alerts.filter { $0.finding.identity.rule == rule } }
}
