import CloudTrail
import Configuration
import Detection
import Kafka

// Reading back the state: after every change of the assignment, in the order that `StateRestore` gives.

extension DetectorCore {
    /// What stays is kept in memory and brought up to date from the changelog, what is gone is dropped, what is new is
    /// restored.
    ///
    /// What stays goes first, and works on while the rest is read.
    mutating func beginRestoring() throws {
        isReassigned = false
        giveUpSnapshot()
        if pending.since != nil || states.hasTouched { rollback() }
        sources.needsSeek = false
        let owned = Set(sources.map(\.name.partition))
        if let outside = owned.first(where: { $0 >= layout.accountPartitions }) {
            throw RunFailure(
                "\(recordTopics) has more partitions than at the start (\(outside)): "
                    + "accounts would move away from their state; create the topics anew with other names"
            )
        }
        let unknown = owned.filter { states[$0]?.restoredEnd == nil }
        let gone = states.numbers.subtracting(owned)
        drop(gone.union(unknown))
        evaluate([])
        for partition in gone { states[partition] = nil }
        for partition in unknown { states[partition] = PartitionState() }
        for index in sources.indices {
            sources[index] = Source(topic: sources[index].topic, name: sources[index].name)
        }
        verdicts.removeAll()
        policyChange.dropTrial()
        ending = .records
        updateReport()
        let kept = owned.subtracting(unknown)
        phase =
            owned.isEmpty ? .idle : .restoring(StateRestore(kept.isEmpty ? owned : kept, now: clock.now()))
    }

    private var recordTopics: String { configuration.recordTopics.joined(separator: ", ") }

    mutating func drop(_ partitions: Set<Int32>) {
        guard !partitions.isEmpty else { return }
        engine.drop { [partitioner] in partitions.contains(partitioner.partition(of: $0)) }
    }

    /// Nobody knows what the state is: everything is restored anew.
    mutating func forgetState() {
        rollback()
        for partition in states.numbers { states[partition]?.restoredEnd = nil }
        drop(states.numbers)
        // Until it is restored nothing is written, positions least of all: those in memory may be those of before.
        evaluate([])
        isProducerReady = false
        isReassigned = true
        forgetSnapshot()
    }

    // MARK: Steps

    /// The next step; nothing while what is asked for or read has not come.
    mutating func advanceRestoring() -> [Action] {
        guard case .restoring(var restore) = phase, !isReassigned else { return [] }
        var actions = nextStep(&restore)
        phase = .restoring(restore)
        if actions.isEmpty, isRestored(restore) {
            // Nothing that an abort could take back stands behind what others have written about these accounts.
            actions = commit(within: limits.commitTime)
            if actions.isEmpty { finishRestoring() }
        }
        return actions
    }

    /// Tells the log of each step, and once a second how far it is.
    private func logStep(_ restore: inout StateRestore) {
        guard restore.isLogDue(clock.now()) else { return }
        log.debug(
            "restoring state",
            [
                "partitions": .numbers(restore.partitions.map(Int.init).sorted()),
                "step": .text(restore.words), "entries": .number(restore.entries),
                "milliseconds": .number(Int((clock.now() - restore.begun) / .milliseconds(1))),
                "waiting_for": .text(lacking(restore) ?? ""),
            ]
        )
    }

    private mutating func nextStep(_ restore: inout StateRestore) -> [Action] {
        logStep(&restore)
        switch restore.step {
        case .offsets: return [.queryCommittedOffsets(sources.filter(restore.concerns).map(\.name))]
        case .changelog:
            return [.queryChangelogEnds(restore.changelog(configuration.topics.state), isRepeated: false)]
        case .snapshot:
            if loadSlice(&restore) { return [] }
            restore.step = .entries
            return readingActions(restore)
        case .entries:
            guard restore.waiting.isEmpty else { return [] }
            let unmarked = unmarked(restore)
            if !unmarked.isEmpty {
                for partition in unmarked {
                    logUnusedSnapshot(
                        .foreign("another changelog: its mark is not there"),
                        partition: partition
                    )
                    startAnew(partition, &restore)
                }
                restore.starts = restore.starts.filter { unmarked.contains($0.key) }
                return [.stopReadingChangelog] + readingActions(restore)
            }
            if let source = lackingSource(restore) {
                switch restore.patience(clock.now()) {
                case .waits: return []
                case .asksAgain:
                    let names = restore.changelog(configuration.topics.state)
                    return [.queryChangelogEnds(names, isRepeated: true)]
                case .isOver: logMoved(source, restore)
                }
            }
            return [.stopReadingChangelog, .queryCatalogueEnds]
        case .catalogue:
            guard catalogue.hasReached(restore.catalogueEnds) else { return [] }
            restore.step = .producer
            return nextStep(&restore)
        case .producer:
            guard isProducerReady else { return [.prepareProducer] }
            let unknown = placeSources(restore)
            return unknown.isEmpty ? [] : [.queryLogEnds(unknown)]
        }
    }

    /// Takes an answer to a question of a step, and goes on.
    mutating func answer(_ event: Event) -> [Action] {
        guard case .restoring(var restore) = phase, !isReassigned else { return [] }
        var actions: [Action] = []
        switch (restore.step, event) {
        case (.offsets, .committedOffsets(let offsets)):
            restore.groupOffsets = offsets
            restore.step = .changelog
        case (.changelog, .changelogEnds(let ends)):
            read(from: ends, &restore)
            restore.step = restore.loads.isEmpty ? .entries : .snapshot
            if restore.loads.isEmpty { actions = readingActions(restore) }
        case (.entries, .changelogEnds(let ends)): actions = readOn(to: ends, &restore)
        case (.entries, .catalogueEnds(let ends)):
            restore.catalogueEnds = ends
            restore.step = .catalogue
        case (.producer, .logEnds(let ends)): placeSources(restore, ends)
        default: return []
        }
        phase = .restoring(restore)
        return actions.isEmpty ? advanceRestoring() : actions
    }

    private func readingActions(_ restore: StateRestore) -> [Action] {
        let names = restore.changelog(configuration.topics.state)
        let reading = names.compactMap { name in
            restore.starts[name.partition].map { PartitionOffset(name, .at($0)) }
        }
        return reading.isEmpty ? [] : [.readChangelog(reading)]
    }

    /// Finds out from where to where the changelog is read: from where memory ends, or a snapshot does.
    private mutating func read(
        from ends: [TopicPartition: (low: Int64, high: Int64)],
        _ restore: inout StateRestore
    ) {
        for name in restore.changelog(configuration.topics.state) {
            guard let (low, high) = ends[name], let end = states[name.partition].map(\.restoredEnd) else {
                continue
            }
            let known = end.flatMap { $0 >= low && $0 <= high ? $0 : nil }
            if known == nil, end != nil {
                // What was read before is not what stands there now.
                drop([name.partition])
                states[name.partition] = PartitionState()
            }
            restore.lows[name.partition] = low
            let start = known ?? beginLoading(name.partition, low: low, high: high, &restore) ?? low
            if start < high {
                restore.waiting[name.partition] = high
                restore.starts[name.partition] = start
            } else {
                restore.read[name.partition] = high
            }
        }
    }

    /// Reads what has come to the changelog behind where it was said to end.
    private func readOn(
        to ends: [TopicPartition: (low: Int64, high: Int64)],
        _ restore: inout StateRestore
    ) -> [Action] {
        var more: [PartitionOffset] = []
        for (name, (_, end)) in ends {
            guard let read = restore.read[name.partition], end > read else { continue }
            restore.waiting[name.partition] = end
            more.append(PartitionOffset(name, .at(read)))
        }
        return [.stopReadingChangelog] + (more.isEmpty ? [] : [.readChangelog(more)])
    }

    /// Takes what was read of changelog and catalogue.
    mutating func noteRead(entries: Int, _ changelogEnds: [Int32: Int64], _ catalogueEnds: [Int32: Int64]) {
        if case .restoring(var restore) = phase, entries > 0 || !changelogEnds.isEmpty {
            restore.note(entries: entries, ends: changelogEnds)
            phase = .restoring(restore)
        }
        for (partition, end) in catalogueEnds { catalogue.noteEnd(partition, end) }
        if pending.since == nil { catalogue.commit() }
    }

    /// Gives sources their first offset: the group's; without one, the state's; without that, the log's beginning.
    ///
    /// - Returns: the sources whose logs have to be asked for it.
    @discardableResult
    private mutating func placeSources(
        _ restore: StateRestore,
        _ ends: [TopicPartition: (low: Int64, high: Int64)] = [:]
    ) -> [TopicPartition] {
        var unknown: [TopicPartition] = []
        for index in sources.indices where sources[index].next < 0 && restore.concerns(sources[index]) {
            let name = sources[index].name
            let state = states[name.partition]
            let reached = state?.reached(name) ?? 0
            guard let offset = restore.groupOffsets[name] ?? state?.positions[name] ?? ends[name]?.low,
                let high = reached > offset ? ends[name]?.high : offset
            else {
                unknown.append(name)
                continue
            }
            (sources[index].next, sources[index].committed) = (offset, offset)
            // Behind the log's end it is that of another topic with this name.
            sources[index].reached = reached > offset && reached <= high ? reached : offset
        }
        return unknown
    }

    /// Whether everything has come that reconciling needs.
    private func isRestored(_ restore: StateRestore) -> Bool {
        restore.step == .producer && isProducerReady && catalogue.hasReached(restore.catalogueEnds)
            && sources.allSatisfy { $0.next >= 0 || !restore.concerns($0) }
    }

    /// Evaluates what was restored, unless something is pending that an abort could take back.
    mutating func finishRestoring() {
        guard case .restoring(let restore) = phase, isRestored(restore), pending.since == nil,
            !states.hasTouched, !isReassigned
        else { return }
        for (partition, end) in restore.read { states[partition]?.restoredEnd = end }
        let seconds = (clock.now() - restore.begun) / .seconds(1)
        report.restoredEntries += restore.entries
        report.restoredFromSnapshot += restore.snapshotEntries
        report.restoreSeconds = seconds
        log.info(
            "state restored",
            [
                "partitions": .numbers(restore.partitions.map(Int.init).sorted()),
                "entries": .number(restore.entries),
                "from_snapshot": .number(restore.snapshotEntries),
                "milliseconds": .number(Int(seconds * 1000)),
            ]
        )
        evaluate(states.restored.union(restore.partitions))
        beginAttempts(in: restore.partitions)
        // Whoever read the last record may not have come to publish its watermark.
        for index in sources.indices where restore.concerns(sources[index]) {
            let partition = sources[index].name.partition
            sources[index].watermark = engine.state.latestTime { partitioner.partition(of: $0) == partition }
        }
        // What the time of others' records has led to was told: it is not taken back because nobody has read it here yet.
        for partition in restore.partitions {
            engine.catchUpStreamTime(to: states[partition]?.time ?? .distantPast)
        }
        // Nor does an abort, while the policy of the start is tried, take that back.
        engine.commit()
        if !triesPolicyOfStart(restore) { reconcile(restore) }
        phase = .reconciling(restore.partitions)
    }

    mutating func reconcile(_ restore: StateRestore) {
        startReconciling(restore)
        report.restores += 1
        // What waits to be evaluated shall outlive an abort.
        engine.commit()
    }

    /// What was restored of these partitions is evaluated and published: their records are consumed, and what is still
    /// missing is restored.
    mutating func finishReconciling(_ partitions: Set<Int32>) {
        for index in sources.indices where partitions.contains(sources[index].name.partition) {
            sources[index].isConsumed = true
        }
        sources.needsSeek = true
        log.info("restored state evaluated", ["partitions": .numbers(partitions.map(Int.init).sorted())])
        let missing = states.numbers.subtracting(states.restored)
        phase = missing.isEmpty ? .running : .restoring(StateRestore(missing, now: clock.now()))
        if missing.isEmpty { policyChange.hasStarted = true }
    }
}
