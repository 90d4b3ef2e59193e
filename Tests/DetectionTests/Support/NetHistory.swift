import CloudTrail
import Pipeline
import TestSupport

@testable import Detection

/// One generated history on its way through one or two engines, with everything by which facts come and go: late
/// records and copies that differ, the catalogue of another engine, the horizon, restarts, other policies.
struct NetHistory {
    private var random: SplitMix64
    private var policy: Policy
    private let settings: Engine.Settings
    private let nets: [DependencyNet]
    private var engines: [Engine]
    private var catalogue: [[StateEntry]]
    /// Entries that an engine has read, to be deleted again.
    private var applied: [[StateEntry]]
    private let records: [Record]

    /// What a history shows, without a trigger or with all.
    static func report(
        _ seed: UInt64,
        without gap: DependencyNet.Lead? = nil
    ) throws
        -> DependencyNet.Report
    {
        var history = try NetHistory(seed, without: gap)
        try history.run()
        var report = DependencyNet.Report()
        for net in history.nets { report.add(net.report) }
        return report
    }

    /// Its events, for whoever looks for a gap.
    static func events(_ seed: UInt64) -> String {
        let history = try? NetHistory(seed, without: nil)
        return (history?.records ?? []).map {
            "\($0.time) \($0.account)/\($0.region) \($0.name) \($0.id): \($0.call)"
        }
        .joined(separator: "\n")
    }

    /// Seeds of histories that are made of fixtures: of each rule that has facts or subjects of its own, which no other
    /// history tells, some.
    static let ofFixtures = firstOfFixtures..<(firstOfFixtures + UInt64(historiesOfEach * fixtures.count))

    private static let firstOfFixtures: UInt64 = 100_000
    private static let historiesOfEach = 24
    private static let fixtures = Fixture.ofRules.filter { fixture in
        RuleSet.all.rule(fixture.rule).map { rule in
            !rule.ownFacts.isEmpty || rule.subjects.contains { $0.tag >= Subject.Kind.firstSelfDescribed }
        } ?? false
    }

    private init(_ seed: UInt64, without gap: DependencyNet.Lead?) throws {
        var random = SplitMix64(seed: 40_000 + seed)
        let fixture =
            Self.ofFixtures.contains(seed)
            ? Self.fixtures[Int(seed - Self.firstOfFixtures) % Self.fixtures.count] : nil
        let policy = try fixture?.policy() ?? Self.policy(&random)
        self.policy = policy
        var settings = Engine.Settings()
        settings.keepsJournal = true
        if random.chance(60) { settings.horizonSeconds = 86_400 }
        settings.keptFacts = random.pick([1, 2, 8])
        if random.chance(50) { settings.retentionSeconds = 3 * 86_400 }
        if random.chance(20) { settings.subjectsAtOnce = 1 }
        if random.chance(20) { settings.factsAtOnce = 0 }
        settings.delaysUndetermined = random.chance(30)
        self.settings = settings
        let count = random.chance(60) ? 2 : 1
        nets = (0..<count).map { _ in DependencyNet(without: gap) }
        engines = nets.indices.map { _ in Engine(policy: policy, settings: settings) }
        catalogue = nets.map { _ in [] }
        applied = nets.map { _ in [] }
        var generated =
            try fixture.map { Self.withTellings(Self.withCopies(try $0.records(), &random), &random) }
            ?? History.records(Int.random(in: 8...36, using: &random), random)
        if random.chance(20) { generated += Self.refusals(&random) }
        if random.chance(25) { generated += Self.launches(&random) }
        if random.chance(30) { generated += Self.copies(&random) }
        if random.chance(15) { generated += Self.publicShares(&random) }
        if random.chance(25) { generated += Self.chain(&random) }
        let days = random.pick([0, 0, 2, 8, 20, 450])
        generated = HorizonTests.stretched(
            generated.map { Self.completed($0, &random) },
            overDays: Int64(days)
        )
        let late: Int64 = random.pick([0, 43_200, 86_400])
        records =
            random.chance(40)
            ? generated.shuffled(using: &random) : HorizonTests.inTime(generated, late: late, &random)
        self.random = random
        for index in engines.indices { prepare(index) }
    }

    private mutating func prepare(_ index: Int) {
        engines[index].witness = nets[index]
        let count = UInt64(engines.count)
        engines[index].isOwned = { $0.number % count == index }
    }

    /// Some of the records a second time: as calls that failed, which takes back what they told.
    private static func withCopies(_ records: [Record], _ random: inout SplitMix64) -> [Record] {
        var records = records
        for var copy in records where random.chance(50) && !copy.isInventory {
            copy.error = "Client.InternalError"
            records.append(copy)
        }
        return records
    }

    /// With records that tell one thing alone of the images that others name.
    private static func withTellings(_ records: [Record], _ random: inout SplitMix64) -> [Record] {
        var told: [Record] = []
        for image in Set(records.flatMap(\.images)).sorted() where random.chance(60) {
            let account = random.pick([World.owner, World.member])
            let change = TagChange(
                resources: [ExactText(image.description)],
                tags: ["Role": random.pick(["golden", "silver"])],
                deletes: false
            )
            told.append(record(account, "CreateTags", .changeTags(change), &random))
            told.append(record(account, "ResetImageAttribute", .resetLaunchPermission(image), &random))
            let all = TagChange(resources: [ExactText(image.description)], tags: [:], deletes: true)
            told.append(record(account, "DeleteTags", .changeTags(all), &random))
            for number in 0..<3 {
                var inventory = Inventory(isDated: random.chance(50))
                inventory.images = [Inventory.Image(id: image)]
                if number == 0 {
                    inventory.images[0].name = random.pick(["al2023-1", "web-1"])
                } else {
                    inventory.images[0].owner = account
                    inventory.images[0].ownerAlias = number == 1 ? nil : "amazon"
                }
                var shown = record(account, "DescribeImages", .inventory(inventory), &random)
                (shown.id, shown.actor) = (.text("inventory/\(random.next())"), .unknown)
                told.append(shown)
            }
        }
        // Among the others in time, too.
        let times = records.map(\.time)
        for index in told.indices { told[index].time = random.pick(times) }
        return records + told
    }

    // MARK: What the histories of other tests have not

    /// Images may be approved by their tags and their owner's alias at once.
    private static func policy(_ random: inout SplitMix64) -> Policy {
        var policy = World.policy(&random)
        policy.thresholds.auditModeDays = 1
        if random.chance(50) { policy.images.maximumAgeDays = random.pick([1, 39]) }
        if random.chance(40), policy.images.approved?.isEmpty == false {
            policy.images.approved?[0].owners = ["amazon", "\(World.owner)"]
        }
        return policy
    }

    private static func record(
        _ account: AccountID,
        _ name: String,
        _ call: Call,
        error: String? = nil,
        _ random: inout SplitMix64
    ) -> Record {
        Record(
            id: .uuid(random.next(), random.next()),
            account: account,
            region: World.regions[0],
            time: EventTime(seconds: World.base + Int64.random(in: 0..<1200, using: &random)),
            name: name,
            source: "ec2.amazonaws.com",
            error: error,
            actor: World.actors[1],
            call: call
        )
    }

    /// Launches under criteria from another account's image, of which everything is told on its own.
    private static func launches(_ random: inout SplitMix64) -> [Record] {
        let image = World.image(5)
        var records: [Record] = []
        for number in 5...7 {
            let instance = InstanceLaunch.Instance(id: World.instance(number), image: image)
            let launch = InstanceLaunch(instances: [instance], requestedImage: image)
            records.append(record(World.owner, "RunInstances", .runInstances(launch), &random))
        }
        records.append(
            record(World.owner, "EnableAllowedImagesSettings", .allowedImages(.enabled), &random)
        )
        let name = "ReplaceImageCriteriaInAllowedImagesSettings"
        for _ in 0..<2 {
            records.append(record(World.owner, name, .imageCriteria(random.pick(criteria)), &random))
        }
        let creation = ImageCreation(image: image, name: random.pick(["web-1", "db-1"]))
        records.append(record(World.member, "RegisterImage", .createImage(creation), &random))
        let date = EventTime(seconds: World.base + 200)
        records.append(
            record(World.member, "EnableImageDeprecation", .deprecateImage(image, at: date), &random)
        )
        var inventory = Inventory(isDated: true)
        inventory.images = [Inventory.Image(id: image)]
        inventory.images[0].productCodes = random.pick([[], ["code"]])
        var shown = record(World.member, "DescribeImages", .inventory(inventory), &random)
        (shown.id, shown.actor) = (.text("inventory/launches"), .unknown)
        return records + [shown]
    }

    /// A copy that takes tags along which are told of its source; and what a document says of the source.
    private static func copies(_ random: inout SplitMix64) -> [Record] {
        let (source, image) = (World.image(8), World.image(9))
        let account = random.pick([World.owner, World.member])
        let creation = ImageCreation(image: source, name: "web-1")
        let copy = ImageCreation(
            image: image,
            name: "web-1",
            origin: .copy(source, region: nil),
            copiesImageTags: true
        )
        var records = [
            record(account, "RegisterImage", .createImage(creation), &random),
            record(account, "CopyImage", .createImage(copy), &random),
        ]
        for (key, value) in [("Role", "golden"), ("CostCenter", "4711"), ("Role", "silver")] {
            let change = TagChange(
                resources: [ExactText(source.description)],
                tags: [ExactText(key): ExactText(value)],
                deletes: false
            )
            records.append(record(account, "CreateTags", .changeTags(change), &random))
        }
        var inventory = Inventory(isDated: true)
        inventory.images = [Inventory.Image(id: source)]
        inventory.images[0].owner = account
        inventory.images[0].ownerAlias = random.pick(["amazon", "self"])
        var shown = record(account, "DescribeImages", .inventory(inventory), &random)
        (shown.id, shown.actor) = (.text("inventory/copies"), .unknown)
        return records + [shown]
    }

    /// An image, an instance of it, an image of that, another account's copy of that, and so on.
    private static func chain(_ random: inout SplitMix64) -> [Record] {
        func launch(_ number: Int, from image: Int) -> Call {
            let instance = InstanceLaunch.Instance(id: World.instance(number), image: World.image(image))
            return .runInstances(InstanceLaunch(instances: [instance], requestedImage: nil))
        }
        func creation(_ image: Int, _ origin: ImageCreation.Origin?) -> Call {
            .createImage(ImageCreation(image: World.image(image), name: "web-1", origin: origin))
        }
        let calls: [(AccountID, String, Call)] = [
            (World.stranger, "RegisterImage", creation(5, .snapshots([]))),
            (World.owner, "RunInstances", launch(8, from: 5)),
            (World.owner, "CreateImage", creation(6, .instance(World.instance(8)))),
            (World.member, "CopyImage", creation(7, .copy(World.image(6), region: nil))),
            (World.member, "RunInstances", launch(9, from: 7)),
            (World.member, "CreateImage", creation(8, .instance(World.instance(9)))),
            (World.owner, "RunInstances", launch(4, from: 8)),
            (World.member, "RunInstances", launch(3, from: 6)),
        ]
        return calls.map { record($0, $1, $2, &random) }
    }

    /// Images made public one after another in one place.
    private static func publicShares(_ random: inout SplitMix64) -> [Record] {
        (1...4).map { number in
            let change = LaunchPermissionChange(image: World.image(number), added: [.everyone], removed: [])
            return record(World.owner, "ModifyImageAttribute", .modifyLaunchPermission(change), &random)
        }
    }

    private static func refusals(_ random: inout SplitMix64) -> [Record] {
        let image = World.image(1)
        return (0..<30).map { _ in
            let grantee = random.pick([World.stranger, World.vendor, World.member])
            let change = LaunchPermissionChange(image: image, added: [.account(grantee)], removed: [])
            return record(
                World.owner,
                "ModifyImageAttribute",
                .modifyLaunchPermission(change),
                error: "Client.UnauthorizedOperation",
                &random
            )
        }
    }

    /// Adds what documents and criteria may hold besides.
    private static func completed(_ record: Record, _ random: inout SplitMix64) -> Record {
        var record = record
        switch record.call {
        case .inventory(var inventory):
            for index in inventory.images.indices where random.chance(40) {
                inventory.images[index].productCodes = random.pick([[], ["code"]])
            }
            if inventory.allowedImages != nil { inventory.managedBy = random.pick(["account", "policy"]) }
            if random.chance(30), inventory.imageCriteria != nil {
                inventory.imageCriteria = random.pick(criteria)
            }
            record.call = .inventory(inventory)
        case .imageCriteria where random.chance(30): record.call = .imageCriteria(random.pick(criteria))
        default: break
        }
        return record
    }

    private static let criteria: [[ImageCriterion]] = [
        [ImageCriterion(productCodes: ["code"])], [ImageCriterion(maximumDaysSinceDeprecated: 0)],
        [ImageCriterion(maximumDaysSinceCreated: 10)], [ImageCriterion(names: ["web-*"])],
    ]

    // MARK: What happens

    private mutating func run() throws {
        for record in records {
            try process(record)
            if random.chance(8) { try restart(random.pick(Array(engines.indices))) }
            if random.chance(4) { replacePolicy() }
        }
        for index in engines.indices { try readCatalogue(index, atMost: .max) }
    }

    private mutating func process(_ record: Record) throws {
        let index = Int(record.account.number % UInt64(engines.count))
        var alerts: [Alert] = []
        engines[index].defersEvaluation = random.chance(10)
        _ = engines[index].process(record, into: &alerts)
        settle(index)
        for other in engines.indices where random.chance(60) {
            try readCatalogue(other, atMost: Int.random(in: 1...6, using: &random))
            if random.chance(25) { try readDeletion(other) }
            let time = engines.map(\.state.streamTime).max() ?? .distantPast
            if random.chance(20) { engines[other].advanceStreamTime(to: time, into: &alerts) }
            settle(other)
        }
    }

    private mutating func readCatalogue(_ index: Int, atMost count: Int) throws {
        let entries = catalogue[index].prefix(count)
        catalogue[index].removeFirst(entries.count)
        for entry in entries {
            try apply(entry.key, entry.value, index)
            applied[index].append(entry)
        }
    }

    /// The other engine has forgotten something, or has put a record right.
    private mutating func readDeletion(_ index: Int) throws {
        guard !applied[index].isEmpty else { return }
        let number = Int.random(in: 0..<applied[index].count, using: &random)
        try apply(applied[index].remove(at: number).key, nil, index)
    }

    private mutating func apply(_ key: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>?, _ index: Int) throws {
        var alerts: [Alert] = []
        try engines[index].applyCatalogue(key: key, value: value, into: &alerts)
        settle(index)
    }

    /// Evaluates what waits, commits, and looks at what has changed.
    private mutating func settle(_ index: Int) {
        var alerts: [Alert] = []
        if random.chance(50) { engines[index].takeUpDeferred() }
        engines[index].evaluateBacklog(atMost: .max, into: &alerts)
        if random.chance(50) { engines[index].settle(engines[index].takeUnsettled(), into: &alerts) }
        nets[index].look(at: engines[index])
        for entry in engines[index].pendingChanges()
        where entry.store == .catalogue && engines[index].isOwned?(entry.account) == true {
            for other in engines.indices where other != index { catalogue[other].append(entry) }
        }
        engines[index].commit()
    }

    private mutating func restart(_ index: Int) throws {
        var engine = Engine(policy: policy, settings: settings)
        for entry in engines[index].allEntries() { try engine.restore(key: entry.key, value: entry.value) }
        engines[index] = engine
        nets[index].restart()
        prepare(index)
        engines[index].startReconciling()
        settle(index)
    }

    private mutating func replacePolicy() {
        policy = Self.policy(&random)
        for index in engines.indices {
            engines[index].startReplacingPolicy(policy)
            settle(index)
        }
    }
}

extension Record {
    /// The images that its call makes, uses or changes.
    fileprivate var images: [ResourceID] {
        switch call {
        case .createImage(let creation): [creation.image].compactMap(\.self)
        case .deregisterImage(let image, _), .restoreImage(let image), .disableImage(let image),
            .enableImage(let image), .deprecateImage(let image, _):
            [image]
        case .runInstances(let launch): launch.instances.compactMap(\.image)
        case .other(let fields):
            [fields.id("image")].compactMap(\.self) + fields.texts("images").map { ResourceID($0.string) }
        default: []
        }
    }
}
