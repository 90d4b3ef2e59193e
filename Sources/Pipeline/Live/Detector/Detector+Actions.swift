import Configuration
import Detection
import Glibc
import Kafka

// What the core wants done.

extension Detector {
    func perform(_ actions: [DetectorCore.Action]) throws {
        for action in actions { try perform(action) }
        guard !actions.isEmpty else { return }
        board.detectorReport = core.report
        board.detectorMetrics = core.metrics
    }

    private func perform(_ action: DetectorCore.Action) throws {
        switch action {
        case .commit(let transaction, let limit): try commit(transaction, within: limit)
        case .prepareProducer:
            try ask { () throws(KafkaError) in
                try output.takeOver(timeout: .milliseconds(500))
                return .producerReady
            }
        case .replaceProducer: output = try Self.output(clients, transactionalID, core, signer, board)
        case .seek(let positions):
            if try consumer.resume(positions, log: log) { try perform(core.handle(.sought)) }
        case .seekCatalogue(let positions): try seekCatalogue(positions)
        case .readChangelog(let positions): try readChangelog(positions)
        case .stopReadingChangelog: try stopReadingChangelog()
        case .queryCommittedOffsets(let names):
            try take { () throws(KafkaError) in .committedOffsets(try committedOffsets(names)) }
        case .queryChangelogEnds(let names, let isRepeated):
            if isRepeated { ends.refreshMetadata() }
            try ask { () throws(KafkaError) in
                .changelogEnds(try ends.watermarks(of: names, timeout: answerTime))
            }
        case .queryLogEnds(let names):
            try ask { () throws(KafkaError) in
                .logEnds(try recordEnds.watermarks(of: names, timeout: answerTime))
            }
        case .querySnapshotEnds(let names):
            try ask { () throws(KafkaError) in
                .snapshotEnds(try ends.watermarks(of: names, timeout: answerTime))
            }
        case .queryCatalogueEnds:
            try ask { () throws(KafkaError) in .catalogueEnds(try catalogueEnds()) }
        }
    }

    /// How long a broker's answer is waited for in one turn: other partitions are waiting.
    var answerTime: Duration {
        answers.limit(atLeast: core.isConsuming ? .milliseconds(100) : .milliseconds(500))
    }

    /// Where the group stands; while a dead worker's transaction may still move it, that is not told.
    private func committedOffsets(
        _ names: [TopicPartition]
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        do throws(KafkaError) {
            return try consumer.committed(names, timeout: answerTime).compactMapValues(\.self)
        } catch {
            // Nothing to learn from about the brokers: what waits for no transaction tells how long they take.
            _ = try? answers.measure { () throws(KafkaError) in
                try ends.logOffsets(.beginning, of: names, timeout: answerTime)
            }
            throw error
        }
    }

    /// Asks, and learns from it how long brokers take.
    private func ask(_ question: () throws(KafkaError) -> DetectorCore.Event) throws {
        try take { () throws(KafkaError) in try answers.measure(question) }
    }

    /// Hands on the answer; what fails for a moment is asked again in the next turn.
    private func take(_ question: () throws(KafkaError) -> DetectorCore.Event) throws {
        let answer: DetectorCore.Event
        do throws(KafkaError) { answer = try question() } catch {
            guard error.isRetriable else { throw error }
            if case .restoring = core.phase {
                isUnanswered = true
                board.note("detector", waitsFor: "\(error)")
            }
            return log.debug(
                "question to the brokers not answered; asking again",
                ["step": .text(core.phase.words), "cause": .text("\(error)")]
            )
        }
        try perform(core.handle(answer))
    }

    private func commit(_ transaction: Transaction, within limit: Duration) throws {
        guard !board.isOverdue else { return try perform(core.handle(.notCommitted)) }
        let proof: ConsumerGroupMetadata
        do throws(KafkaError) { proof = try consumer.groupMetadata() } catch {
            // Somebody else owns these partitions, or is about to.
            log.debug("not committing: the partitions may have another owner", ["cause": .text("\(error)")])
            return try perform(core.handle(.notCommitted))
        }
        let begun = ContinuousClock.now
        switch output.write(transaction, proof: proof, until: begun + limit) {
        case .committed:
            log.committed(transaction, records: core.pending.recordCount, begun: begun)
            failures = 0
            board.alertFeed?.append(transaction.alerts, raised: output.raised)
            board.note("detector", waitsFor: nil)
            try perform(core.handle(.committed))
        case .aborted(let error):
            let cause = board.explaining(error)
            board.note("detector", waitsFor: cause)
            log.info("transaction aborted; its records are processed again", ["cause": .text(cause)])
            try perform(core.handle(.aborted))
            try missing.check(after: error)
            pause()
        case .refused(let failure): throw failure
        case .broken(let error):
            guard !board.isStopping else {
                log.warning(
                    "outcome of the last transaction is unknown; the next start finds out",
                    ["cause": .text("\(error)")]
                )
                return try perform(core.handle(.notCommitted))
            }
            log.unknownOutcome(error, board.explaining(error), transactionalID)
            try perform(core.handle(.outcomeUnknown))
            pause()
            try missing.check(after: error)
        }
    }

    /// The group or a broker needs a moment; trying again at once would only make noise.
    private func pause() {
        failures += 1
        usleep(UInt32(min(500, 20 * failures)) * 1000)
    }
}
