import CloudTrail
import Configuration
import Detection
import Kafka

// Records in: each to the engine once, in the order of its partition.

extension DetectorCore {
    /// Whether a message of a source is to be consumed now.
    ///
    /// What is not owned or was read before is what librdkafka repeats around a rebalance.
    private func awaits(_ offset: Int64, of index: Int) -> Bool {
        !sources.needsSeek && !isReassigned && offset >= sources[index].next
    }

    /// Takes a message of a source, or says what has to be done before; it is handed over until it is awaited no more,
    /// which nil says.
    ///
    /// - Throws: `RunFailure` for a record that lies on another account's partition.
    mutating func consume(
        _ message: some RecordMessage,
        of index: Int,
        inBatchSince begun: ContinuousClock.Instant
    ) throws -> [Action]? {
        guard awaits(message.offset, of: index) else { return nil }
        // What one record touches may be very much: a batch of such records must not take minutes.
        if !engine.defersEvaluation { engine.defersEvaluation = clock.now() - begun > limits.batchTime }
        if !sources[index].isNextSuspected {
            try read(message, of: index)
        } else if sources[index].poisonGuard.isPoison(message.offset) {
            deadLetter(message, of: index)
        } else if engine.hasBacklog || engine.hasDeferred {
            // What waited before is not this record's doing.
            engine.takeUpDeferred()
            evaluateBacklog()
            return commit(within: limits.commitTime)
        } else if sources[index].poisonGuard.announced != message.offset {
            sources[index].poisonGuard.announce(message.offset)
            states.touch(sources[index].name.partition)
            return commit(within: limits.commitTime)
        } else {
            // Alone, with all that it leads to.
            try read(message, of: index)
            engine.takeUpDeferred()
            while engine.hasBacklog { evaluateBacklog() }
        }
        if let time = message.timestamp { pending.noteProduced(at: time) }
        sources[index].next = message.offset + 1
        sources[index].isAtEnd = false
        return []
    }

    mutating func finishBatch(ends: [PartitionEnd]) {
        engine.defersEvaluation = false
        for end in ends where !isReassigned {
            guard let index = sources.noteEnd(end), end.offset > sources[index].committed else { continue }
            // Behind a transaction's last record stands its marker, and no reader shall seem to lag by that.
            noteChange()
            states.touch(sources[index].name.partition)
        }
        delayUndetermined()
    }

    private mutating func read(_ message: some RecordMessage, of index: Int) throws {
        let partition = sources[index].name.partition
        noteChange()
        states.touch(partition)
        try message.read { content in
            switch content {
            case .ignored(let count): self.count(count, in: partition) { $0.ignored += count }
            case .record(let record, let letter):
                if let letter, !engine.holds(record) {
                    append(letter, in: partition)
                } else {
                    try apply(record, of: index, at: message.offset)
                }
            case .deadLetter(let letter): append(letter, in: partition)
            }
        }
    }

    private mutating func append(_ letter: DeadLetterMessage, in partition: Int32) {
        pending.append(letter)
        count(letter.lost.count, in: partition) { $0.deadLettered += letter.lost.count }
    }

    /// A record that ends each process becomes a dead letter.
    private mutating func deadLetter(_ message: some RecordMessage, of index: Int) {
        let partition = sources[index].name.partition
        let crashes = sources[index].poisonGuard.crashes
        let letter = message.poisonLetter(after: crashes)
        log.crashed(letter, "detector", after: crashes, deadLetters: configuration.topics.deadLetters)
        noteChange()
        states.touch(partition)
        append(letter, in: partition)
    }

    private mutating func apply(_ record: Record, of index: Int, at offset: Int64) throws {
        let name = sources[index].name
        guard partitioner.partition(of: record.account) == name.partition else {
            throw misplaced(record.account, name, offset)
        }
        let notAfter = clock.latestTime()
        if record.time <= notAfter, record.time > sources[index].watermark, !record.isInventory {
            sources[index].watermark = record.time
        }
        let outcome = engine.process(record, notAfter: notAfter, into: &pending.alerts)
        // What was committed once is counted once, even if the engine has forgotten it meanwhile.
        let isApplied = outcome == .applied && offset >= sources[index].reached
        count(1, in: name.partition) { if isApplied { $0.applied += 1 } else { $0.duplicate += 1 } }
    }

    private mutating func count(
        _ records: Int,
        in partition: Int32,
        _ change: (inout DetectorBalance) -> Void
    ) {
        pending.countRecords(records)
        states.count(records, in: partition, change)
    }

    private func misplaced(_ account: AccountID, _ name: TopicPartition, _ offset: Int64) -> RunFailure {
        let should = partitioner.partition(of: account)
        guard configuration.input.isKeyedByAccount else {
            return RunFailure(
                "\(name)@\(offset): a record of account \(account) lies here, and belongs on partition \(should); "
                    + "let nothing but amiwatch write to this topic"
            )
        }
        return RunFailure(
            "\(name)@\(offset): a record of account \(account) lies here, and input.partitioner puts it on "
                + "partition \(should): name the partitioner of its producer, or set keyed_by_account: false"
        )
    }

    // MARK: Evaluating

    mutating func evaluateBacklog() {
        noteChange()
        let begun = clock.now()
        var count = 0
        repeat {
            engine.evaluateBacklog(atMost: limits.subjectsBetweenLooks, into: &pending.alerts)
            count += limits.subjectsBetweenLooks
        } while engine.hasBacklog && count < limits.sliceSubjects && clock.now() - begun < limits.sliceTime
        delayUndetermined()
    }

    mutating func delayUndetermined() {
        guard !engine.unsettled.isEmpty else { return }
        let due = clock.now() + .seconds(configuration.detector.settleSeconds)
        verdicts.delay(engine.takeUnsettled(), until: due)
    }

    // MARK: Poison records

    /// Writes down with the next transaction that reading begins.
    mutating func beginAttempts(in partitions: Set<Int32>) {
        // As far as the transactions reached that were never committed.
        let reach = configuration.detector.commitRecords + limits.batchMessages
        for index in sources.indices where partitions.contains(sources[index].name.partition) {
            let (name, next) = (sources[index].name, sources[index].next)
            let last = states[name.partition]?.attempts[name]
            sources[index].poisonGuard.begin(at: next, after: last, process: process) { _ in reach }
            guard sources[index].isNextSuspected else { continue }
            log.suspects(name, at: next, "detector", after: sources[index].poisonGuard.crashes, step: 1)
        }
    }

    /// Commits what is done, and that this process ends in order or hands its partitions on: what it began was no crash.
    mutating func endAttempts() -> [Action] {
        guard !states.restored.isEmpty else { return [] }
        for source in sources where source.poisonGuard.isChanged(at: source.next, isEnding: true) {
            states.touch(source.name.partition)
        }
        return commit(within: limits.endingTime, isEnding: true)
    }
}
