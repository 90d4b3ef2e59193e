import CloudTrail
import TestSupport
import Testing

@testable import Detection

/// The changelog holds everything that matters: an engine restored from it is the engine that wrote it.
@Suite
struct ChangelogTests {
    private static let account = AccountID("111122223333") ?? .none

    private static func record(_ number: Int, at seconds: Int64, _ name: String, _ call: Call) -> Record {
        Record(
            id: EventID("00000000-0000-4000-8000-\(String(format12(number)))"),
            account: account,
            region: "us-east-1",
            time: EventTime(seconds: 1_770_000_000 + seconds),
            name: name,
            source: "ec2.amazonaws.com",
            actor: Actor(arn: "arn:aws:iam::111122223333:user/ann", type: "IAMUser", sourceIP: "192.0.2.7"),
            call: call
        )
    }

    private static func format12(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 12 - digits.count) + digits
    }

    private static let history: [Record] = {
        let image = ResourceID("ami-0abcd1234abcd1234")
        let instance = ResourceID("i-0abcd1234abcd1234")
        let stranger = Grantee.account(AccountID("999988887777") ?? .none)
        let criterion = ImageCriterion(providers: ["amazon"], unknown: ["ImageWatermarks": "[\"a:b\"]"])
        return [
            record(
                1,
                at: 0,
                "CreateImage",
                .createImage(ImageCreation(image: image, name: "web", imageTags: ["Role": "golden"]))
            ),
            record(
                2,
                at: 10,
                "ModifyImageAttribute",
                .modifyLaunchPermission(
                    LaunchPermissionChange(image: image, added: [.everyone, stranger], removed: [])
                )
            ),
            record(3, at: 20, "ReplaceImageCriteriaInAllowedImagesSettings", .imageCriteria([criterion])),
            record(4, at: 30, "EnableAllowedImagesSettings", .allowedImages(.enabled)),
            record(
                5,
                at: 40,
                "RunInstances",
                .runInstances(
                    InstanceLaunch(
                        instances: [.init(id: instance, image: ResourceID("ami-0123456789abcdef0"))],
                        requestedImage: nil
                    )
                )
            ),
            record(6, at: 50, "DisableAllowedImagesSettings", .allowedImages(.disabled)),
            record(
                7,
                at: 60,
                "ModifyImageAttribute",
                .modifyLaunchPermission(LaunchPermissionChange(image: image, added: [], removed: [stranger]))
            ),
            record(8, at: 70, "TerminateInstances", .terminateInstances([instance])),
            record(9, at: 80, "DisableImageBlockPublicAccess", .blockPublicAccess(.unblocked)),
            record(10, at: 90, "CreateTags", .unreadable("too large")),
        ]
    }()

    private static func engine() -> Engine {
        var settings = Engine.Settings()
        settings.imagesAtHand = 2
        settings.keepsJournal = true
        return Engine(policy: Policy(), settings: settings)
    }

    /// What comes again after a restart is told from what is new by the facts that are kept.
    @Test
    func aRestoredEngineKnowsWhatItWasTold() throws {
        var known = 0
        for seed in UInt64(0)..<30 {
            var random = SplitMix64(seed: 15_000 + seed)
            let policy = World.policy(&random)
            var settings = Engine.Settings()
            settings.imagesAtHand = 2
            settings.keepsJournal = true
            var live = Engine(policy: policy, settings: settings)
            var alerts: [Alert] = []
            // A copy that differs is known for one only as long as the record itself is remembered.
            var ids: Set<EventID> = []
            let records = History.records(60, random).filter { ids.insert($0.id).inserted }
            for record in records { _ = live.process(record, into: &alerts) }
            var restored = Engine(policy: policy, settings: settings)
            for entry in live.allEntries() { try restored.restore(key: entry.key, value: entry.value) }
            for record in records.shuffled(using: &random) {
                if restored.process(record, into: &alerts) == .duplicate {
                    known += 1
                    continue
                }
                // It told only what another one tells, too.
                var interning = Interning(.all)
                let own = RecordFacts.of(record, interning.evidence(of: record)).filter {
                    $0.key.attribute.keeping == .all
                }
                #expect(own.isEmpty, "seed \(seed): \(record)")
            }
        }
        #expect(known > 1000, "\(known)")
    }

    @Test
    func aRestoredEngineIsTheOneThatWrote() throws {
        var live = Self.engine()
        var topic: [ArraySlice<UInt8>: StateEntry] = [:]
        for record in Self.history {
            var alerts: [Alert] = []
            _ = live.process(record, into: &alerts)
            for entry in live.pendingChanges() { topic[entry.key] = entry }
            live.commit()
            var restored = Self.engine()
            for entry in topic.values { try restored.restore(key: entry.key, value: entry.value) }
            #expect(restored.allEntries() == live.allEntries())
            #expect(restored.findings().map(\.finding) == live.findings().map(\.finding))
            var again: [Alert] = []
            restored.reconcile(into: &again)
            #expect(again.isEmpty, "a restart says nothing twice")
        }
        #expect(live.findings().count >= 6)
    }

    /// An older version kept all facts about an attribute in one entry: they are read, and what is told later stands
    /// beside it.
    @Test(arguments: 1..<history.count)
    func whatAnOlderVersionWroteIsRead(_ written: Int) throws {
        var live = Self.engine()
        var alerts: [Alert] = []
        for record in Self.history[..<written] { _ = live.process(record, into: &alerts) }
        live.commit()
        var log = live.allEntries().filter { !$0.key.dropFirst().starts(with: [3]) }
        for key in live.state.factKeys where key.attribute.hasEntryPerRecord {
            let whole = StateKey.facts(key, writer: Self.account)
            var name = ByteWriter()
            var value = ByteWriter()
            name.entryKey(whole)
            _ = value.facts(live.state.timeline(key).facts, of: nil)
            log.append(
                StateEntry(
                    store: whole.store,
                    account: whole.account,
                    key: name.bytes.map(\.self)[...],
                    value: value.bytes.map(\.self)[...]
                )
            )
        }
        for record in Self.history[written...] {
            _ = live.process(record, into: &alerts)
            log += live.pendingChanges()
            live.commit()
        }
        var restored = Self.engine()
        for entry in log { try restored.restore(key: entry.key, value: entry.value) }
        #expect(restored.allEntries() == live.allEntries())
    }

    @Test
    func anAbortLeavesNothingBehind() {
        var live = Self.engine()
        for record in Self.history {
            var first: [Alert] = []
            let before = live.allEntries()
            _ = live.process(record, into: &first)
            live.rollback()
            #expect(live.allEntries() == before)
            var second: [Alert] = []
            #expect(live.process(record, into: &second) == .applied)
            #expect(second == first, "after an abort the same record says the same")
            live.commit()
        }
    }

    @Test
    func anAbortLeavesWhatIsRestoredMeanwhile() throws {
        var other = Self.engine()
        var alerts: [Alert] = []
        for record in Self.history {
            var moved = record
            moved.account = AccountID("444455556666") ?? .none
            _ = other.process(moved, into: &alerts)
        }
        let entries = other.pendingChanges().filter { $0.store == .state }
        var live = Self.engine()
        for (index, record) in Self.history.enumerated() {
            _ = live.process(record, into: &alerts)
            for entry in entries where entry.key.count % Self.history.count == index {
                try live.restore(key: entry.key, value: entry.value)
            }
        }
        live.rollback()
        #expect(Set(live.allEntries()) == Set(entries))
    }

    /// What has ended is forgotten in its time, also by an engine that was started in between.
    @Test
    func whatIsReadBackEndsToo() throws {
        var settings = Engine.Settings()
        settings.imagesAtHand = 2
        settings.keepsJournal = true
        settings.horizonSeconds = 86_400
        var live = Engine(policy: Policy(), settings: settings)
        var alerts: [Alert] = []
        for record in Self.history { _ = live.process(record, into: &alerts) }
        live.commit()
        var restored = Engine(policy: Policy(), settings: settings)
        for entry in live.allEntries() { try restored.restore(key: entry.key, value: entry.value) }
        restored.reconcile(into: &alerts)
        restored.commit()
        let later = Self.record(99, at: 40 * 86_400, "ModifyImageAttribute", .nothing)
        _ = live.process(later, into: &alerts)
        _ = restored.process(later, into: &alerts)
        #expect(restored.allEntries() == live.allEntries())
    }

    /// Deadlines that have passed together fill more than one transaction.
    @Test
    func deadlinesThatPassTogether() {
        var settings = Engine.Settings()
        settings.imagesAtHand = 2
        settings.keepsJournal = true
        settings.subjectsAtOnce = 2
        var policy = Policy()
        var setting = Policy.RuleSetting()
        setting.isEnabled = false
        policy.rules["allowed-amis-not-in-use"] = setting
        policy.requiredTags = [
            Policy.RequiredTag(resource: .image, key: "Role", requirement: .present, graceMinutes: 15)
        ]
        var live = Engine(policy: policy, settings: settings)
        var alerts: [Alert] = []
        for number in 1...5 {
            let creation = ImageCreation(image: World.image(number), imageTags: [:])
            _ = live.process(Self.record(number, at: 0, "CreateImage", .createImage(creation)), into: &alerts)
        }
        live.evaluateBacklog(atMost: .max, into: &alerts)
        live.commit()
        #expect(alerts.isEmpty)
        live.advanceStreamTime(to: EventTime(seconds: 1_770_003_600), into: &alerts)
        #expect(alerts.count == 2 && live.hasBacklog)
        live.rollback()
        #expect(!live.hasBacklog)
        alerts = []
        live.advanceStreamTime(to: EventTime(seconds: 1_770_003_600), into: &alerts)
        while live.hasBacklog { live.evaluateBacklog(atMost: 2, into: &alerts) }
        #expect(Set(alerts.map(\.findingID)).count == 5 && alerts.count == 5)
    }

    /// Two accounts see one image, and each tells its name: what one of them tells does not take the other's place.
    @Test
    func whatTwoAccountsTellOfOneThingIsKept() throws {
        var live = Engine.journaling(Policy())
        var alerts: [Alert] = []
        for (number, account) in [World.owner, World.member].enumerated() {
            var seen = Inventory.Image(id: World.image(1))
            seen.name = "web-\(number)"
            var inventory = Inventory(isDated: true)
            inventory.images = [seen]
            let record = Record(
                id: .text("inventory/\(number)"),
                account: account,
                region: World.regions[0],
                time: EventTime(seconds: World.base),
                name: "DescribeImages",
                source: "ec2.amazonaws.com",
                call: .inventory(inventory)
            )
            _ = live.process(record, into: &alerts)
        }
        let name = FactKey.image(World.image(1), ImageAttribute(.name))
        #expect(live.state.timeline(name).facts.count == 2)
        let restored = try live.restored(by: Policy())
        #expect(restored.state.timeline(name).facts == live.state.timeline(name).facts)
    }

    @Test
    func aNewerFormatIsRefused() {
        var live = Self.engine()
        #expect(throws: StateError.newerFormat(200)) { try live.restore(key: [200, 0, 0], value: nil) }
        #expect(throws: StateError.self) { try live.restore(key: [1, 77], value: [1]) }
        #expect(throws: StateError.self) { try live.restore(key: [], value: [1]) }
    }
}
