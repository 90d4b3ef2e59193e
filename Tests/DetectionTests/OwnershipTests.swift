import CloudTrail
import Testing
import TestSupport

@testable import Detection

/// Several engines, each with accounts of its own and the catalogue in common, end where one engine ends.
@Suite
struct OwnershipTests {
    @Test(arguments: 0..<2)
    func whoOwnsWhichAccountDecidesNothing(_ part: Int) throws {
        for seed in UInt64(4000 + part * 100)..<UInt64(4000 + part * 100 + 100) {
            var random = SplitMix64(seed: seed)
            let policy = World.policy(&random)
            let records = History.records(Int.random(in: 4...24, using: &random), random)
            let expected = OrderTests.findings(of: records, policy, "seed \(seed)")
            var workers = Workers(policy)
            let handOver = Int.random(in: 0...records.count, using: &random)
            // A copy that differs is known for one as long as its account has not moved.
            let hasCopies = Set(records.map(\.id)).count < records.count
            for (index, record) in records.shuffled(using: &random).enumerated() {
                if index == handOver, !hasCopies {
                    try workers.handOver(Int.random(in: 0..<3, using: &random), "seed \(seed)")
                }
                workers.process(record, "seed \(seed)")
                if random.chance(50) { try workers.readCatalogue(random.pick([0, 1]), "seed \(seed)") }
            }
            try workers.finish("seed \(seed)")
            let isTold = workers.ledger.told == Told.of(expected)
            #expect(isTold, "seed \(seed)")
            #expect(workers.findingLines == expected.sorted(), "seed \(seed)")
            if !isTold { return }
        }
    }

    /// Accounts that come bring a later time along: deadlines of those that were there have passed by it.
    @Test
    func timeThatComesWithOtherAccounts() throws {
        var policy = Policy()
        policy.requiredTags = [
            Policy.RequiredTag(resource: .image, key: "Role", requirement: .present, graceMinutes: 15)
        ]
        var settings = Engine.Settings()
        settings.keepsJournal = true
        func record(_ account: AccountID, _ second: Int64, _ call: Call) -> Record {
            Record(
                id: EventID("event-\(account)"),
                account: account,
                region: World.regions[0],
                time: EventTime(seconds: World.base + second),
                name: "CreateImage",
                source: "ec2.amazonaws.com",
                call: call
            )
        }
        var alerts: [Alert] = []
        var other = Engine(policy: policy, settings: settings)
        _ = other.process(record(World.member, 3600, .terminateInstances([])), into: &alerts)
        var engine = Engine(policy: policy, settings: settings)
        engine.isOwned = { $0 == World.owner }
        let creation = ImageCreation(image: World.image(1), imageTags: [:])
        _ = engine.process(record(World.owner, 0, .createImage(creation)), into: &alerts)
        engine.commit()
        #expect(!alerts.contains { $0.finding.identity.rule == "ami-created-without-required-tags" })
        for entry in other.pendingChanges() { try engine.restore(key: entry.key, value: entry.value) }
        engine.isOwned = nil
        engine.startReconciling { $0 == World.member }
        engine.evaluateBacklog(atMost: .max, into: &alerts)
        #expect(alerts.contains { $0.finding.identity.rule == "ami-created-without-required-tags" })
    }

    /// What an engine is told about others' accounts it keeps to itself.
    @Test
    func nothingIsSaidAboutOthersAccounts() {
        let image = World.image(1)
        var seen = Inventory.Image(id: image)
        seen.owner = World.member
        seen.isPublic = true
        var inventory = Inventory(isDated: true)
        inventory.images = [seen]
        let record = Record(
            id: EventID("inventory/1"),
            account: World.owner,
            region: World.regions[0],
            time: EventTime(seconds: World.base),
            name: "DescribeImages",
            source: "ec2.amazonaws.com",
            call: .inventory(inventory)
        )
        var policy = Policy()
        policy.organization.accounts = [World.owner, World.member]
        for (owned, count) in [(World.owner, 0), (World.member, 1)] {
            var engine = Engine(policy: policy)
            engine.isOwned = { $0 == owned }
            var alerts: [Alert] = []
            _ = engine.process(record, into: &alerts)
            #expect(alerts.count == count)
            #expect(engine.findings().count == count)
        }
    }
}

/// Two engines with a catalogue and a changelog between them; accounts are owned in three groups.
private struct Workers {
    private var engines: [Engine]
    private var owners = [0, 1, 0]
    private var state: [ArraySlice<UInt8>: StateEntry] = [:]
    private var catalogue: [(writer: Int, entry: StateEntry)] = []
    private var read = [0, 0]
    private(set) var ledger = Ledger()

    init(_ policy: Policy) {
        var settings = Engine.Settings()
        settings.keepsJournal = true
        engines = [0, 1].map { _ in Engine(policy: policy, settings: settings) }
        tellOwners()
    }

    private static func group(_ account: AccountID) -> Int { Int(account.number % 3) }

    private mutating func tellOwners() {
        for worker in engines.indices {
            engines[worker].isOwned = { [owners] in owners[Self.group($0)] == worker }
        }
    }

    mutating func process(_ record: Record, _ comment: Comment) {
        let worker = owners[Self.group(record.account)]
        var alerts: [Alert] = []
        _ = engines[worker].process(record, into: &alerts)
        commit(worker, alerts, comment)
    }

    mutating func readCatalogue(_ worker: Int, _ comment: Comment) throws {
        while read[worker] < catalogue.count {
            let (writer, entry) = catalogue[read[worker]]
            read[worker] += 1
            guard writer != worker else { continue }
            var alerts: [Alert] = []
            try engines[worker].applyCatalogue(key: entry.key, value: entry.value, into: &alerts)
            commit(worker, alerts, comment)
        }
    }

    private mutating func commit(_ worker: Int, _ alerts: [Alert], _ comment: Comment) {
        for alert in alerts {
            let account = alert.finding.identity.subject.scope.account
            #expect(owners[Self.group(account)] == worker, "an alert about another's account; \(comment)")
        }
        ledger.take(alerts, comment)
        for entry in engines[worker].pendingChanges() where owners[Self.group(entry.account)] == worker {
            switch entry.store {
            case .state: state[entry.key] = entry
            case .catalogue: catalogue.append((worker, entry))
            }
        }
        engines[worker].commit()
    }

    /// A group of accounts goes to the other engine.
    mutating func handOver(_ group: Int, _ comment: Comment) throws {
        let (giver, taker) = (owners[group], 1 - owners[group])
        engines[giver].drop { Self.group($0) == group }
        // Whoever takes over reads the catalogue to its end first.
        try readCatalogue(taker, comment)
        owners[group] = taker
        for entry in state.values where Self.group(entry.account) == group {
            try engines[taker].restore(key: entry.key, value: entry.value)
        }
        tellOwners()
        var alerts: [Alert] = []
        engines[taker].reconcile(into: &alerts)
        commit(taker, alerts, comment)
    }

    /// Everybody reads everything, and learns the time.
    mutating func finish(_ comment: Comment) throws {
        let time = engines.map(\.state.streamTime).max() ?? .distantPast
        for worker in engines.indices {
            try readCatalogue(worker, comment)
            var alerts: [Alert] = []
            engines[worker].advanceStreamTime(to: time, into: &alerts)
            commit(worker, alerts, comment)
        }
    }

    var findingLines: [String] { engines.flatMap(\.findingLines).sorted() }
}
