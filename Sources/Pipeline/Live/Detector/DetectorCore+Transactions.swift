import CloudTrail
import Configuration
import Detection
import Kafka

// One transaction carries alerts, changes of the state and positions, or nothing of them.

extension DetectorCore {
    /// Ends what was begun: everything since the last commit becomes visible, or is taken back and read again.
    mutating func commit(within limit: Duration, isEnding: Bool = false) -> [Action] {
        guard pending.since != nil || states.hasTouched else { return [] }
        let transaction = makeTransaction(isEnding: isEnding)
        pending.transaction = transaction
        if !transaction.positions.isEmpty { return [.commit(transaction, within: limit)] }
        // Only what others had committed was learnt.
        takeEffect()
        return []
    }

    private mutating func makeTransaction(isEnding: Bool) -> Transaction {
        var content = Transaction(isEnding: isEnding, streamTime: engine.state.streamTime)
        if case .reconciling(let partitions) = phase, !engine.hasBacklog {
            states.touch(partitions)
            content.reconciled = partitions
        }
        if policyChange.isFinished {
            if case .reconciling(let partitions) = phase, content.reconciled != partitions {
                content.judged = states.restored.subtracting(partitions)
            } else {
                content.judged = states.restored
            }
        }
        content.deadLetters = pending.deadLetters
        content.alerts = pending.alerts
        for alert in content.alerts {
            states.touch(partitioner.partition(of: alert.finding.identity.subject.scope.account))
        }
        content.forgotten = engine.forgottenFindings().filter {
            states.restored.contains(partitioner.partition(of: $0.subject.scope.account))
        }
        for entry in engine.pendingChanges() {
            let partition = partitioner.partition(of: entry.account)
            // What another worker's accounts have told is in the catalogue already.
            guard states.restored.contains(partition) else { continue }
            states.touch(partition)
            content.entries.append(.init(entry.store, partition, key: entry.key, value: entry.value))
        }
        let isWhole = snapshotMarks() != nil
        for (partition, state) in states.touched {
            content.entries += ledger(of: partition, state, isEnding: isEnding, isWhole: isWhole)
            let judge = content.judged.contains(partition) ? engine.policy.fingerprint : state.policy
            guard let judge, isWhole || judge != state.policy else { continue }
            let entry = LedgerEntry.policy(judge)
            content.entries.append(.init(.state, partition, key: entry.key[...], value: entry.value[...]))
        }
        if let marks = snapshotMarks() {
            content.entries += marks
            content.beginsSnapshot = true
        }
        for source in sources where states.isTouched(source.name.partition) {
            content.positions.append(source.position)
            guard isWatermarkDue(source, after: .seconds(1)) else { continue }
            let entry = Watermark(source: "\(source.name)", time: source.watermark)
            content.watermarks[source.name] = entry.time
            content.entries.append(
                .init(.catalogue, source.name.partition, key: entry.key[...], value: entry.value[...])
            )
        }
        return content
    }

    /// `isWhole` tells all that the changelog holds, not only what has changed: a snapshot is read on from there.
    private func ledger(
        of partition: Int32,
        _ state: PartitionState,
        isEnding: Bool,
        isWhole: Bool
    ) -> [Transaction.Entry] {
        var totals = state.totals
        totals += state.pending
        var entries: [LedgerEntry] = [.totals(totals)]
        let time = max(state.time, engine.state.streamTime)
        if time > state.time || isWhole && time > .distantPast { entries.append(.time(time)) }
        if isWhole {
            let names = sources.map(\.name)
            for (name, offset) in state.positions where !names.contains(name) {
                entries.append(.position(name, offset))
            }
            for (name, offset) in state.reached where !names.contains(name) {
                entries.append(.reached(name, offset))
            }
            for (name, attempt) in state.attempts where !names.contains(name) {
                entries.append(.attempt(name, attempt))
            }
        }
        if !state.isCountRecorded || isWhole { entries.append(.partitionCount(layout.accountPartitions)) }
        for source in sources where source.name.partition == partition {
            entries.append(.position(source.name, source.next))
            if source.next < source.reached { entries.append(.reached(source.name, source.reached)) }
            let attempt = source.poisonGuard.attempt(at: source.next, isEnding: isEnding)
            if let attempt, isWhole || attempt != source.poisonGuard.recorded {
                entries.append(.attempt(source.name, attempt))
            }
        }
        return entries.map { Transaction.Entry(.state, partition, key: $0.key[...], value: $0.value[...]) }
    }

    /// The transaction is visible to others.
    mutating func becomeVisible() {
        report.transactions += 1
        report.alerts += pending.transaction?.alerts.count ?? 0
        metrics.count(
            pending.transaction?.alerts ?? [],
            produced: pending.produced,
            committed: clock.milliseconds()
        )
        takeEffect()
    }

    /// What was pending lasts.
    private mutating func takeEffect() {
        guard let transaction = pending.transaction else { return }
        engine.commit()
        for index in sources.indices where states.isTouched(sources[index].name.partition) {
            let next = sources[index].next
            sources[index].committed = next
            sources[index].reached = max(sources[index].reached, next)
            sources[index].poisonGuard.commit(at: next, isEnding: transaction.isEnding)
            guard let watermark = transaction.watermarks[sources[index].name] else { continue }
            sources[index].publishedWatermark = watermark
            watermarks.notePublished(now: clock.now())
        }
        for partition in transaction.judged where states.isTouched(partition) {
            states[partition]?.policy = engine.policy.fingerprint
        }
        report.run += states.commit(judgedAt: transaction.streamTime)
        catalogue.commit()
        verdicts.commit()
        pending.commit()
        logForgotten()
        updateReport()
        if transaction.isEnding { return }
        if transaction.beginsSnapshot { beginCopying() } else { copySlice() }
        finishRestoring()
        if case .reconciling(let partitions) = phase, partitions == transaction.reconciled {
            finishReconciling(partitions)
        }
    }

    /// Nothing of it is visible: the state goes back, and everything since the last commit is read again.
    mutating func rollback() {
        if case .marking? = snapshots?.step { giveUpSnapshot() }
        engine.rollback()
        verdicts.rollback(now: clock.now())
        states.rollback()
        sources.rollback()
        catalogue.rollback()
        pending.removeAll()
    }

    mutating func updateReport() {
        report.total = states.totals
        report.partitions = states.numbers.map(Int.init).sorted()
        metrics.deadLetters = pending.deadLetterLog.counts
        metrics.openFindings = engine.state.openFindings
        metrics.stateSize = engine.state.size
        metrics.streamTime = engine.state.streamTime
        metrics.policyHash = engine.policy.hash
        report.silentAccounts = engine.silentAccounts
        let now = clock.now()
        // All accounts are looked at.
        guard largestCounted.map({ now - $0 >= .seconds(10) }) ?? true else { return }
        metrics.largestAccounts = engine.state.largestAccounts
        largestCounted = now
    }

    /// Says, once a minute at most, that something was forgotten before its time, or is more than is remembered.
    private mutating func logForgotten() {
        let tallies = engine.forgottenEarly.tallies
        let now = clock.now()
        metrics.forgottenEarly = tallies
        guard tallies != loggedForgotten.tallies,
            loggedForgotten.at.map({ now - $0 >= .seconds(60) }) ?? true
        else { return }
        for (kind, tally) in tallies.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            let before = loggedForgotten.tallies[kind] ?? ForgottenEarly.Tally()
            let account = RunLog.Value.text("\(tally.account)")
            let forgotten = RunLog.Value.number(tally.forgotten - before.forgotten)
            let kept = RunLog.Value.number(tally.kept - before.kept)
            if tally.forgotten > before.forgotten, kind == .change {
                log.warning(
                    "history of one resource is full; its oldest changes are forgotten before the horizon",
                    ["account": account, "changes": forgotten]
                )
            } else if tally.forgotten > before.forgotten {
                log.warning(
                    "more has ended in one account than is remembered; the oldest of it is forgotten early",
                    ["account": account, "kind": .text(kind.rawValue), "count": forgotten]
                )
            }
            if tally.kept > before.kept {
                log.warning(
                    "more has ended in one account than is remembered, and is kept all the same: open findings rest on it, "
                        + "or it was shared or used",
                    ["account": account, "kind": .text(kind.rawValue), "count": kept]
                )
            }
        }
        loggedForgotten = (tallies, now)
    }
}
