import CloudTrail
import Configuration
import Detection
import Kafka

/// Reading back the state, step by step, a slice each turn of the loop.
struct Restoring {
    enum Step: Equatable {
        /// The group's places first: a transaction that could still move them is waited for.
        case places
        /// Then where the changelog ends, so that what those places promise stands before it.
        case changelog
        /// Reading to there.
        case entries
        /// Then the catalogue, to its present end.
        case catalogue
        /// A producer that works, and places for the partitions that have none.
        case output
    }

    /// Whose state it is.
    let partitions: Set<Int32>
    var step = Step.places
    var groupPlaces: [TopicPartition: Int64] = [:]
    /// Partitions of the changelog that are not read yet, and where they end.
    var waiting: [Int32: Int64] = [:]
    /// Those that are, and where they ended.
    var read: [Int32: Int64] = [:]
    /// Since when what was read lacks what the group's places promise, and when the end is asked for again.
    var lackingSince: ContinuousClock.Instant?
    var nextAsking: ContinuousClock.Instant?
    var catalogueEnds: [Int32: Int64] = [:]
    var entries = 0
    var begun = ContinuousClock.now
    /// When the log was last told how far it is, and of which step.
    var told = (time: ContinuousClock.now, step: Step?.none)

    init(partitions: Set<Int32>) { self.partitions = partitions }

    func concerns(_ source: Source) -> Bool { partitions.contains(source.name.partition) }

    /// For the log.
    var words: String {
        switch step {
        case .places: "restoring state: querying committed offsets"
        case .changelog: "restoring state: querying log end offsets of the changelog"
        case .entries: "restoring state: \(entries) entries so far"
        case .catalogue: "restoring state: reading the catalogue"
        case .output: "restoring state: waiting for the producer"
        }
    }
}

extension Detector {
    /// One slice.
    func restore(_ restoring: Restoring) throws {
        var restoring = restoring
        do throws(KafkaError) {
            try step(&restoring)
            board.note("detector", waitsFor: pending(restoring))
        } catch {
            guard error.isRetriable else { throw Trouble.failure(error) }
            board.note("detector", waitsFor: "\(error)")
            log.debug(
                "cannot restore yet; retrying",
                ["step": .text(restoring.words), "cause": .text("\(error)")]
            )
        }
        if restoring.told.step != restoring.step || ContinuousClock.now - restoring.told.time >= .seconds(1) {
            restoring.told = (.now, restoring.step)
            log.debug(
                "restoring state",
                [
                    "partitions": .numbers(restoring.partitions.map(Int.init).sorted()),
                    "step": .text(restoring.words), "entries": .number(restoring.entries),
                    "milliseconds": .number(restoring.begun.milliseconds),
                    "waiting_for": .text(pending(restoring) ?? ""),
                ]
            )
        }
        // A step may have found that it has to begin again.
        guard case .restoring = phase, !isReassigned else { return }
        phase = .restoring(restoring)
        if case .output = restoring.step, isOutputReady,
            sources.filter(restoring.concerns).allSatisfy({ $0.next >= 0 })
        {
            try finishRestoring(restoring)
        }
    }

    private func step(_ restoring: inout Restoring) throws(KafkaError) {
        switch restoring.step {
        case .places:
            let names = sources.filter(restoring.concerns).map(\.name)
            let places = try consumer.committed(names, timeout: restoringAnswerTime)
            restoring.groupPlaces = places.compactMapValues(\.self)
            restoring.step = .changelog
        case .changelog:
            try findChangelogEnds(&restoring)
            restoring.step = .entries
        case .entries:
            // `readCatalogue` takes the entries.
            guard restoring.waiting.isEmpty, try hasCompleteState(&restoring) else { return }
            try stopReadingState()
            restoring.catalogueEnds = try logEnds(
                of: configuration.topics.catalogue,
                layout.cataloguePartitions
            )
            restoring.step = .catalogue
        case .catalogue:
            guard catalogue.hasReached(restoring.catalogueEnds) else { return }
            restoring.step = .output
        case .output:
            if !isOutputReady {
                try output.takeOver(timeout: .milliseconds(500))
                isOutputReady = true
            }
            try findPlaces(restoring)
        }
    }

    /// What has not come yet of what is read; nil when nothing is waited for.
    private func pending(_ restoring: Restoring) -> String? {
        switch restoring.step {
        case .entries:
            guard let (partition, end) = restoring.waiting.min(by: { $0.key < $1.key }) else {
                return lackingPlace(restoring)
            }
            let name = TopicPartition(configuration.topics.state, partition).name
            return "\(name) up to offset \(end), \(restoring.entries) entries so far"
        case .catalogue: return catalogue.lacking(restoring.catalogueEnds)
        default: return nil
        }
    }

    private func findChangelogEnds(_ restoring: inout Restoring) throws(KafkaError) {
        var reading: [PartitionOffset] = []
        let names = restoring.partitions.sorted().map { TopicPartition(configuration.topics.state, $0) }
        let logEnds = try ends.watermarks(of: names, timeout: restoringAnswerTime)
        for (partition, share) in shares where restoring.partitions.contains(partition) {
            let name = TopicPartition(configuration.topics.state, partition)
            guard let (low, high) = logEnds[name] else { continue }
            let known = share.restoredEnd.flatMap { $0 >= low && $0 <= high ? $0 : nil }
            if known == nil, share.restoredEnd != nil {
                // What was read before is not what stands there now.
                engine.drop(accountsWhere: { partitioner.partition(of: $0) == partition })
                shares[partition] = Share()
            }
            let start = known ?? low
            guard start < high else {
                restoring.read[partition] = high
                continue
            }
            restoring.waiting[partition] = high
            reading.append(PartitionOffset(name, .at(start)))
        }
        if !reading.isEmpty { try reader.addAssignment(reading) }
        stateReading = Set(restoring.waiting.keys)
    }

    func stopReadingState() throws(KafkaError) {
        guard !stateReading.isEmpty else { return }
        let names = stateReading.sorted().map { TopicPartition(configuration.topics.state, $0) }
        stateReading.removeAll()
        try reader.removeAssignment(names)
    }

    /// The end of each partition's log, open transactions included.
    func logEnds(of topic: String, _ partitions: Int) throws(KafkaError) -> [Int32: Int64] {
        try ends.logEnds(of: topic, 0..<Int32(clamping: partitions), timeout: restoringAnswerTime)
    }

    /// How long a broker's answer is waited for in one turn: other partitions are waiting.
    var restoringAnswerTime: Duration { isConsuming ? .milliseconds(100) : .milliseconds(500) }

    /// The group's places; without one, the state's; without that, the log's beginning.
    private func findPlaces(_ restoring: Restoring) throws(KafkaError) {
        for index in sources.indices where sources[index].next < 0 && restoring.concerns(sources[index]) {
            let name = sources[index].name
            let known = restoring.groupPlaces[name] ?? shares[name.partition]?.positions[name]
            let place: Int64 =
                if let known { known } else { try ends.watermarks(name, timeout: restoringAnswerTime).low }
            sources[index].reached = try reached(name, from: place)
            sources[index].next = place
            sources[index].committed = place
        }
    }

    /// How far a partition was ever read; behind its end it is that of another topic with this name.
    private func reached(_ name: TopicPartition, from place: Int64) throws(KafkaError) -> Int64 {
        let share = shares[name.partition]
        let reached = max(share?.positions[name] ?? 0, share?.reached[name] ?? 0)
        guard reached > place else { return place }
        return try ends.watermarks(name, timeout: restoringAnswerTime).high < reached ? place : reached
    }

    private func finishRestoring(_ restoring: Restoring) throws {
        // Nothing that an abort could take back stands behind what others have written about these accounts.
        try commit(within: .seconds(15))
        guard pending.since == nil, !isReassigned, catalogue.hasReached(restoring.catalogueEnds) else {
            return
        }
        for (partition, end) in restoring.read { shares[partition]?.restoredEnd = end }
        report.restores += 1
        report.restoredEntries += restoring.entries
        let time = ContinuousClock.now - restoring.begun
        log.info(
            "state restored",
            [
                "partitions": .numbers(restoring.partitions.map(Int.init).sorted()),
                "entries": .number(restoring.entries),
                "milliseconds": .number(Int(time / .milliseconds(1))),
            ]
        )
        judge(judged.union(restoring.partitions))
        beginAttempts(in: restoring.partitions)
        // Whoever read the last record may not have come to publish its watermark.
        for index in sources.indices where restoring.concerns(sources[index]) {
            let partition = sources[index].name.partition
            sources[index].watermark = engine.state.latestTime { partitioner.partition(of: $0) == partition }
        }
        engine.startReconciling { [partitioner] in
            restoring.partitions.contains(partitioner.partition(of: $0))
        }
        // What waits to be judged shall outlive an abort.
        engine.commit()
        phase = .reconciling(restoring.partitions)
    }

    /// Takes one entry of the changelog.
    func takeState(_ message: Message) throws {
        switch try engine.restore(message, of: configuration.topics.state) {
        case .position(let name, let offset): shares[message.partition]?.positions[name] = offset
        case .reached(let name, let offset): shares[message.partition]?.reached[name] = offset
        case .attempt(let name, let attempt): shares[message.partition]?.attempts[name] = attempt
        case .totals(let balance): shares[message.partition]?.totals = balance
        case .partitionCount(let count):
            guard count == layout.accountPartitions else {
                throw RunFailure(
                    "\(recordTopics.joined(separator: ", ")) has \(layout.accountPartitions) partitions, and the state "
                        + "was built with \(count): accounts would be looked for in the wrong place; use \(count) "
                        + "partitions, or new topics and a new group_id"
                )
            }
            shares[message.partition]?.isCountRecorded = true
        case .unknown, .malformed, nil: break
        }
    }

    /// Judges what was read back; then records are read, and what is still missing is read back.
    func reconcile(_ partitions: Set<Int32>) throws {
        if engine.hasBacklog { judgeBacklog() }
        if !engine.hasBacklog { for partition in partitions { shares[partition]?.isTouched = true } }
        let committed = report.transactions
        try commit(within: .seconds(15))
        guard report.transactions > committed, !engine.hasBacklog, case .reconciling = phase else { return }
        for index in sources.indices where partitions.contains(sources[index].name.partition) {
            sources[index].isConsumed = true
        }
        sources.needsSeek = true
        let missing = Set(shares.keys).subtracting(judged)
        phase = missing.isEmpty ? .running : .restoring(Restoring(partitions: missing))
    }
}
