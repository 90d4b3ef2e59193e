import CloudTrail
import Configuration
import Detection
import Kafka

// What this worker owns, and where it reads on.

extension Detector {
    func join() throws {
        consumer.onRebalance = { [unowned self] event in rebalance(event) }
        try consumer.subscribe(recordTopics)
    }

    /// Joins the group with a new client, after the member was fenced.
    func joinAgain() throws {
        rebalance(.lost(sources.map(\.name)))
        try fencing.note(log)
        consumer.onRebalance = nil
        consumer = try Consumer(clients.member(of: configuration.groupID), log: log.kafkaSink("detector"))
        try join()
    }

    /// Runs inside `consumer.poll` and `consumer.close`.
    func rebalance(_ event: RebalanceEvent) {
        switch event {
        case .assigned(let names):
            isReassigned = true
            sources.assign(names, topic: consumer.index(of:))
        case .revoked(let names):
            finishBeforeRevocation()
            log.revoked(names, from: "detector", isLost: false)
            give(up: names)
        case .lost(let names):
            rollback()
            log.revoked(names, from: "detector", isLost: true)
            give(up: names)
        }
    }

    /// Until the handler returns the partitions are ours, and what is done may be committed.
    private func finishBeforeRevocation() {
        guard !judged.isEmpty else { return }
        do { try endAttempts() } catch {
            log.warning("cannot commit before partitions are revoked", ["cause": .text("\(error)")])
        }
        rollback()
    }

    /// The state stays in memory: a moment later most of these are assigned again.
    private func give(up names: [TopicPartition]) {
        sources.giveUp(names)
        judge([])
        phase = .idle
    }

    /// After every change of the assignment: what stays is kept in memory and brought up to date from the changelog,
    /// what is gone is dropped, what is new is read back.
    ///
    /// What stays goes first, and works on while the rest is read.
    func beginRestoring() throws {
        isReassigned = false
        if pending.since != nil || hasTouchedShares { rollback() }
        sources.needsSeek = false
        let owned = Set(sources.map(\.name.partition))
        if let outside = owned.first(where: { $0 >= layout.accountPartitions }) {
            throw RunFailure(
                "\(recordTopics.joined(separator: ", ")) has more partitions than at the start (\(outside)): "
                    + "accounts would move away from their state; create the topics anew with other names"
            )
        }
        try stopReadingState()
        let unknown = owned.filter { shares[$0]?.restoredEnd == nil }
        let gone = Set(shares.keys).subtracting(owned)
        let dropped = gone.union(unknown)
        if !dropped.isEmpty {
            engine.drop(accountsWhere: { dropped.contains(partitioner.partition(of: $0)) })
        }
        judge([])
        for partition in gone { shares[partition] = nil }
        for partition in unknown { shares[partition] = Share() }
        for index in sources.indices {
            sources[index] = Source(topic: sources[index].topic, name: sources[index].name)
        }
        verdicts.removeAll()
        ending = .records
        log.assigned(sources.map(\.name), of: recordTopics, to: "detector", consumer.memberID)
        publishReport()
        let kept = owned.subtracting(unknown)
        phase = owned.isEmpty ? .idle : .restoring(Restoring(partitions: kept.isEmpty ? owned : kept))
    }

    /// Puts reading back to the own places, after an abort or a rebalance.
    func putBack() throws {
        do throws(KafkaError) {
            if catalogue.needsSeek { try putBackCatalogue() }
        } catch {
            guard error.passesSoon else { throw Trouble.failure(error) }
            return log.debug("cannot seek in the catalogue; retrying", ["cause": .text("\(error)")])
        }
        if sources.needsSeek, try consumer.resume(sources.positions, log: log) { sources.needsSeek = false }
    }

    private func putBackCatalogue() throws(KafkaError) {
        let places = catalogue.positions
        do throws(KafkaError) { try reader.seek(places, timeout: .seconds(1)) } catch {
            guard error.isRetriable || error.code == .state else { throw error }
            // A fetcher that has found its place gone is off, and no seeking wakes it: begun anew, it tells.
            log.debug("cannot seek in the catalogue; assigning it anew", ["cause": .text("\(error)")])
            try reader.reassign(places)
        }
        catalogue.needsSeek = false
    }

    func handle(_ failure: ConsumerFailure) throws {
        if failure.isOffsetOutOfRange {
            return try failure.partition.map { try checkPlace(of: $0, isNew: true) } ?? ()
        }
        if let fatal = Trouble.reading(failure) { throw fatal }
        log.debug("cannot read records; retrying", ["cause": .text("\(failure.error)")])
    }

    /// Reads on from the own place; where that is lost, from the log's start, and says so.
    private func checkPlace(of name: TopicPartition, isNew: Bool) throws {
        guard let index = sources.index(of: name), sources[index].isConsumed else {
            return offsetCheck.forget(name)
        }
        let place = sources[index].next
        let finding = try offsetCheck.judge(place, of: name, reader: consumer, asking: ends, board, log)
        if case .lost(let low, let high) = finding {
            log.offsetOutOfRange(name, committed: place, logStart: low, logEnd: high)
            report.offsetsOutOfRange += 1
            sources[index].next = low
            if high < sources[index].reached { sources[index].reached = low }
            shares[name.partition]?.isTouched = true
            noteChange()
        }
        guard isNew || !offsetCheck.isBehind(name) else { return }
        do throws(KafkaError) { try consumer.restart() } catch { throw Trouble.failure(error) }
        sources.needsSeek = true
    }

    /// Looks again at places that lay behind their logs' ends.
    func checkPlacesAgain() throws {
        for (name, offset) in offsetCheck.due() {
            if [configuration.topics.state, configuration.topics.catalogue].contains(name.topic) {
                try checkReader(name, at: offset, isNew: false)
            } else {
                try checkPlace(of: name, isNew: false)
            }
        }
    }
}
