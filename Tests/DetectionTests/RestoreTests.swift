import CloudTrail
import TestSupport
import Testing

@testable import Detection
@testable import Pipeline

/// What a worker does when partitions come to it or stay with it, and when a transaction fails: as much as it must, in
/// the order that it must.
@Suite
struct RestoreTests {
    private static let settings: Engine.Settings = {
        var settings = Engine.Settings()
        settings.keepsJournal = true
        return settings
    }()

    /// Some worker of a group that has read everything which has come.
    private struct Stand {
        var topics: SimulatedTopics
        var luck: SimulatedWorker.Luck
        let policy: Policy
        let records: [Record]

        /// A history on one partition, of which a half has come.
        init(_ seed: UInt64, records count: Int = 30) {
            var random = SplitMix64(seed: seed)
            policy = World.policy(&random)
            var known: Set<EventID> = []
            records = History.records(count, random).filter { known.insert($0.id).inserted }
            topics = SimulatedTopics(records, partitions: 1)
            topics.partitions[0].end = records.count / 2
            luck = SimulatedWorker.Luck(random: random)
        }

        init(_ records: [Record], partitions: Int, policy: Policy, seed: UInt64) {
            (self.records, self.policy) = (records, policy)
            topics = SimulatedTopics(records, partitions: partitions)
            luck = SimulatedWorker.Luck(random: SplitMix64(seed: seed))
            bringTheRest()
        }

        mutating func bringTheRest() {
            for partition in topics.partitions.indices {
                topics.partitions[partition].end = topics.partitions[partition].records.count
            }
        }

        mutating func worker(of partitions: Set<Int32>) throws -> SimulatedWorker {
            var worker = SimulatedWorker(topics, policy: policy, settings: settings, &luck.random)
            try worker.assign(partitions)
            return worker
        }

        /// Works until nothing is left to do.
        mutating func finish(_ worker: inout SimulatedWorker, _ comment: Comment) throws {
            try work(worker: &worker, comment) { worker, topics in worker.isDone(topics) }
        }

        mutating func work(
            worker: inout SimulatedWorker,
            _ comment: Comment,
            until isOver: (SimulatedWorker, SimulatedTopics) -> Bool
        ) throws {
            for _ in 0..<3000 where !isOver(worker, topics) { try worker.turn(&topics, &luck) }
            try #require(isOver(worker, topics), comment)
        }

        var expected: [String] { OrderTests.findings(of: records, policy, "") }
    }

    /// The owner of before has sent its last transaction's end, and that arrives while the next owner restores.
    @Test
    func aCommitThatLandsMeanwhileIsRestored() throws {
        for seed in UInt64(0)..<40 {
            var stand = Stand(9_000 + seed)
            var owner = try stand.worker(of: [0])
            try stand.finish(&owner, "seed \(seed)")
            stand.bringTheRest()
            stand.luck.leavesOpen = true
            try stand.work(worker: &owner, "seed \(seed)") { $1.hasOpenTransaction }
            stand.luck.leavesOpen = false
            var heir = try stand.worker(of: [0])
            for _ in 0..<Int.random(in: 0...12, using: &stand.luck.random) {
                try heir.turn(&stand.topics, &stand.luck)
            }
            stand.topics.endOpenTransaction()
            try stand.finish(&heir, "seed \(seed)")
            #expect(heir.findingLines == stand.expected, "seed \(seed)")
            if heir.findingLines != stand.expected { return }
        }
    }

    /// What another account's records say of an image is in the catalogue: a new owner that has read half of it would
    /// call launches into question that nobody else does.
    @Test
    func nothingIsSaidBeforeTheCatalogueIsRead() throws {
        var policy = Policy()
        var golden = Policy.ApprovedImage()
        golden.tags = ["Role": "golden"]
        policy.images.approved = [golden]
        func record(_ number: Int, by account: AccountID, _ name: String, _ call: Call) -> Record {
            Record(
                id: .uuid(0x9000, UInt64(number)),
                account: account,
                region: World.regions[0],
                time: EventTime(seconds: World.base + Int64(number)),
                name: name,
                source: "ec2.amazonaws.com",
                actor: World.actors[0],
                call: call
            )
        }
        let partitioner = Partitioner(count: 2)
        let owner = World.owner
        let user = try #require(
            [World.member, World.stranger, World.vendor, World.trusted].first {
                partitioner.partition(of: $0) != partitioner.partition(of: owner)
            }
        )
        let images = 1...9
        let creations = images.map {
            record(
                $0,
                by: owner,
                "CreateImage",
                .createImage(ImageCreation(image: World.image($0), imageTags: ["Role": "golden"]))
            )
        }
        let launches = images.map {
            let instance = InstanceLaunch.Instance(id: World.instance($0), image: World.image($0))
            let launch = InstanceLaunch(instances: [instance], requestedImage: nil)
            return record(100 + $0, by: user, "RunInstances", .runInstances(launch))
        }
        for seed in UInt64(0)..<20 {
            var stand = Stand(creations + launches, partitions: 2, policy: policy, seed: seed)
            var worker = try stand.worker(of: [0, 1])
            try stand.finish(&worker, "seed \(seed)")
            var heir = try stand.worker(of: [partitioner.partition(of: user)])
            try stand.finish(&heir, "seed \(seed)")
            #expect(heir.core.report.alerts == 0, "seed \(seed)")
            if heir.core.report.alerts > 0 { return }
        }
    }

    /// Many workers are aborted at once when a broker goes: none of them reads its state back for that.
    @Test
    func anAbortReadsNothingBack() throws {
        for seed in UInt64(0)..<20 {
            var stand = Stand(9_100 + seed)
            var worker = try stand.worker(of: [0])
            try stand.finish(&worker, "seed \(seed)")
            let restored = worker.core.report.restoredEntries
            stand.bringTheRest()
            stand.luck.outcome = .aborted
            try stand.work(worker: &worker, "seed \(seed)") { worker, _ in worker.core.report.aborted > 0 }
            stand.luck.outcome = .committed
            try stand.finish(&worker, "seed \(seed)")
            #expect(worker.core.report.restores == 1, "seed \(seed)")
            #expect(worker.core.report.restoredEntries == restored, "seed \(seed)")
            #expect(worker.findingLines == stand.expected, "seed \(seed)")
        }
    }

    /// A rebalance takes a partition away and gives it back: of its changelog only what came since is read.
    @Test
    func whatStaysIsNotReadAgain() throws {
        for seed in UInt64(0)..<20 {
            var stand = Stand(9_200 + seed)
            stand.bringTheRest()
            var worker = try stand.worker(of: [0])
            try stand.finish(&worker, "seed \(seed)")
            // At first what it has written itself is new, too.
            var read = 0
            for _ in 0..<2 {
                let before = worker.core.report.restoredEntries
                try worker.revoke(&stand.topics, &stand.luck, isLost: false)
                try worker.assign([0])
                try stand.finish(&worker, "seed \(seed)")
                read = worker.core.report.restoredEntries - before
            }
            let all = stand.topics.partitions[0].changelog.count
            #expect(all > 20 && read < all / 4, "seed \(seed): \(read) of \(all)")
            #expect(worker.findingLines == stand.expected, "seed \(seed)")
        }
    }

    /// Between two slices of a long evaluation the group is listened to.
    @Test
    func whatIsRestoredIsEvaluatedInSlices() throws {
        var most = 0
        for seed in UInt64(0)..<20 {
            var stand = Stand(9_300 + seed, records: 100)
            stand.bringTheRest()
            var owner = try stand.worker(of: [0])
            try stand.finish(&owner, "seed \(seed)")
            var heir = try stand.worker(of: [0])
            var turns = 0
            try stand.work(worker: &heir, "seed \(seed)") { worker, topics in
                if case .reconciling = worker.core.phase { turns += 1 }
                return worker.isDone(topics)
            }
            most = max(most, turns)
        }
        #expect(most > 10, "\(most) turns of at most eight subjects and the rest of a look")
    }
}
