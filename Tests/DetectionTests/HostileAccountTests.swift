import CloudTrail
import TestSupport
import Testing

@testable import Detection
@testable import Pipeline

/// One account does very much of what leaves something behind: what is kept of it is bounded and told, and nothing else is
/// found because of it.
@Suite
struct HostileAccountTests {
    enum Flood: CaseIterable {
        /// One image gets one tag after the other, each deleted again.
        case tags
        /// One image is shared with one account after the other, and taken back again.
        case principals
        case strangers
        case images
        case instances
        case snapshots

        fileprivate var kind: ForgottenEarly.Kind {
            switch self {
            case .tags: .tag
            case .principals, .strangers: .permission
            case .images: .image
            case .instances, .snapshots: .resource
            }
        }
    }

    private static let hostile = World.owner
    private static let quiet = World.member
    /// Public from the first day on, and never taken back.
    private static let publicImage = World.image(1)
    private static let floodedImage = World.image(2)

    private static let policy: Policy = {
        var golden = Policy.ApprovedImage()
        golden.tags = ["Role": "golden"]
        var policy = Policy()
        policy.organization.accounts = [hostile, quiet]
        policy.trust.accounts = (0..<20_000).compactMap { AccountID(padding: 300_000_000_000 + UInt64($0)) }
            .reduce(into: []) { $0.insert($1) }
        policy.images.approved = [golden]
        policy.requiredTags = [.init(resource: .image, key: "CostCenter", requirement: .present)]
        return policy
    }()

    private static func settings(endedAtMost count: Int = 150) -> Engine.Settings {
        var settings = Engine.Settings()
        settings.horizonSeconds = 86_400
        settings.keepsJournal = true
        settings.imagesAtHand = 8
        settings.endedAtMost = count
        settings.endedOfImage = (tags: 20, permissions: 60)
        return settings
    }

    // MARK: Records

    private static func id(_ prefix: String, _ number: Int) -> ResourceID {
        let digits = String(number)
        return ResourceID(prefix + String(repeating: "0", count: 17 - digits.count) + digits)
    }

    private static func record(
        _ number: Int,
        _ account: AccountID,
        at seconds: Int64,
        _ name: String,
        _ call: Call
    ) -> Record {
        Record(
            id: .uuid(account.number, UInt64(number)),
            account: account,
            region: "us-east-1",
            time: EventTime(seconds: World.base + seconds),
            name: name,
            source: "ec2.amazonaws.com",
            actor: Actor(arn: "arn:aws:iam::\(account):user/ann", type: "IAMUser", accountID: account),
            call: call
        )
    }

    private static func tag(_ image: ResourceID, _ key: ExactText, isOn: Bool) -> Call {
        let image = ExactText(image.description)
        return .changeTags(TagChange(resources: [image], tags: [key: isOn ? "1" : nil], deletes: !isOn))
    }

    private static func share(_ image: ResourceID, with grantee: Grantee, isOn: Bool) -> Call {
        .modifyLaunchPermission(
            LaunchPermissionChange(image: image, added: isOn ? [grantee] : [], removed: isOn ? [] : [grantee])
        )
    }

    /// A thing of a flood begins, or ends.
    private static func call(_ flood: Flood, _ number: Int, isOn: Bool) -> (String, Call) {
        let account = AccountID(
            padding: (flood == .principals ? 300_000_000_000 : 500_000_000_000) + UInt64(number)
        )
        let (image, instance) = (id("ami-", number + 100), id("i-", number + 100))
        switch flood {
        case .tags: return (isOn ? "CreateTags" : "DeleteTags", tag(floodedImage, "k\(number)", isOn: isOn))
        case .principals, .strangers:
            return ("ModifyImageAttribute", share(floodedImage, with: .account(account ?? .none), isOn: isOn))
        case .images:
            return isOn
                ? ("RegisterImage", .createImage(ImageCreation(image: image, imageTags: [:])))
                : ("DeregisterImage", .deregisterImage(image))
        case .instances:
            let launched = InstanceLaunch.Instance(id: instance, image: publicImage)
            return isOn
                ? ("RunInstances", .runInstances(InstanceLaunch(instances: [launched], requestedImage: nil)))
                : ("TerminateInstances", .terminateInstances([instance]))
        case .snapshots:
            var fields = Fields()
            let snapshot = ExactText(id("snap-", number + 100).description)
            fields["snapshot"] = .text(snapshot)
            return ("DeleteSnapshot", .other(fields))
        }
    }

    /// What the hostile account does beside: it makes two images, and one of them public.
    private static let beginning: [Record] = [
        record(
            1,
            hostile,
            at: 1,
            "CreateImage",
            .createImage(ImageCreation(image: publicImage, imageTags: [:]))
        ),
        record(
            2,
            hostile,
            at: 2,
            "CreateImage",
            .createImage(ImageCreation(image: floodedImage, imageTags: [:]))
        ),
        record(3, hostile, at: 3, "ModifyImageAttribute", share(publicImage, with: .everyone, isOn: true)),
    ]

    private static func flood(_ flood: Flood, _ count: Int) -> [Record] {
        let first = 10 + 100_000 * (Flood.allCases.firstIndex(of: flood) ?? 0)
        return (0..<count).flatMap { number in
            [true, false].map { isOn in
                let (name, call) = call(flood, number, isOn: isOn)
                let time = 1000 + Int64(number) * 600 + (isOn ? 0 : 300)
                return record(first + 2 * number + (isOn ? 0 : 1), hostile, at: time, name, call)
            }
        }
    }

    /// A quiet account's week: an image, a share outside, tags, launches of an image that nobody approves.
    private static func quietRecords(hours: Int) -> [Record] {
        let image = World.image(7)
        var records = [
            record(1, quiet, at: 5, "CreateImage", .createImage(ImageCreation(image: image, imageTags: [:]))),
            record(
                2,
                quiet,
                at: 6,
                "ModifyImageAttribute",
                share(image, with: .account(World.stranger), isOn: true)
            ),
        ]
        for hour in stride(from: 2, to: hours, by: 7) {
            let launched = InstanceLaunch.Instance(id: id("i-9", hour), image: image)
            let launch = InstanceLaunch(instances: [launched], requestedImage: nil)
            let time = Int64(hour) * 3600 + 10
            records.append(record(10 * hour, quiet, at: time, "RunInstances", .runInstances(launch)))
            let role = tag(image, "Role", isOn: hour % 2 == 0)
            records.append(
                record(10 * hour + 1, quiet, at: time + 9, hour % 2 == 0 ? "CreateTags" : "DeleteTags", role)
            )
        }
        return records
    }

    /// How much is kept; of shares outside each leaves a finding that stays open, which is as it should be.
    private static func size(_ engine: Engine, _ flood: Flood) -> Int {
        engine.state.allKeys().count {
            if case .finding = $0 { flood != .strangers } else { true }
        }
    }

    private static func lines(_ engine: Engine, of account: AccountID) -> [String] {
        engine.findingLines.filter { $0.contains("\"account_id\":\"\(account)\"") }
    }

    // MARK: Tests

    @Test(
        "What one account leaves behind is bounded and told, and costs others no finding",
        arguments: Flood.allCases
    )
    func bounded(_ flood: Flood) throws {
        let count = 900
        let quietRecords = Self.quietRecords(hours: count / 6)
        let records = (Self.beginning + Self.flood(flood, count) + quietRecords).sorted { $0.time < $1.time }
        var (engine, alone) = (
            Engine(policy: Self.policy, settings: Self.settings()),
            Engine(policy: Self.policy, settings: Self.settings())
        )
        var ledger = Ledger()
        var topic: [ArraySlice<UInt8>: StateEntry] = [:]
        var (counts, largest, most): ([Int], Int, Int) = ([], 0, 0)
        for (number, record) in records.enumerated() {
            var alerts: [Alert] = []
            _ = engine.process(record, into: &alerts)
            let pending = engine.pendingChanges()
            most = max(most, pending.count)
            for entry in pending {
                topic[entry.key] = entry.value == nil ? nil : entry
                largest = max(largest, entry.value?.count ?? 0)
            }
            engine.commit()
            ledger.take(alerts, "record \(number)")
            if record.account == Self.quiet { _ = alone.process(record, into: &alerts) }
            if number * 4 % records.count < 4 { counts.append(Self.size(engine, flood)) }
        }
        // Beside the quiet account's.
        let own = Self.size(alone, flood)
        #expect(counts.count >= 4, "\(counts)")
        #expect((counts.last ?? .max) - own < 2500, "\(counts), \(own)")
        #expect((counts.last ?? .max) < (counts.dropLast().last ?? 0) + 1000, "\(counts)")
        #expect(largest < 4096 && most < 2000, "\(largest) bytes, \(most) entries")
        let tally = try #require(engine.forgottenEarly.tallies[flood.kind], "\(engine.forgottenEarly)")
        #expect(tally.forgotten > count / 2 && tally.account == Self.hostile, "\(tally)")
        // Others find the same, and what is open of its own stays open.
        #expect(!alone.findingLines.isEmpty)
        #expect(Self.lines(engine, of: Self.quiet) == Self.lines(alone, of: Self.quiet))
        let open = engine.state.findings.all.filter { $0.finding.status == .open }.map(\.identity.rule)
        #expect(open.contains("ami-shared-publicly"))
        // A restart reads the same, and says nothing.
        var restored = Engine(policy: Self.policy, settings: Self.settings())
        for entry in topic.values { try restored.restore(key: entry.key, value: entry.value) }
        #expect(restored.allEntries() == engine.allEntries())
        let accounts = engine.state.largestAccounts
        #expect(restored.state.largestAccounts == accounts && accounts.images >= 2)
        var alerts: [Alert] = []
        restored.reconcile(into: &alerts)
        #expect(alerts.isEmpty, "\(alerts.count) alerts")
        // What came last comes once more.
        for record in records.suffix(40) { _ = restored.process(record, into: &alerts) }
        #expect(alerts.isEmpty, "\(alerts.count) alerts")
    }

    @Test("A record at the end of a flood takes as long as one at its beginning", arguments: Flood.allCases)
    func time(_ flood: Flood) {
        let records = Self.beginning + Self.flood(flood, 6000)
        var ratios: [Double] = []
        repeat {
            var engine = Engine(policy: Self.policy, settings: Self.settings())
            var alerts: [Alert] = []
            var times: [Double] = []
            for start in stride(from: 0, to: 12_000, by: 3000) {
                let begun = threadSeconds()
                for record in records[start..<(start + 3000)] {
                    _ = engine.process(record, into: &alerts)
                    engine.commit()
                }
                times.append(threadSeconds() - begun)
            }
            ratios.append(times[3] / times[1])
        } while ratios[ratios.count - 1] >= 2 && ratios.count < 3
        #expect(ratios.contains { $0 < 2 }, "\(ratios)")
    }

    @Test("An abort brings back what was forgotten", arguments: Flood.allCases)
    func abort(_ flood: Flood) {
        var engine = Engine(policy: Self.policy, settings: Self.settings())
        var (alerts, forgotten): ([Alert], Int) = ([], 0)
        for (number, record) in (Self.beginning + Self.flood(flood, 330)).enumerated() {
            // Nothing is forgotten yet.
            let before = number < 40 ? [] : engine.allEntries()
            let count = engine.forgottenEarly.count
            _ = engine.process(record, into: &alerts)
            if engine.forgottenEarly.count > count, forgotten < 20 {
                forgotten += 1
                let after = engine.allEntries()
                engine.rollback()
                let isBack = engine.allEntries() == before
                #expect(isBack)
                _ = engine.process(record, into: &alerts)
                let isSame = engine.allEntries() == after
                #expect(isSame, "\(record.time): \(before.count) entries, then \(after.count)")
            }
            engine.commit()
        }
        #expect(forgotten > 0)
    }

    @Test(
        "Who asks what an image once had is told that not all of it is kept",
        arguments: [Flood.tags, .strangers]
    )
    func asked(_ flood: Flood) throws {
        var engine = Engine(policy: Self.policy, settings: Self.settings())
        var alerts: [Alert] = []
        for record in Self.beginning + Self.flood(flood, 330) { _ = engine.process(record, into: &alerts) }
        var restored = Engine(policy: Self.policy, settings: Self.settings())
        for entry in engine.allEntries() { try restored.restore(key: entry.key, value: entry.value) }
        let early = EventTime(seconds: World.base + 1100)
        func incomplete(_ group: String, _ asOf: AsOf) -> String? {
            let report = restored.reports(.image(Self.floodedImage), asOf: asOf).first
            return report?.groups.first { $0.name == group }?.incomplete
        }
        let (group, other) = flood == .tags ? ("tags", "shares") : ("shares", "tags")
        let told = incomplete(group, AsOf(start: early, end: early))
        #expect(
            told?.hasPrefix(flood == .tags ? "very many were deleted" : "very many were taken back") == true
        )
        #expect(incomplete(other, AsOf(start: early, end: early)) == nil)
        #expect(incomplete(group, .now) == nil)
    }

    @Test("A finding that is open, and a share that comes back with its image, are forgotten for nothing")
    func whatIsNeededStays() {
        var engine = Engine(policy: Self.policy, settings: Self.settings())
        var alerts: [Alert] = []
        let image = Self.id("ami-", 50)
        let before =
            Self.beginning + [
                Self.record(
                    4,
                    Self.hostile,
                    at: 4,
                    "CreateImage",
                    .createImage(ImageCreation(image: image, imageTags: [:]))
                ),
                Self.record(
                    5,
                    Self.hostile,
                    at: 5,
                    "ModifyImageAttribute",
                    Self.share(image, with: .everyone, isOn: true)
                ),
                Self.record(6, Self.hostile, at: 6, "DeregisterImage", .deregisterImage(image)),
            ]
        for record in before + Self.flood(.images, 1000) { _ = engine.process(record, into: &alerts) }
        #expect((engine.forgottenEarly.tallies[.image]?.kept ?? 0) > 0)
        alerts = []
        let restored = Self.record(9, Self.hostile, at: 700_000, "RestoreImage", .restoreImage(image))
        _ = engine.process(restored, into: &alerts)
        #expect(alerts.map(\.finding.identity.rule).contains("ami-shared-publicly"))
    }

    @Test(
        "Of a late grant nobody knows whether it was taken back; of one that was told as over nothing is said"
    )
    func lateGrants() {
        var engine = Engine(policy: Self.policy, settings: Self.settings(endedAtMost: 10_000))
        var alerts: [Alert] = []
        let flood = Self.flood(.strangers, 200)
        for record in Self.beginning + flood.dropFirst(1) { _ = engine.process(record, into: &alerts) }
        #expect(engine.forgottenEarly.tallies[.permission] != nil)
        alerts = []
        // Its end came before it, and is forgotten.
        _ = engine.process(flood[0], into: &alerts)
        let told = alerts.map(\.finding).filter { $0.identity.rule == "ami-shared-with-untrusted-account" }
        #expect(told.count == 1 && told.allSatisfy { $0.verdict == .undetermined })
        // This one's finding is over.
        var later = Engine(policy: Self.policy, settings: Self.settings(endedAtMost: 10_000))
        do {
            for entry in engine.allEntries() { try later.restore(key: entry.key, value: entry.value) }
        } catch {
            Issue.record(error)
        }
        later.reconcile(into: &alerts)
        alerts = []
        for record in flood[2..<40] { _ = later.process(record, into: &alerts) }
        #expect(alerts.isEmpty, "\(alerts.map(\.finding.message))")
    }

    @Test(
        "The order in which a flood comes decides only whether it is sure that a share was taken back, and was brief"
    )
    func order() {
        // Every tenth share stands.
        let flood = Self.flood(.strangers, 300).enumerated().filter { $0.offset % 20 != 1 }.map(\.element)
        let records = (Self.beginning + flood + Self.quietRecords(hours: 50)).sorted { $0.time < $1.time }
        var rules: [String: String] = [:]
        func told(_ records: [Record]) -> [String: Told] {
            var engine = Engine(policy: Self.policy, settings: Self.settings(endedAtMost: 10_000))
            var ledger = Ledger()
            for record in records {
                var alerts: [Alert] = []
                _ = engine.process(record, into: &alerts)
                ledger.take(alerts, "\(record.id)")
                for alert in alerts.flatMap({ $0.instances.isEmpty ? [$0] : $0.instances }) {
                    rules[alert.findingID] = alert.finding.identity.rule
                }
            }
            return ledger.told
        }
        let inOrder = told(records)
        var differing = 0
        for seed in UInt64(0)..<6 {
            var random = SplitMix64(seed: seed)
            let shuffled = told(HorizonTests.inTime(records, late: 86_400, &random))
            for id in Set(shuffled.keys).union(inOrder.keys) where shuffled[id] != inOrder[id] {
                differing += 1
                if rules[id] == "ami-shared-briefly" { continue }
                #expect(rules[id] == "ami-shared-with-untrusted-account", "seed \(seed)")
                #expect(inOrder[id] != nil && shuffled[id]?.status == "open", "seed \(seed)")
                #expect(shuffled[id]?.verdict == "undetermined", "seed \(seed)")
            }
        }
        #expect(differing > 0)
    }

    /// Through the detector: a transaction each few records, some of them aborted.
    @Test("What others are told is the same beside a flood, and a restart reads what is in memory")
    func throughTheDetector() throws {
        let quiet = Self.quietRecords(hours: 60)
        let flood = Flood.allCases.flatMap { Self.flood($0, 250) }
        func run(_ records: [Record]) throws -> (topics: SimulatedTopics, worker: SimulatedWorker) {
            var random = SplitMix64(seed: 14)
            var topics = SimulatedTopics(records.sorted { $0.time < $1.time }, partitions: 2)
            for partition in topics.partitions.indices {
                topics.partitions[partition].end = topics.partitions[partition].records.count
            }
            var worker = SimulatedWorker(topics, policy: Self.policy, settings: Self.settings(), &random)
            var luck = SimulatedWorker.Luck(random: random)
            try worker.assign([0, 1])
            var turns = 0
            while !worker.isDone(topics), turns < 20_000 {
                turns += 1
                luck.outcome = luck.random.chance(20) ? .aborted : .committed
                try worker.turn(&topics, &luck)
            }
            return (topics, worker)
        }
        let alone = try run(quiet)
        let (topics, worker) = try run(Self.beginning + flood + quiet)
        #expect(worker.core.engine.forgottenEarly.count > 0)
        #expect(worker.core.metrics.forgottenEarly == worker.core.engine.forgottenEarly.tallies)
        let told = alone.topics.ledger.told
        #expect(!told.isEmpty)
        #expect(topics.ledger.told.filter { told[$0.key] != nil } == told)
        let restored = try topics.restored([0, 1], policy: Self.policy, settings: Self.settings())
        #expect(Set(restored.engine.allEntries()) == worker.entries)
    }
}
