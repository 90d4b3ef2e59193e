import CloudTrail
import Foundation
import TestSupport
import Testing

@testable import Detection
@testable import Pipeline

/// Partitions change hands at any moment, transactions fail, workers die and come back, and some records end every
/// process that reads them: what stands in the topics is the only memory, and the findings are those of one engine
/// that has read everything else.
@Suite
struct MovingPartitionsTests {
    /// Each argument is a hundred histories; the last of them others every time, and as many as
    /// `AMIWATCH_HISTORIES` says.
    @Test(arguments: [0, 1, UInt64.random(in: 0..<1 << 40)])
    func whoWorksOnWhatAndWhenDecidesNothing(_ part: UInt64) throws {
        for seed in part * 100..<part * 100 + (part > 1 ? Self.count : 100) {
            guard try Self.isSound(seed) else { return }
        }
    }

    private static let count = asked("AMIWATCH_HISTORIES") ?? 100

    private static func asked(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    /// The history whose seed a failure has named, and `AMIWATCH_HISTORY` names.
    @Test(.enabled(if: asked("AMIWATCH_HISTORY") != nil), arguments: [false, true])
    func oneHistory(keepsSnapshots: Bool) throws {
        let seed = try #require(Self.asked("AMIWATCH_HISTORY"))
        var used = 0
        _ = try Self.isSound(seed, keepsSnapshots: keepsSnapshots, used: &used)
    }

    @Test("A watermark that overtakes the records that it counts waits for them")
    func timeWaits() throws {
        for seed in UInt64(0)..<40 {
            var random = SplitMix64(seed: seed)
            let policy = World.policy(&random)
            let records = History.records(8, random)
            var topics = SimulatedTopics(records, partitions: 1)
            topics.partitions[0].end = records.count - 1
            var worker = SimulatedWorker(topics, policy: policy, settings: Engine.Settings(), &random)
            var luck = SimulatedWorker.Luck(random: random)
            try worker.assign([0])
            while !worker.isDone(topics) { try worker.turn(&topics, &luck) }
            let last = records.map(\.time).max() ?? .distantPast
            topics.publish(Watermark(source: "input/0", time: last.advanced(bySeconds: 60)))
            topics.partitions[0].end += 1
            // Each turn says when time has gone past what is not read.
            while !worker.isDone(topics) { try worker.turn(&topics, &luck) }
            #expect(worker.core.engine.state.streamTime == last.advanced(bySeconds: 60))
        }
    }

    @Test("Snapshots change nothing, whoever wrote meanwhile and whatever the topics have forgotten")
    func snapshots() throws {
        var used = 0
        // The first one lost verdicts that were put off while a snapshot was taken, the second one what a second call said
        // that ends an instance.
        let last = UInt64.random(in: 1000..<1 << 40)
        for part in [782_193_736_762, 621_876_206_409, 2, last] {
            for seed in part * 100..<part * 100 + (part == last ? Self.count : 100) {
                guard try Self.isSound(seed, keepsSnapshots: true, used: &used) else { return }
            }
        }
        #expect(used >= 40, "restores begin with them: \(used)")
    }

    private static func isSound(_ seed: UInt64) throws -> Bool {
        var used = 0
        return try isSound(seed, keepsSnapshots: false, used: &used)
    }

    private static func isSound(_ seed: UInt64, keepsSnapshots: Bool, used: inout Int) throws -> Bool {
        var random = SplitMix64(seed: seed)
        var policies = (World.policy(&random), World.policy(&random))
        (policies.0.hash, policies.1.hash) = (
            String(repeating: "0", count: 64), String(repeating: "1", count: 64)
        )
        var records = History.records(Int.random(in: 4...30, using: &random), random)
        // A copy that differs is known for one as long as its account has not moved.
        var known: Set<EventID> = []
        records.removeAll { !known.insert($0.id).inserted }
        records += records.filter { _ in random.chance(10) }
        var settings = Engine.Settings()
        settings.imagesAtHand = 2
        settings.keepsJournal = true
        if random.chance(50) { settings.subjectsAtOnce = 1 }
        if random.chance(50) { settings.horizonSeconds = 86_400 }
        settings.delaysUndetermined = random.chance(50)
        var topics = SimulatedTopics(
            random.chance(50) ? records.shuffled(using: &random) : records.sorted { $0.time < $1.time },
            partitions: Int.random(in: 1...4, using: &random)
        )
        if random.chance(30) { topics.poison(&random) }
        let changesPolicy = random.chance(50)
        var group = SimulatedGroup(
            topics,
            workers: Int.random(in: 1...3, using: &random),
            policy: changesPolicy ? policies.0 : policies.1,
            settings,
            keepsSnapshots: keepsSnapshots,
            SimulatedWorker.Luck(random: random)
        )
        let steps = keepsSnapshots ? 100...400 : 10...60
        for _ in 0..<Int.random(in: steps, using: &random) { try group.step(policies.1) }
        try group.finish(policies.1, changesPolicy: changesPolicy, "seed \(seed)")
        used += group.snapshotsUsed + group.workers.count(where: \.usedSnapshot)
        let expected = OrderTests.findings(of: group.topics.processed, policies.1, "seed \(seed)")
        let isTold = group.topics.ledger.told == Told.of(expected)
        #expect(isTold, "seed \(seed): what the alerts say")
        #expect(group.findingLines == expected.sorted(), "seed \(seed): what the detectors know")
        let isRestorable = try group.isRestorable(policies.1)
        #expect(isRestorable, "seed \(seed): memory is what a full restore builds")
        let isCounted = try group.isCounted(policies.1)
        #expect(isCounted, "seed \(seed): each record is counted once")
        let told = group.topics.ledger.count
        try group.restart(policies.1, "seed \(seed)")
        let isQuiet = group.topics.ledger.count == told
        #expect(isQuiet, "seed \(seed): a restart of all says nothing")
        return isTold && group.findingLines == expected.sorted() && isRestorable && isCounted && isQuiet
    }
}

/// Some workers with the topics between them.
private struct SimulatedGroup {
    private(set) var topics: SimulatedTopics
    private(set) var workers: [SimulatedWorker]
    private let settings: Engine.Settings
    private let policy: Policy
    private var luck: SimulatedWorker.Luck
    /// Of each worker, whichever process it is; none when no snapshots are kept.
    private let disks: [SimulatedDisk]
    private(set) var snapshotsUsed = 0
    private var isFinishing = false

    init(
        _ topics: SimulatedTopics,
        workers count: Int,
        policy: Policy,
        _ settings: Engine.Settings,
        keepsSnapshots: Bool,
        _ luck: SimulatedWorker.Luck
    ) {
        (self.topics, self.settings, self.policy, self.luck) = (topics, settings, policy, luck)
        disks = keepsSnapshots ? (0..<count).map { SimulatedDisk(name: "worker \($0)") } : []
        workers = []
        for number in 0..<count { workers.append(newWorker(number, policy)) }
    }

    private mutating func newWorker(_ number: Int, _ policy: Policy) -> SimulatedWorker {
        let disk = disks.isEmpty ? nil : disks[number]
        var worker = SimulatedWorker(topics, policy: policy, settings: settings, disk: disk, &luck.random)
        if isFinishing { worker.stopSnapshots() }
        return worker
    }

    /// The process of a worker ends, and another one begins.
    private mutating func restart(_ number: Int, _ policy: Policy) {
        if workers[number].usedSnapshot { snapshotsUsed += 1 }
        workers[number] = newWorker(number, policy)
    }

    /// The topics forget what they had said to be gone.
    private mutating func purge() {
        topics.purge()
        for disk in disks { disk.era += 1 }
    }

    /// Something happens: mostly work.
    mutating func step(_ next: Policy) throws {
        let worker = Int.random(in: 0..<workers.count, using: &luck.random)
        luck.silence = 20
        if luck.random.chance(30) { topics.arrive(&luck.random) }
        luck.outcome =
            luck.random.chance(75) ? .committed : luck.random.pick(SimulatedWorker.Outcome.allCases)
        switch Int.random(in: 0..<100, using: &luck.random) {
        case 0..<8: try rebalance(policy)
        case 8..<12: workers[worker].replacePolicy(next)
        case 12..<20:
            if !disks.isEmpty, luck.random.chance(15) { return purge() }
            topics.compact(Int.random(in: 0..<topics.partitions.count, using: &luck.random))
        case 20..<25: try workers[worker].notice(&topics, &luck)
        default: try turn(worker, policy)
        }
    }

    /// One turn; a process that ends is followed by another one, and the group notices.
    private mutating func turn(_ worker: Int, _ policy: Policy) throws {
        do { try workers[worker].turn(&topics, &luck) } catch is SimulatedWorker.Died {
            restart(worker, policy)
            try rebalance(policy)
        }
    }

    private mutating func rebalance(_ policy: Policy) throws {
        var assigned: [Set<Int32>] = workers.map { _ in [] }
        for partition in topics.partitions.indices {
            assigned[Int.random(in: 0..<workers.count, using: &luck.random)].insert(Int32(partition))
        }
        // Of those that nothing befalls any more each is told in time.
        let ways = workers.map { _ in Int.random(in: luck.silence == 0 ? 4..<5 : 0..<10, using: &luck.random)
        }
        for worker in workers.indices {
            switch ways[worker] {
            case 0, 1: restart(worker, policy)
            case 2:
                try workers[worker].notice(&topics, &luck)
                try workers[worker].revoke(&topics, &luck, isLost: true)
            case 3: workers[worker].miss(assigned[worker])
            default:
                try workers[worker].notice(&topics, &luck)
                try workers[worker].revoke(&topics, &luck, isLost: false)
            }
        }
        if luck.silence > 0 { topics.moveOffsets(&luck.random) }
        for worker in workers.indices where ways[worker] != 3 { try workers[worker].assign(assigned[worker]) }
    }

    /// Nothing fails any more, and everything is read, evaluated and told.
    mutating func finish(_ policy: Policy, changesPolicy: Bool, _ comment: Comment) throws {
        (luck.silence, luck.outcome, isFinishing) = (0, .committed, true)
        for worker in workers.indices { workers[worker].stopSnapshots() }
        for worker in workers.indices { try workers[worker].notice(&topics, &luck) }
        // Restoring mends much that went wrong before, so at times nobody restores.
        let owned = workers.flatMap(\.owned).count
        if changesPolicy || owned < topics.partitions.count || luck.random.chance(50) {
            for worker in workers.indices { workers[worker].replacePolicy(policy) }
            try rebalance(policy)
        }
        var turns = 0
        while !topics.isComplete || !workers.allSatisfy({ $0.isDone(topics) }), turns < 3000 {
            if luck.random.chance(30) { topics.arrive(&luck.random) }
            for worker in workers.indices { try turn(worker, policy) }
            turns += 1
        }
        #expect(turns < 3000, "\(comment): it comes to an end")
        for worker in workers.indices {
            var turns = 0
            while !workers[worker].hasEnded(), turns < 100 {
                try turn(worker, policy)
                turns += 1
            }
            #expect(turns < 100, "\(comment): a run that stops at the end stops")
        }
        // Who has no partitions stops without a look at what the others have told.
        for worker in workers.indices where workers[worker].owned.isEmpty { try turn(worker, policy) }
        #expect(workers.allSatisfy { $0.isDone(topics) }, "\(comment): looking for the end changes nothing")
    }

    /// All processes end, others begin, and finish.
    mutating func restart(_ policy: Policy, _ comment: Comment) throws {
        for worker in workers.indices { restart(worker, policy) }
        try finish(policy, changesPolicy: false, comment)
    }

    var findingLines: [String] { workers.flatMap(\.findingLines).sorted() }

    func isRestorable(_ policy: Policy) throws -> Bool {
        try workers.allSatisfy { worker in
            guard !worker.owned.isEmpty else { return true }
            let restored = try topics.restored(worker.owned, policy: policy, settings: settings)
            return Set(restored.engine.allEntries()) == worker.entries
                && restored.engine.state.largestAccounts == worker.core.engine.state.largestAccounts
        }
    }

    /// Whether the balances of all partitions hold each record once.
    func isCounted(_ policy: Policy) throws -> Bool {
        let all = Set(topics.partitions.indices.map { Int32($0) })
        let totals = try topics.restored(all, policy: policy, settings: settings).totals
        return topics.partitions.enumerated().allSatisfy { number, partition in
            let balance = totals[Int32(number)] ?? DetectorBalance()
            // What is read again after its offsets were moved is a duplicate.
            let again = partition.isReset ? balance.read - partition.records.count : 0
            let (records, dead) = (partition.records.count, partition.deadLetters.count)
            return again >= 0 && balance.deadLettered == dead && balance.read == records + again
                && balance.applied + balance.duplicate + dead == balance.read
                && balance.applied <= records - dead
        }
    }
}
