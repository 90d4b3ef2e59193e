import CloudTrail
import Configuration
import Foundation
import TestSupport
import Testing

@testable import Detection
@testable import Kafka
@testable import Pipeline

/// A worker's process: the detector's own core, with a simulated Kafka around it.
struct SimulatedWorker {
    /// How a transaction ends.
    enum Outcome: CaseIterable {
        case committed, aborted
        /// The producer is of no use any more, and its transaction is visible, or is not.
        case lostCommitted, lostAborted
    }

    /// What happens beside the work.
    struct Luck {
        var random: SplitMix64
        /// How the next transaction ends.
        var outcome = Outcome.committed
        /// How often, in percent, a question is not answered.
        var silence = 0
        /// Whether the next transaction is stopped just before its end.
        var leavesOpen = false
    }

    /// A record was read that ends the process.
    struct Died: Error {}

    private(set) var core: DetectorCore
    private let clock: SimulatedClock
    /// Where records, catalogue and changelog are read on.
    private var fetch: [Int32: Int] = [:]
    private var catalogueFetch = 0
    private var changelogFetch: [Int32: Int] = [:]
    /// What the group has assigned while this worker was not listening.
    private var missed: Set<Int32>?

    private static let topic = TopicIndex(rawValue: 0)
    private static let silentLog = RunLog(level: .error, descriptor: open("/dev/null", O_WRONLY | O_CLOEXEC))

    init(
        _ topics: SimulatedTopics,
        policy: Policy,
        settings: Engine.Settings,
        disk: SimulatedDisk? = nil,
        _ random: inout SplitMix64
    ) {
        let clock = SimulatedClock(random.next())
        self.clock = clock
        var limits = DetectorCore.Limits()
        limits.sliceSubjects = Int.random(in: 1...8, using: &random)
        limits.subjectsBetweenLooks = Int.random(in: 1...4, using: &random)
        limits.batchMessages = 4
        if disk != nil {
            (limits.copyTime, limits.copyCount) = (.zero, Int.random(in: 1...100, using: &random))
        }
        if random.chance(50) { limits.batchTime = .milliseconds(200) }
        var configuration = RunConfiguration()
        configuration.detector.maxPolicyChangePercent = 100
        configuration.detector.commitRecords = Int.random(in: 1...20, using: &random)
        core = DetectorCore(
            configuration,
            topics.layout,
            engine: Engine(policy: policy, settings: settings),
            process: Int.random(in: 1 ... .max, using: &random),
            endsWhenRead: random.chance(30),
            limits: limits,
            clock: .init(
                now: { clock.now() },
                latestTime: { .distantFuture },
                milliseconds: { disk?.era ?? 0 }
            ),
            log: Self.silentLog
        )
        core.catalogue.begin([0])
        guard let disk else { return }
        core.snapshots = Snapshots(
            disk,
            name: disk.name,
            path: "",
            interval: .milliseconds(Int.random(in: 0...4000, using: &random)),
            // Only of its own era is a snapshot young enough.
            tombstones: 1,
            now: clock.now()
        )
        core.snapshots?.found = disk.found(SnapshotOwner(configuration, topics.layout))
        readCatalogue(topics, policy: policy, settings: settings)
    }

    /// As a worker does before it joins its group.
    private mutating func readCatalogue(_ topics: SimulatedTopics, policy: Policy, settings: Engine.Settings)
    {
        do {
            let ends = [TopicPartition("catalogue", 0): (low: Int64(0), high: Int64(topics.catalogue.count))]
            guard var load = core.beginCatalogueFromSnapshot(ends) else { return }
            while try !load.take(until: core.clock.now(), core.clock, into: &core.engine) {}
            core.readCatalogueOn()
            for offset in Int(core.catalogue.offset(of: 0))..<topics.catalogue.count {
                try topics.catalogue[offset].read("catalogue", 0, at: offset) {
                    try core.readCatalogue($0, isOwn: false)
                }
            }
            if core.snapshots?.isMarkedInCatalogue == true {
                catalogueFetch = topics.catalogue.count
            } else {
                core.startCatalogueAnew(Engine(policy: policy, settings: settings), .torn)
                core.catalogue.begin([0])
            }
        } catch { Issue.record(error) }
    }

    /// Whether its first restore began with a snapshot.
    var usedSnapshot: Bool { core.report.restoredFromSnapshot > 0 }

    /// It takes no further one.
    mutating func stopSnapshots() {
        core.giveUpSnapshot()
        core.snapshots?.interval = .seconds(1 << 40)
        let never = core.clock.now() + .seconds(1 << 40)
        core.snapshots?.due = never
    }

    /// What it owns or is about to.
    var owned: Set<Int32> { Set(core.sources.map(\.name.partition)) }

    mutating func replacePolicy(_ policy: Policy) { _ = try? core.handle(.newPolicy(policy)) }

    // MARK: The group

    /// Gives everything up; in order, or because the group has given it to others already.
    mutating func revoke(_ topics: inout SimulatedTopics, _ luck: inout Luck, isLost: Bool) throws {
        let names = core.sources.map(\.name)
        if !isLost { try perform(core.handle(.revoking), &topics, &luck) }
        try perform(core.handle(isLost ? .lost(names) : .revoked(names)), &topics, &luck)
    }

    mutating func assign(_ partitions: Set<Int32>) throws {
        _ = try core.handle(.assigned(partitions.sorted().map(SimulatedTopics.event)) { _ in Self.topic })
    }

    /// The group moves on without this worker, which still believes in what it had.
    mutating func miss(_ partitions: Set<Int32>) { missed = partitions }

    mutating func notice(_ topics: inout SimulatedTopics, _ luck: inout Luck) throws {
        guard let partitions = missed else { return }
        missed = nil
        try revoke(&topics, &luck, isLost: true)
        try assign(partitions)
    }

    // MARK: One turn

    /// - Throws: `Died` when it has read a poison record.
    mutating func turn(_ topics: inout SimulatedTopics, _ luck: inout Luck) throws {
        clock.advance(by: .milliseconds(Int.random(in: 0...2000, using: &luck.random)))
        try perform(core.handle(.begin), &topics, &luck)
        let count = try readRecords(&topics, &luck)
        if !core.catalogue.needsSeek, !core.isReassigned { try readState(topics, &luck) }
        try perform(core.handle(.advance), &topics, &luck)
        let before = core.engine.state.streamTime
        try perform(core.handle(.tick(isIdle: count == 0)), &topics, &luck)
        if core.engine.state.streamTime > before {
            let isRead = hasReadAll(topics)
            #expect(isRead, "what others have seen counts where all is read")
        }
    }

    private func hasReadAll(_ topics: SimulatedTopics) -> Bool {
        core.sources.allSatisfy { $0.next == Int64(topics.partitions[Int($0.name.partition)].end) }
    }

    private mutating func readRecords(_ topics: inout SimulatedTopics, _ luck: inout Luck) throws -> Int {
        let begun = clock.now()
        var count = 0
        var ends: [PartitionEnd] = []
        for (partition, position) in fetch.sorted(by: { $0.key < $1.key }) where luck.random.chance(60) {
            guard let index = core.sources.consumed(Self.topic, partition) else { continue }
            let (records, end) = (
                topics.partitions[Int(partition)].records, topics.partitions[Int(partition)].end
            )
            let next = min(end, position + Int.random(in: 1...4, using: &luck.random))
            // librdkafka hands over again what it had handed over before.
            let first = luck.random.chance(10) ? max(0, position - 2) : position
            for offset in first..<max(first, next) {
                let message = SimulatedMessage(
                    record: records[offset],
                    partition: SimulatedTopics.event(partition),
                    offset: Int64(offset),
                    isPoison: topics.partitions[Int(partition)].poison == offset
                )
                while let actions = try core.consume(message, of: index, inBatchSince: begun) {
                    count += 1
                    try perform(actions, &topics, &luck)
                }
            }
            fetch[partition] = next
            guard next == end else { continue }
            ends.append(PartitionEnd(topic: Self.topic, partition: partition, offset: Int64(next)))
        }
        core.finishBatch(ends: ends)
        return count
    }

    private mutating func readState(_ topics: SimulatedTopics, _ luck: inout Luck) throws {
        var entries = 0
        var ends: [Int32: Int64] = [:]
        for _ in 0..<Int.random(in: 0...6, using: &luck.random) where catalogueFetch < topics.catalogue.count
        {
            let entry = topics.catalogue[catalogueFetch]
            let isOwn = entry.writer == core.process
            try entry.read("catalogue", 0, at: catalogueFetch) {
                try core.readCatalogue($0, isOwn: isOwn)
            }
            catalogueFetch += 1
        }
        for (partition, offset) in changelogFetch.sorted(by: { $0.key < $1.key }) {
            let changelog = topics.partitions[Int(partition)].changelog
            let next = min(changelog.count, offset + Int.random(in: 0...8, using: &luck.random))
            for case let entry? in changelog[offset..<next] {
                entries += 1
                try entry.read("state", partition) { try core.readChangelog($0) }
            }
            changelogFetch[partition] = next
            if next == changelog.count { ends[partition] = Int64(next) }
        }
        let end: [Int32: Int64] =
            catalogueFetch == topics.catalogue.count ? [0: Int64(catalogueFetch)] : [:]
        _ = try core.handle(.read(entries: entries, changelogEnds: ends, catalogueEnds: end))
    }

    // MARK: What the core wants

    private mutating func perform(
        _ actions: [DetectorCore.Action],
        _ topics: inout SimulatedTopics,
        _ luck: inout Luck
    ) throws {
        for action in actions {
            guard let answer = perform(action, &topics, &luck) else { continue }
            try perform(core.handle(answer), &topics, &luck)
        }
    }

    private mutating func perform(
        _ action: DetectorCore.Action,
        _ topics: inout SimulatedTopics,
        _ luck: inout Luck
    ) -> DetectorCore.Event? {
        switch action {
        case .commit(let transaction, _):
            guard luck.leavesOpen else { return commit(transaction, &topics, luck.outcome) }
            topics.leaveOpen(transaction, writer: core.process)
            return .outcomeUnknown
        case .stopReadingChangelog: changelogFetch = [:]
        case .readChangelog(let positions):
            changelogFetch.merge(positions.map { ($0.partition.partition, $0.scope) }) { $1 }
        case .replaceProducer: break
        default: return luck.random.chance(luck.silence) ? nil : answer(action, topics)
        }
        return nil
    }

    private mutating func answer(
        _ action: DetectorCore.Action,
        _ topics: SimulatedTopics
    ) -> DetectorCore.Event? {
        func ends(
            _ names: [TopicPartition],
            _ count: (SimulatedTopics.Partition) -> Int
        )
            -> [TopicPartition: (low: Int64, high: Int64)]
        {
            Dictionary(
                uniqueKeysWithValues: names.map {
                    ($0, (0, Int64(count(topics.partitions[Int($0.partition)]))))
                }
            )
        }
        switch action {
        case .seek(let positions):
            fetch = Dictionary(
                uniqueKeysWithValues: positions.map { ($0.partition.partition, $0.scope) }
            )
            return .sought
        case .seekCatalogue(let positions):
            catalogueFetch = positions[0].scope
            return .soughtCatalogue
        case .queryCommittedOffsets(let names):
            // Stable ones only.
            if topics.hasOpenTransaction { return nil }
            let known = names.compactMap { name in
                topics.partitions[Int(name.partition)].committed.map { (name, $0) }
            }
            return .committedOffsets(Dictionary(uniqueKeysWithValues: known))
        case .queryChangelogEnds(let names, _): return .changelogEnds(ends(names, \.changelog.count))
        case .querySnapshotEnds(let names): return .snapshotEnds(ends(names, \.changelog.count))
        case .queryLogEnds(let names): return .logEnds(ends(names, \.end))
        case .queryCatalogueEnds: return .catalogueEnds([0: Int64(topics.catalogue.count)])
        case .prepareProducer: return .producerReady
        default: return nil
        }
    }

    private func commit(
        _ transaction: Transaction,
        _ topics: inout SimulatedTopics,
        _ outcome: Outcome
    ) -> DetectorCore.Event {
        let isOwner = transaction.positions.allSatisfy {
            core.states.restored.contains($0.partition.partition) && $0.scope >= 0
        }
        #expect(isOwner, "only what is restored is written for")
        // The fence.
        guard missed == nil else { return outcome == .aborted ? .aborted : .notCommitted }
        if outcome == .committed || outcome == .lostCommitted {
            topics.append(transaction, writer: core.process)
        }
        switch outcome {
        case .committed: return .committed
        case .aborted: return .aborted
        case .lostCommitted, .lostAborted: return .outcomeUnknown
        }
    }

    // MARK: What it knows

    /// Whether nothing is left to do.
    func isDone(_ topics: SimulatedTopics) -> Bool {
        switch core.phase {
        case .idle where core.sources.isEmpty: break
        case .running where !core.engine.hasBacklog && !core.engine.hasDeferred: break
        default: return false
        }
        return !core.isReassigned && core.pending.since == nil && core.verdicts.isEmpty
            && core.policyChange.offered == nil
            && (core.policyChange.isFinished || core.sources.isEmpty) && missed == nil
            && !core.sources.needsSeek
            && core.catalogue.offset(of: 0) == Int64(topics.catalogue.count)
            && hasReadAll(topics)
            && core.sources.allSatisfy {
                $0.committed == $0.next && $0.watermark <= $0.publishedWatermark
            }
            && (core.sources.isEmpty || core.watermarks.latest <= core.engine.state.streamTime)
    }

    /// Whether a run that stops at the end would stop, once nobody has anything to do.
    mutating func hasEnded() -> Bool { core.hasEnded(isInputDone: true) { _ in true } }

    /// Everything in memory that a restart would read back.
    var entries: Set<StateEntry> { Set(core.engine.allEntries()) }

    /// The findings of its accounts.
    var findingLines: [String] { core.engine.findingLines }
}

/// One record as it lies on its partition.
private struct SimulatedMessage: RecordMessage {
    let record: Record
    let partition: TopicPartition
    let offset: Int64
    let isPoison: Bool
    var timestamp: Int64? { nil }

    func read(_ body: (RecordContent) throws -> Void) throws {
        if isPoison { throw SimulatedWorker.Died() }
        try body(.record(record, tooLarge: nil))
    }

    func poisonLetter(after crashes: Int) -> DeadLetterMessage {
        let letter = DeadLetter(
            reason: .crash,
            text: "",
            recordIndex: 0,
            bytes: UnsafeRawBufferPointer(start: nil, count: 0),
            byteOffset: 0,
            account: record.account
        )
        let position = MessagePosition(partition: partition, offset: offset, key: nil, timestamp: nil)
        return DeadLetterMessage(lost: LostRecord(letter), position: position)
    }
}

/// A clock that jumps at times, whenever it is looked at.
private final class SimulatedClock {
    private var time = ContinuousClock.now
    private var random: SplitMix64

    init(_ seed: UInt64) { random = SplitMix64(seed: seed) }

    func now() -> ContinuousClock.Instant {
        if random.chance(10) { advance(by: .milliseconds(Int.random(in: 0...400, using: &random))) }
        return time
    }

    func advance(by duration: Duration) { time += duration }
}
