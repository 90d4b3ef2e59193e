import CloudTrail
import Testing
import TestSupport

@testable import Detection

/// A detector without Kafka: what `Pipeline`'s does with its engine, in the same order, in slices of any size.
struct SimulatedDetector {
    /// How a transaction ends.
    enum Outcome: CaseIterable {
        case committed, aborted
        /// The producer is of no use any more, and its transaction is visible, or is not.
        case lostCommitted, lostAborted
    }

    private enum Phase {
        case idle
        case restoring(Restoring)
        case reconciling(Set<Int>)
        case running
    }

    private struct Restoring {
        let partitions: Set<Int>
        /// Where the changelog is read on, and where it ends; none before the ends are known.
        var reading: [Int: Range<Int>] = [:]
        var ends: [Int: Int] = [:]
        var hasEnds = false
        var catalogueEnd: Int?
    }

    private struct Source {
        var next = -1
        var committed = -1
        var isRead = false
        var time = EventTime.distantPast
        var publishedTime = EventTime.distantPast
    }

    private let process: UInt64
    private var engine: Engine
    private var phase = Phase.idle
    private var sources: [Int: Source] = [:]
    /// Of the partitions whose state is in memory, where the changelog ended when it was read; -1 before that.
    private var restoredEnds: [Int: Int] = [:]
    private var touched: Set<Int> = []
    private var judged: Set<Int> = []
    private var isReassigned = false
    private var isChanged = false
    private var alerts: [Alert] = []
    private var catalogueNext = 0
    private var catalogueCommitted = 0
    private var publishedTime = EventTime.distantPast
    private var unsettled: [[Subject]] = []
    private var settling: [Subject] = []
    private var newPolicy: Policy?
    /// What the group has assigned while this detector was not listening.
    private var missed: Set<Int>?

    init(policy: Policy, settings: Engine.Settings, process: UInt64) {
        self.process = process
        engine = Engine(policy: policy, settings: settings)
        engine.isOwned = { _ in false }
    }

    /// Whether it owns partitions or is about to.
    var owned: Set<Int> { Set(sources.keys) }

    mutating func replacePolicy(_ policy: Policy) { newPolicy = policy }

    // MARK: The group

    /// Gives everything up; in order, or because the group has given it to others already.
    mutating func revoke(_ topics: inout SimulatedTopics, isLost: Bool, _ outcome: Outcome) throws {
        if isLost {
            rollback()
        } else if !judged.isEmpty {
            commit(&topics, outcome) { _ in true }
            rollback()
        }
        sources = [:]
        judge([], topics)
        phase = .idle
    }

    mutating func assign(_ partitions: Set<Int>) {
        isReassigned = true
        for partition in partitions where sources[partition] == nil { sources[partition] = Source() }
    }

    /// The group moves on without this detector, which still believes in what it had.
    mutating func miss(_ partitions: Set<Int>) { missed = partitions }

    mutating func notice(_ topics: inout SimulatedTopics) throws {
        guard let partitions = missed else { return }
        missed = nil
        try revoke(&topics, isLost: true, .aborted)
        assign(partitions)
    }

    // MARK: One turn

    mutating func turn(
        _ topics: inout SimulatedTopics,
        _ random: inout SplitMix64,
        _ outcome: Outcome,
        commits: Bool
    ) throws {
        if !isChanged, touched.isEmpty, let policy = newPolicy {
            newPolicy = nil
            engine.startReplacingPolicy(policy)
            engine.commit()
        }
        if isReassigned { beginRestoring(topics) }
        engine.judgesLater = random.chance(30)
        for partition in sources.keys.sorted() where random.chance(60) {
            read(partition, topics, atMost: Int.random(in: 1...4, using: &random))
        }
        delayUnsettled()
        try readCatalogue(topics, atMost: Int.random(in: 0...6, using: &random))
        switch phase {
        case .idle, .running: break
        case .restoring(let restoring): try restore(restoring, &topics, &random, outcome)
        case .reconciling(let partitions): reconcile(partitions, &topics, &random, outcome)
        }
        guard sources.values.contains(where: \.isRead), !isReassigned else { return }
        keepTime(topics, &random)
        if engine.hasDeferred, random.chance(50) {
            isChanged = true
            engine.takeUpDeferred()
        }
        if engine.hasBacklog {
            isChanged = true
            engine.judgeBacklog(atMost: Int.random(in: 1...4, using: &random), into: &alerts)
            delayUnsettled()
        }
        if commits { commit(&topics, outcome) { _ in random.chance(50) } }
    }

    /// Whether nothing is left to do.
    func isDone(_ topics: SimulatedTopics) -> Bool {
        switch phase {
        case .idle: if !sources.isEmpty { return false }
        case .running: if engine.hasBacklog || engine.hasDeferred { return false }
        case .restoring, .reconciling: return false
        }
        return !isReassigned && !isChanged && touched.isEmpty && unsettled.isEmpty
            && catalogueNext == topics.catalogue.count && newPolicy == nil && missed == nil
            && sources.allSatisfy { partition, source in
                source.next == topics.partitions[partition].records.count
                    && source.time <= source.publishedTime
            }
            && (sources.isEmpty || publishedTime <= engine.state.streamTime)
    }

    private mutating func judge(_ partitions: Set<Int>, _ topics: SimulatedTopics) {
        judged = partitions
        engine.isOwned = { partitions.contains(topics.partition(of: $0)) }
    }

    private mutating func read(_ partition: Int, _ topics: SimulatedTopics, atMost count: Int) {
        guard var source = sources[partition], source.isRead else { return }
        for record in topics.partitions[partition].records.dropFirst(source.next).prefix(count) {
            isChanged = true
            touched.insert(partition)
            _ = engine.process(record, into: &alerts)
            if !record.isInventory { source.time = max(source.time, record.time) }
            source.next += 1
        }
        sources[partition] = source
    }

    private mutating func readCatalogue(_ topics: SimulatedTopics, atMost count: Int) throws {
        for message in topics.catalogue.dropFirst(catalogueNext).prefix(count) {
            catalogueNext += 1
            switch message {
            case .time(let time): publishedTime = max(publishedTime, time)
            case .entry(let entry, _) where judged.isEmpty:
                try engine.restore(key: entry.key, value: entry.value)
            case .entry(let entry, let writer) where writer != process:
                isChanged = true
                try engine.applyCatalogue(key: entry.key, value: entry.value, into: &alerts)
                delayUnsettled()
            case .entry: break
            }
        }
        if !isChanged { catalogueCommitted = catalogueNext }
    }

    private mutating func keepTime(_ topics: SimulatedTopics, _ random: inout SplitMix64) {
        let isAtEnd = sources.allSatisfy { $1.next == topics.partitions[$0].records.count }
        if isAtEnd, publishedTime > engine.state.streamTime {
            isChanged = true
            engine.advanceStreamTime(to: publishedTime, into: &alerts)
            delayUnsettled()
        }
        if random.chance(30), !unsettled.isEmpty {
            isChanged = true
            let subjects = unsettled.removeFirst()
            settling += subjects
            engine.settle(subjects, into: &alerts)
        }
        for (partition, source) in sources
        where !isChanged && source.isRead && source.time > source.publishedTime { touched.insert(partition) }
    }

    private mutating func delayUnsettled() {
        if !engine.unsettled.isEmpty { unsettled.append(engine.takeUnsettled()) }
    }

    // MARK: Transactions

    private mutating func commit(
        _ topics: inout SimulatedTopics,
        _ outcome: Outcome,
        tellsTime: (Int) -> Bool
    ) {
        guard isChanged || !touched.isEmpty else { return }
        for alert in alerts {
            touched.insert(topics.partition(of: alert.finding.identity.subject.place.account))
        }
        let entries = engine.pendingChanges().map { ($0, topics.partition(of: $0.account)) }
            .filter { judged.contains($0.1) }
        touched.formUnion(entries.map(\.1))
        guard !touched.isEmpty else { return settleCommit([]) }
        #expect(touched.isSubset(of: judged) && touched.allSatisfy { (sources[$0]?.next ?? -1) >= 0 })
        // The fence.
        guard missed == nil else { return rollback() }
        let told = touched.filter { partition in
            sources[partition].map { $0.time > $0.publishedTime } ?? false && tellsTime(partition)
        }
        if outcome == .committed || outcome == .lostCommitted {
            topics.ledger.take(alerts, "")
            for (entry, partition) in entries {
                switch entry.store {
                case .state: topics.partitions[partition].changelog.append(entry)
                case .catalogue: topics.catalogue.append(.entry(entry, writer: process))
                }
            }
            for partition in touched { topics.partitions[partition].place = sources[partition]?.next ?? 0 }
            for partition in told { topics.catalogue.append(.time(sources[partition]?.time ?? .distantPast)) }
        }
        switch outcome {
        case .committed: settleCommit(told)
        case .aborted: rollback()
        case .lostAborted, .lostCommitted:
            rollback()
            for partition in restoredEnds.keys { restoredEnds[partition] = -1 }
            let owned = Set(restoredEnds.keys)
            engine.drop { owned.contains(topics.partition(of: $0)) }
            isReassigned = true
        }
    }

    private mutating func settleCommit(_ told: Set<Int>) {
        engine.commit()
        for partition in touched {
            guard var source = sources[partition] else { continue }
            source.committed = source.next
            if told.contains(partition) { source.publishedTime = source.time }
            sources[partition] = source
        }
        catalogueCommitted = catalogueNext
        settling = []
        forgetPending()
    }

    private mutating func rollback() {
        engine.rollback()
        if !settling.isEmpty { unsettled.insert(settling, at: 0) }
        settling = []
        for (partition, source) in sources where source.committed >= 0 {
            sources[partition]?.next = source.committed
        }
        catalogueNext = catalogueCommitted
        forgetPending()
    }

    private mutating func forgetPending() {
        alerts = []
        isChanged = false
        touched = []
    }

    // MARK: Restoring

    private mutating func beginRestoring(_ topics: SimulatedTopics) {
        isReassigned = false
        if isChanged || !touched.isEmpty { rollback() }
        let unknown = owned.filter { (restoredEnds[$0] ?? -1) < 0 }
        let gone = Set(restoredEnds.keys).subtracting(owned)
        let dropped = gone.union(unknown)
        if !dropped.isEmpty { engine.drop { dropped.contains(topics.partition(of: $0)) } }
        judge([], topics)
        for partition in gone { restoredEnds[partition] = nil }
        for partition in unknown { restoredEnds[partition] = -1 }
        for partition in owned { sources[partition] = Source() }
        unsettled = []
        let kept = owned.subtracting(unknown)
        phase = owned.isEmpty ? .idle : .restoring(Restoring(partitions: kept.isEmpty ? owned : kept))
    }

    private mutating func restore(
        _ known: Restoring,
        _ topics: inout SimulatedTopics,
        _ random: inout SplitMix64,
        _ outcome: Outcome
    ) throws {
        var restoring = known
        defer { if case .restoring = phase, !isReassigned { phase = .restoring(restoring) } }
        if !restoring.hasEnds {
            restoring.hasEnds = true
            for partition in restoring.partitions {
                sources[partition]?.next = topics.partitions[partition].place
                sources[partition]?.committed = topics.partitions[partition].place
                let end = topics.partitions[partition].changelog.count
                restoring.reading[partition] = max(0, restoredEnds[partition] ?? 0)..<end
                restoring.ends[partition] = end
            }
            return
        }
        guard restoring.reading.isEmpty else {
            for (partition, range) in restoring.reading.sorted(by: { $0.key < $1.key }) {
                let slice = range.prefix(Int.random(in: 0...8, using: &random))
                for case let entry? in topics.partitions[partition].changelog[slice] {
                    try engine.restore(key: entry.key, value: entry.value)
                }
                let rest = slice.upperBound..<range.upperBound
                restoring.reading[partition] = rest.isEmpty ? nil : rest
            }
            return
        }
        let catalogueEnd = restoring.catalogueEnd ?? topics.catalogue.count
        restoring.catalogueEnd = catalogueEnd
        guard catalogueNext >= catalogueEnd else { return }
        commit(&topics, outcome) { _ in true }
        guard !isChanged, !isReassigned, catalogueNext >= catalogueEnd else { return }
        for (partition, end) in restoring.ends { restoredEnds[partition] = end }
        judge(judged.union(restoring.partitions), topics)
        for partition in restoring.partitions {
            sources[partition]?.time = engine.state.latestTime { topics.partition(of: $0) == partition }
        }
        engine.startReconciling { restoring.partitions.contains(topics.partition(of: $0)) }
        engine.commit()
        phase = .reconciling(restoring.partitions)
    }

    private mutating func reconcile(
        _ partitions: Set<Int>,
        _ topics: inout SimulatedTopics,
        _ random: inout SplitMix64,
        _ outcome: Outcome
    ) {
        if engine.hasBacklog {
            isChanged = true
            engine.judgeBacklog(atMost: Int.random(in: 1...8, using: &random), into: &alerts)
            delayUnsettled()
        }
        if !engine.hasBacklog { touched.formUnion(partitions) }
        commit(&topics, outcome) { _ in random.chance(50) }
        guard case .reconciling = phase, outcome == .committed, missed == nil, !engine.hasBacklog else {
            return
        }
        for partition in partitions { sources[partition]?.isRead = true }
        let missing = owned.subtracting(judged)
        phase = missing.isEmpty ? .running : .restoring(Restoring(partitions: missing))
    }

    // MARK: What it knows

    /// Everything in memory that a restart would read back.
    var entries: Set<StateEntry> { Set(engine.allEntries()) }

    /// The findings of its accounts.
    var findingLines: [String] { engine.findingLines }
}
