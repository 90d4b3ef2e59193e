import CloudTrail
import Testing

@testable import Detection

/// What comes late, goes again, or comes twice in one second.
@Suite
struct LateFactTests {
    /// Of equal owners the first is kept.
    ///
    /// Where another one takes its place, its Region has been a share's, too.
    @Test
    func anEarlierRecordOfAnotherRegionMovesAShare() {
        let image = World.image(1)
        func record(_ number: Int, _ second: Int64, _ region: String, _ call: Call) -> Record {
            Record(
                id: EventID("event-\(number)"),
                account: World.owner,
                region: region,
                time: EventTime(seconds: World.base + second),
                name: "DeregisterImage",
                source: "ec2.amazonaws.com",
                call: call
            )
        }
        var seen = Inventory.Image(id: image)
        (seen.owner, seen.isPublic) = (World.owner, true)
        var inventory = Inventory(isDated: true)
        inventory.images = [seen]
        let share = LaunchPermissionChange(image: image, added: [.account(World.trusted)], removed: [])
        var engine = Engine(policy: Policy())
        var alerts: [Alert] = []
        _ = engine.process(record(1, 300, "", .inventory(inventory)), into: &alerts)
        _ = engine.process(record(2, 200, World.regions[1], .modifyLaunchPermission(share)), into: &alerts)
        _ = engine.process(record(3, 100, World.regions[0], .deregisterImage(image)), into: &alerts)
        var ledger = Ledger()
        ledger.take(alerts, "")
        #expect(ledger.told == engine.told)
    }

    private static func record(
        _ number: UInt64,
        at second: Int64,
        _ name: String,
        _ call: Call,
        account: AccountID = World.owner,
        error: String? = nil
    ) -> Record {
        var id = EventID.uuid(0x4000, 0x8000_0000_0000_0000 + number)
        if case .inventory = call { id = .text("inventory/\(number)") }
        return Record(
            id: id,
            account: account,
            region: "us-east-1",
            time: EventTime(seconds: World.base + second),
            name: name,
            source: "ec2.amazonaws.com",
            error: error,
            actor: World.actors[1],
            call: call
        )
    }

    private static func launch(_ number: UInt64, at second: Int64) -> Record {
        let instance = InstanceLaunch.Instance(id: World.instance(1), image: World.image(1))
        return record(
            number,
            at: second,
            "RunInstances",
            .runInstances(InstanceLaunch(instances: [instance], requestedImage: nil))
        )
    }

    private static func findings(_ engine: Engine, of rule: String) -> [Finding] {
        engine.findings().map(\.finding).filter { $0.identity.rule == rule }
    }

    /// An image that a call made, and nobody deprecated, is known to have no date of deprecation.
    @Test
    func aLateCreationTellsThatNothingIsDeprecated() {
        var engine = Engine(policy: Policy())
        var alerts: [Alert] = []
        let criteria = [ImageCriterion(maximumDaysSinceDeprecated: 0)]
        for record in [
            Self.record(1, at: 0, "EnableAllowedImagesSettings", .allowedImages(.enabled)),
            Self.record(2, at: 0, "ReplaceImageCriteriaInAllowedImagesSettings", .imageCriteria(criteria)),
            Self.launch(3, at: 10),
        ] {
            _ = engine.process(record, into: &alerts)
        }
        #expect(Self.findings(engine, of: "launch-not-allowed-by-criteria").map(\.verdict) == [.undetermined])
        let creation = ImageCreation(image: World.image(1))
        _ = engine.process(
            Self.record(4, at: 5, "CreateImage", .createImage(creation), account: World.member),
            into: &alerts
        )
        #expect(Self.findings(engine, of: "launch-not-allowed-by-criteria").isEmpty)
        #expect(alerts.last?.finding.status == .retracted)
    }

    /// Two documents of one second show one instance; one of them is taken back.
    @Test
    func aLaunchIsReachedAsLongAsOneDocumentShowsIt() {
        var settings = Engine.Settings()
        settings.imagesAtHand = 2
        settings.keepsJournal = true
        var policy = Policy()
        var golden = Policy.ApprovedImage()
        golden.tags = ["Role": "golden"]
        policy.images.approved = [golden]
        var engine = Engine(policy: policy, settings: settings)
        var alerts: [Alert] = []
        var inventory = Inventory(isDated: true)
        inventory.instances = [.init(id: World.instance(1), image: World.image(1))]
        _ = engine.process(Self.record(1, at: 10, "DescribeInstances", .inventory(inventory)), into: &alerts)
        engine.commit()
        let again = Self.record(2, at: 10, "DescribeInstanceImageMetadata", .inventory(inventory))
        _ = engine.process(again, into: &alerts)
        engine.rollback()
        #expect(Self.findings(engine, of: "launch-from-unapproved-ami").map(\.verdict) == [.undetermined])
        let creation = ImageCreation(image: World.image(1), imageTags: ["Role": "golden"])
        _ = engine.process(Self.record(3, at: 5, "CreateImage", .createImage(creation)), into: &alerts)
        #expect(Self.findings(engine, of: "launch-from-unapproved-ami").isEmpty)
    }

    /// An inventory moves no clock: what comes to pass before the end that it tells of is told when time has come there.
    @Test
    func anEndThatIsKnownBeforeItsTime() {
        var engine = Engine(policy: Policy())
        var alerts: [Alert] = []
        let date = EventTime(seconds: World.base + 200)
        var inventory = Inventory(isDated: true)
        inventory.instances = [.init(id: World.instance(1), image: World.image(1), isTerminated: true)]
        for record in [
            Self.record(1, at: 0, "EnableImageDeprecation", .deprecateImage(World.image(1), at: date)),
            Self.launch(2, at: 10),
            Self.record(3, at: 300, "DescribeInstances", .inventory(inventory)),
        ] {
            _ = engine.process(record, into: &alerts)
        }
        #expect(Self.findings(engine, of: "launch-from-stale-ami").isEmpty)
        let later = Self.record(4, at: 400, "ModifyImageAttribute", .nothing)
        _ = engine.process(later, into: &alerts)
        #expect(Self.findings(engine, of: "launch-from-stale-ami").map(\.status) == [.resolved])
        alerts = []
        engine.reconcile(into: &alerts)
        #expect(alerts.isEmpty)
    }

    /// A copy that says more can also say that the call failed: what it granted was never granted.
    @Test
    func aCopyThatTellsOfTheFailureRetracts() {
        var engine = Engine(policy: Policy())
        var alerts: [Alert] = []
        let change = LaunchPermissionChange(
            image: World.image(1),
            added: [.account(World.stranger), .everyone],
            removed: []
        )
        let reduced = Self.record(1, at: 0, "ModifyImageAttribute", .modifyLaunchPermission(change))
        #expect(engine.process(reduced, into: &alerts) == .applied)
        var full = reduced
        full.error = "Client.UnauthorizedOperation"
        #expect(engine.process(full, into: &alerts) == .duplicate)
        #expect(engine.process(reduced, into: &alerts) == .duplicate)
        #expect(
            Set(engine.findings().map(\.finding.identity.rule)) == ["ami-share-attempt-denied"],
            "neither shared nor used"
        )
    }

    /// As many as one call may name: the cost of each must not grow with the others.
    @Test
    func aCallMayNameTenThousandAccounts() {
        var engine = Engine(policy: Policy(), rules: RuleSet([AMISharedWithUntrustedAccount()]))
        var alerts: [Alert] = []
        let grantees = (0..<10_000).compactMap {
            AccountID(padding: 500_000_000_000 + $0).map(Grantee.account)
        }
        let change = LaunchPermissionChange(image: World.image(1), added: grantees, removed: [])
        let share = Self.record(1, at: 0, "ModifyImageAttribute", .modifyLaunchPermission(change))
        #expect(engine.process(share, into: &alerts) == .applied)
        #expect(alerts.count == 10_000)
        let reset = Self.record(2, at: 1, "ResetImageAttribute", .resetLaunchPermission(World.image(1)))
        #expect(engine.process(reset, into: &alerts) == .applied)
        #expect(alerts.count == 20_000)
    }

    /// SHA-256 over the parts, one a line.
    @Test
    func theIDsAreTheDocumentedHashes() {
        var engine = Engine(policy: Policy(), rules: RuleSet([AMISharedPublicly()]))
        var alerts: [Alert] = []
        let change = LaunchPermissionChange(image: World.image(1), added: [.everyone], removed: [])
        var record = Self.record(1, at: 0, "ModifyImageAttribute", .modifyLaunchPermission(change))
        record.id = EventID("00000000-0000-4000-8000-000000000001")
        _ = engine.process(record, into: &alerts)
        #expect(
            alerts.map(\.findingID) == ["e86b0354bf00f636f89929793c73c4fcb065b5d456b844bc314fdc3cb0a9e506"]
        )
        #expect(alerts.map(\.alertID) == ["c06a43d85d4f384ef87567447d7bdba1d0831af6a314fc844f8ea743e5cbb423"])
    }
}
