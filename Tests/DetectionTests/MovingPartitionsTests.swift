import CloudTrail
import Foundation
import Testing
import TestSupport

@testable import Detection

/// Partitions change hands at any moment, transactions fail, workers die and come back: what stands in the topics is
/// the only memory, and the findings are those of one engine that has read everything.
@Suite
struct MovingPartitionsTests {
    /// Each argument is a hundred histories; the last of them others every time, and as many as
    /// `AMIWATCH_HISTORIES` says.
    @Test(arguments: [0, 1, UInt64.random(in: 0..<1 << 40)])
    func whoWorksOnWhatAndWhenDecidesNothing(_ part: UInt64) throws {
        let asked = ProcessInfo.processInfo.environment["AMIWATCH_HISTORIES"].flatMap { UInt64($0) }
        for seed in part * 100..<part * 100 + (part > 1 ? asked ?? 100 : 100) {
            guard try Self.isSound(seed) else { return }
        }
    }

    private static func isSound(_ seed: UInt64) throws -> Bool {
        var random = SplitMix64(seed: seed)
        let policies = (World.policy(&random), World.policy(&random))
        var records = History.records(Int.random(in: 4...30, using: &random), random)
        // A copy that differs is known for one as long as its account has not moved.
        var known: Set<EventID> = []
        records.removeAll { !known.insert($0.id).inserted }
        let expected = OrderTests.findings(of: records, policies.1, "seed \(seed)")
        records += records.filter { _ in random.chance(10) }
        var settings = Engine.Settings()
        settings.keepsJournal = true
        if random.chance(50) { settings.subjectsAtOnce = 1 }
        if random.chance(50) { settings.horizonSeconds = 86_400 }
        settings.delaysUndetermined = random.chance(50)
        var group = SimulatedGroup(
            SimulatedTopics(
                records.shuffled(using: &random),
                partitions: Int.random(in: 1...4, using: &random),
                divisor: random.pick([1, 10, 1000])
            ),
            workers: Int.random(in: 1...3, using: &random),
            policy: random.chance(50) ? policies.0 : policies.1,
            settings
        )
        for _ in 0..<Int.random(in: 10...60, using: &random) {
            try group.step(&random, policies.1)
        }
        try group.finish(&random, policies.1, "seed \(seed)")
        let isTold = group.topics.ledger.told == Told.of(expected)
        #expect(isTold, "seed \(seed): what the alerts say")
        #expect(group.findingLines == expected.sorted(), "seed \(seed): what the detectors know")
        let isRestorable = try group.isRestorable(policies.1)
        #expect(isRestorable, "seed \(seed): memory is what a full restore builds")
        return isTold && group.findingLines == expected.sorted() && isRestorable
    }
}

/// Some detectors with the topics between them.
private struct SimulatedGroup {
    private(set) var topics: SimulatedTopics
    private var workers: [SimulatedDetector]
    private let settings: Engine.Settings
    private let policy: Policy

    init(_ topics: SimulatedTopics, workers count: Int, policy: Policy, _ settings: Engine.Settings) {
        self.topics = topics
        self.settings = settings
        self.policy = policy
        workers = (0..<count).map {
            SimulatedDetector(policy: policy, settings: settings, process: UInt64($0))
        }
    }

    /// Something happens: mostly work.
    mutating func step(_ random: inout SplitMix64, _ next: Policy) throws {
        let worker = Int.random(in: 0..<workers.count, using: &random)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<8: try rebalance(&random)
        case 8..<12: workers[worker].replacePolicy(next)
        case 12..<20: topics.compact(Int.random(in: 0..<topics.partitions.count, using: &random))
        case 20..<25: try workers[worker].notice(&topics)
        default:
            let outcome = random.chance(75) ? .committed : random.pick(SimulatedDetector.Outcome.allCases)
            try workers[worker].turn(&topics, &random, outcome, commits: random.chance(50))
        }
    }

    private mutating func rebalance(_ random: inout SplitMix64) throws {
        var assigned: [Set<Int>] = workers.map { _ in [] }
        for partition in topics.partitions.indices {
            assigned[Int.random(in: 0..<workers.count, using: &random)].insert(partition)
        }
        let ways = workers.map { _ in Int.random(in: 0..<10, using: &random) }
        for worker in workers.indices {
            switch ways[worker] {
            case 0, 1:
                workers[worker] = SimulatedDetector(
                    policy: policy,
                    settings: settings,
                    process: random.next()
                )
            case 2:
                try workers[worker].notice(&topics)
                try workers[worker].revoke(&topics, isLost: true, .aborted)
            case 3: workers[worker].miss(assigned[worker])
            default:
                try workers[worker].notice(&topics)
                let outcome = random.chance(75) ? .committed : random.pick(SimulatedDetector.Outcome.allCases)
                try workers[worker].revoke(&topics, isLost: false, outcome)
            }
        }
        for worker in workers.indices where ways[worker] != 3 { workers[worker].assign(assigned[worker]) }
    }

    /// Nothing fails any more, and everything is read, judged and told.
    mutating func finish(_ random: inout SplitMix64, _ policy: Policy, _ comment: Comment) throws {
        for worker in workers.indices {
            try workers[worker].notice(&topics)
            workers[worker].replacePolicy(policy)
        }
        try rebalance(&random)
        for worker in workers.indices { try workers[worker].notice(&topics) }
        for worker in workers.indices { workers[worker].replacePolicy(policy) }
        var turns = 0
        while !workers.allSatisfy({ $0.isDone(topics) }), turns < 3000 {
            for worker in workers.indices {
                try workers[worker].turn(&topics, &random, .committed, commits: true)
            }
            turns += 1
        }
        #expect(turns < 3000, "\(comment): it comes to an end")
    }

    var findingLines: [String] { workers.flatMap(\.findingLines).sorted() }

    func isRestorable(_ policy: Policy) throws -> Bool {
        try workers.allSatisfy { worker in
            guard !worker.owned.isEmpty else { return true }
            let restored = try topics.restored(worker.owned, policy: policy, settings: settings)
            return Set(restored.allEntries()) == worker.entries
        }
    }
}
