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
        settings.imagesAtHand = 2
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
