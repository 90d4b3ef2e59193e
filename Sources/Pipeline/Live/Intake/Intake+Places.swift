import CloudTrail
import Configuration
import Kafka

// What the intake owns, and where it reads on.

extension Intake {
    /// Whether everything that was there has been handed on.
    func isAtEnd() throws -> Bool {
        guard partitions.isAssigned, board.isFeedDone, partitions.allSatisfy({ $0.isAtEnd }) else {
            return false
        }
        if hasSoughtEnds || partitions.isEmpty {
            return try others.areRead(except: partitions.map(\.name), consumer)
        }
        // The ends may have been met before the last was fed: they are looked for once more.
        hasSoughtEnds = true
        partitions.lookForEnds()
        return false
    }

    /// Finds the places of new partitions, and puts all others back to theirs after a rebalance.
    func place() throws {
        if partitions.needsSeek, try consumer.resume(partitions.positions, log: log) {
            partitions.needsSeek = false
        }
        let new = partitions.indices.filter { partitions[$0].phase == .unplaced }
        guard !new.isEmpty else { return }
        do {
            let committed = try answers.measure { () throws(KafkaError) in
                try consumer.committedOffsets(
                    new.map { partitions[$0].name },
                    timeout: answers.limit(atLeast: .milliseconds(500))
                )
            }
            // Before any of them is fetched: the broker would answer only when a fetch has waited for new records.
            let starts = try consumer.logOffsets(
                .beginning,
                of: new.map { partitions[$0].name }.filter { committed[$0].flatMap(\.self) == nil },
                timeout: .seconds(2)
            )
            let found = new.filter { index in
                let name = partitions[index].name
                guard let place = committed[name].flatMap(\.self)?.offset ?? starts[name] else {
                    return false
                }
                partitions[index].next = place
                return true
            }
            guard try begin(found, after: committed) else { return }
            for index in found {
                try consumer.resume(at: [partitions[index].position], timeout: .seconds(2))
                partitions[index].phase = .reading
            }
        } catch let error as KafkaError {
            guard error.passesSoon else { throw Trouble.failure(error) }
        }
    }

    /// Lets those go on that had been ahead.
    func release() throws {
        for index in partitions.indices {
            guard case .heldBack(let time) = partitions[index].phase,
                inStep.admits(time, from: index, of: partitions)
            else { continue }
            partitions[index].phase = .reading
            try settle { () throws(KafkaError) in
                try consumer.resume(at: [partitions[index].position], timeout: .seconds(1))
            }
        }
    }

    /// What fails for a moment is tried again next turn.
    func settle(_ body: () throws(KafkaError) -> Void) throws {
        do throws(KafkaError) { try body() } catch {
            guard error.passesSoon else { throw Trouble.failure(error) }
            partitions.needsSeek = true
        }
    }

    func handle(_ failure: ConsumerFailure) throws {
        if failure.isOffsetOutOfRange {
            return try failure.partition.map { try checkPlace(of: $0, isNew: true) } ?? ()
        }
        if let fatal = Trouble.reading(failure) { throw fatal }
        log.debug("cannot read the input; retrying", ["cause": .text("\(failure.error)")])
    }

    /// Reads on from the own place; where that is lost, from the log's start, and says so.
    private func checkPlace(of name: TopicPartition, isNew: Bool) throws {
        guard let index = partitions.index(of: name), partitions[index].phase != .unplaced else {
            return offsetCheck.forget(name)
        }
        let place = partitions[index].next
        let finding = try offsetCheck.assess(
            place,
            of: name,
            reader: consumer,
            asking: consumer,
            board,
            log
        )
        if case .lost(let low, let high) = finding {
            log.offsetOutOfRange(name, committed: place, logStart: low, logEnd: high)
            partitions[index].next = low
            partitions[index].committed = low
            partitions[index].poisonGuard.begin(at: low, after: nil, process: process) { _ in 0 }
            // Also when no record comes that would move it: else the same is said again at every start.
            partitions[index].isReset = true
        }
        guard isNew || !offsetCheck.isBehind(name) else { return }
        do throws(KafkaError) { try consumer.restart() } catch { throw Trouble.failure(error) }
        partitions.needsSeek = true
    }

    /// Looks again at places that lay behind their logs' ends.
    func checkPlacesAgain() throws {
        for place in offsetCheck.due() { try checkPlace(of: place.partition, isNew: false) }
    }

    // MARK: The group

    func join() throws {
        consumer.onRebalance = { [unowned self] event in rebalance(event) }
        try consumer.subscribe(configuration.input.topics)
    }

    /// Joins the group with a new client, after the member was fenced.
    func joinAgain() throws {
        rebalance(.lost(partitions.map(\.name)))
        try fencing.note(log)
        consumer.onRebalance = nil
        consumer = try Consumer(
            clients.member(of: configuration.groupID + "-intake"),
            log: log.kafkaSink("intake consumer")
        )
        try join()
    }

    func rebalance(_ event: RebalanceEvent) {
        defer { board.noteAssigned("intake", partitions.isAssigned) }
        switch event {
        case .assigned(let names):
            partitions.assign(names, topic: consumer.index(of:))
            board.intakePartitions = partitions.map(\.name)
            log.assigned(names, of: configuration.input.topics, to: "intake", consumer.memberID)
        case .revoked(let names):
            do { try commit(within: .seconds(2), isEnding: true) } catch {
                log.debug("cannot commit before partitions are revoked", ["cause": .text("\(error)")])
            }
            log.revoked(names, from: "intake", isLost: false)
            drop(names)
        case .lost(let names):
            log.revoked(names, from: "intake", isLost: true)
            drop(names)
        }
    }

    private func drop(_ names: [TopicPartition]) {
        partitions.giveUp(names)
        board.intakePartitions = partitions.map(\.name)
        // What was not committed is counted by whoever reads it again.
        pending = IntakeBalance()
        deadLetters.discard()
    }
}
