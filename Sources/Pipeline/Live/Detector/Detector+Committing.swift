import CloudTrail
import Configuration
import Detection
import Glibc
import Kafka

// One transaction carries alerts, changes of the state and positions, or nothing of them.

extension Detector {
    func commitWhenDue(isIdle: Bool) throws {
        let settings = configuration.detector
        let isDue = pending.isDue(
            isIdle: isIdle,
            now: .now,
            records: settings.commitRecords,
            interval: .milliseconds(settings.commitIntervalMilliseconds)
        )
        if isDue { try commit(within: .seconds(15)) }
    }

    /// Ends what was begun: everything since the last commit becomes visible, or is taken back and read again.
    func commit(within limit: Duration) throws {
        guard pending.since != nil || hasTouchedShares else { return }
        guard !board.isOverdue else { return rollback() }
        let content = makeTransaction()
        guard !content.positions.isEmpty else {
            // Only what others had committed was learnt.
            settleCommit(content)
            return
        }
        let proof: ConsumerGroupMetadata
        do throws(KafkaError) { proof = try consumer.groupMetadata() } catch {
            // Somebody else owns these partitions, or is about to.
            log.debug("not committing: the partitions may have another owner", ["cause": .text("\(error)")])
            return rollback()
        }
        let begun = ContinuousClock.now
        switch output.write(content, proof: proof, until: begun + limit) {
        case .committed:
            log.debug(
                "transaction committed",
                [
                    "records": .number(pending.recordCount), "alerts": .number(content.alerts.count),
                    "state_and_catalogue_entries": .number(content.entries.count),
                    "bytes": .number(content.entryBytes),
                    "dead_letters": .number(content.deadLetters.count),
                    "offsets": .texts(content.positions.map { "\($0.partition.name)=\($0.number)" }),
                    "milliseconds": .number(begun.milliseconds),
                ]
            )
            failures = 0
            board.note("detector", waitsFor: nil)
            report.transactions += 1
            report.alerts += content.alerts.count
            settleCommit(content)
        case .aborted(let error):
            report.aborted += 1
            let cause = board.explaining(error)
            board.note("detector", waitsFor: cause)
            log.info("transaction aborted; its records are processed again", ["cause": .text(cause)])
            rollback()
            try missing.check(after: error)
            pause()
        case .refused(let failure): throw failure
        case .broken(let error):
            guard !board.isStopping else {
                log.warning(
                    "outcome of the last transaction is unknown; the next start finds out",
                    ["cause": .text("\(error)")]
                )
                return rollback()
            }
            try startAfresh(error)
            try missing.check(after: error)
        }
    }

    /// The group or a broker needs a moment; trying again at once would only make noise.
    private func pause() {
        failures += 1
        usleep(UInt32(min(500, 20 * failures)) * 1000)
    }

    var hasTouchedShares: Bool { shares.values.contains { $0.isTouched } }

    private func makeTransaction() -> Transaction {
        var content = Transaction()
        content.deadLetters = pending.deadLetters
        content.alerts = pending.alerts
        for alert in content.alerts {
            touch(partitioner.partition(of: alert.finding.identity.subject.place.account))
        }
        for entry in engine.pendingChanges() {
            let partition = partitioner.partition(of: entry.account)
            // What another worker's accounts have told is in the catalogue already.
            guard judged.contains(partition) else { continue }
            touch(partition)
            content.entries.append(.init(entry.store, partition, key: entry.key, value: entry.value))
        }
        for partition in shares.keys.sorted() {
            guard let share = shares[partition], share.isTouched else { continue }
            content.entries += ledger(of: partition, share)
        }
        for index in sources.indices where shares[sources[index].name.partition]?.isTouched ?? false {
            guard isWatermarkDue(sources[index], after: .seconds(1)) else { continue }
            let (name, time) = (sources[index].name, sources[index].watermark)
            let entry = Watermark(source: "\(name)", time: time)
            content.watermarks[name] = time
            content.entries.append(
                .init(.catalogue, name.partition, key: entry.key[...], value: entry.value[...])
            )
        }
        content.positions = sources.filter { shares[$0.name.partition]?.isTouched ?? false }.map(\.position)
        return content
    }

    private func touch(_ partition: Int32) { shares[partition]?.isTouched = true }

    private func ledger(of partition: Int32, _ share: Share) -> [Transaction.Entry] {
        var totals = share.totals
        totals += share.pending
        var entries: [LedgerEntry] = [.totals(totals)]
        if !share.isCountRecorded { entries.append(.partitionCount(layout.accountPartitions)) }
        for source in sources where source.name.partition == partition {
            entries.append(.position(source.name, source.next))
            if source.next < source.reached { entries.append(.reached(source.name, source.reached)) }
            let attempt = source.poisonGuard.attempt(at: source.next, isEnding: isEnding)
            if let attempt, attempt != source.poisonGuard.recorded {
                entries.append(.attempt(source.name, attempt))
            }
        }
        return entries.map {
            Transaction.Entry(.state, partition, key: $0.key[...], value: $0.value[...])
        }
    }

    /// The transaction is visible.
    private func settleCommit(_ content: Transaction) {
        engine.commit()
        for index in sources.indices where shares[sources[index].name.partition]?.isTouched ?? false {
            sources[index].committed = sources[index].next
            sources[index].reached = max(sources[index].reached, sources[index].next)
            sources[index].poisonGuard.commit(at: sources[index].next, isEnding: isEnding)
            guard let watermark = content.watermarks[sources[index].name] else { continue }
            sources[index].publishedWatermark = watermark
            watermarks.notePublished(now: .now)
        }
        for (partition, share) in shares {
            report.run += share.pending
            shares[partition]?.commit()
        }
        catalogue.commit()
        verdicts.commit()
        for letter in content.deadLetters { deadLetterLog.note(letter) }
        deadLetterLog.commit()
        pending.removeAll()
        tellForgotten()
        publishReport()
    }

    /// Nothing of it is visible: the state goes back, and everything since the last commit is read again.
    func rollback() {
        engine.rollback()
        verdicts.rollback(now: .now)
        for partition in shares.keys { shares[partition]?.rollback() }
        sources.rollback()
        catalogue.rollback()
        pending.removeAll()
    }

    /// The producer was fenced, or nobody knows what became of its transaction: what stands in the log decides.
    private func startAfresh(_ error: KafkaError) throws {
        if error.code == .fenced {
            log.warning(
                "transactional id was taken over by another process; restoring state: no two workers may have the "
                    + "same instance_id",
                ["transactional_id": .text(transactionalID)]
            )
        } else {
            log.warning(
                "outcome of the transaction is unknown; restoring state",
                ["cause": .text(board.explaining(error))]
            )
        }
        report.aborted += 1
        rollback()
        for partition in shares.keys { shares[partition]?.restoredEnd = nil }
        let owned = Set(shares.keys)
        engine.drop(accountsWhere: { owned.contains(partitioner.partition(of: $0)) })
        output = try TransactionalOutput(
            clients,
            id: transactionalID,
            process: process,
            cataloguePartitions: layout.cataloguePartitions,
            board: board,
            log: log
        )
        isOutputReady = false
        isReassigned = true
        pause()
    }

    // MARK: Watermarks

    /// Whether others should be told how far this source has come, when it is `interval` ago that they were.
    func isWatermarkDue(_ source: Source, after interval: Duration) -> Bool {
        guard source.watermark > source.publishedWatermark else { return false }
        // Another worker that stops at the end may look as soon as the offset is committed.
        return endsWhenRead || watermarks.isDue(after: interval, now: .now)
    }

    /// Moves stream time where all is read, publishes verdicts that have waited, and tells others the watermark.
    func keepTime() throws {
        if watermarks.isAhead { watermarks.admit(notAfter: Intake.latestTime()) }
        if !sources.isEmpty, sources.allSatisfy(\.isAtEnd), watermarks.latest > engine.state.streamTime {
            noteChange()
            engine.advanceStreamTime(to: watermarks.latest, into: &pending.alerts)
            delayUndetermined()
        }
        let now = ContinuousClock.now
        while let subjects = verdicts.takeDue(now, upTo: Self.sliceSubjects) {
            noteChange()
            engine.settle(subjects, into: &pending.alerts)
        }
        if pending.since == nil {
            // Later than with records: a record that comes during a transaction of its own would wait for it.
            for source in sources where isWatermarkDue(source, after: .seconds(2)) {
                noteChange()
                touch(source.name.partition)
            }
        }
    }

    // MARK: Report

    func publishReport() {
        report.total = DetectorBalance()
        for share in shares.values { report.total += share.totals }
        report.partitions = shares.keys.map(Int.init).sorted()
        board.detectorReport = report
    }
}

extension Share {
    mutating func commit() {
        totals += pending
        pending = DetectorBalance()
        if isTouched { isCountRecorded = true }
        isTouched = false
    }

    mutating func rollback() {
        pending = DetectorBalance()
        isTouched = false
    }
}
