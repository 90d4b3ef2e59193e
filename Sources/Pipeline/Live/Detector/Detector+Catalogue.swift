import CloudTrail
import Configuration
import Detection
import Kafka

// The catalogue: what the workers tell each other about images and organizations. Read by all, from its beginning.

extension Detector {
    /// Reads it to its present end; only then this worker joins its group.
    func loadCatalogue() throws {
        let topic = configuration.topics.catalogue
        board.detectorActivity = "reading the catalogue"
        var targets: [Int32: Int64]?
        while !board.isStopping {
            do throws(KafkaError) {
                if targets == nil {
                    targets = try logEnds(of: topic, layout.cataloguePartitions)
                    let names = targets?.keys.sorted() ?? []
                    catalogue.begin(names)
                    try reader.assign(names.map { PartitionOffset(TopicPartition(topic, $0), .beginning) })
                }
            } catch {
                guard error.isRetriable else { throw Trouble.failure(error) }
                board.note("detector", waitsFor: "\(error)")
            }
            guard let targets else { continue }
            try readCatalogue(waiting: .milliseconds(20))
            let lacking = catalogue.lacking(targets)
            board.note("detector", waitsFor: lacking)
            if lacking == nil { return }
        }
    }

    /// Takes what has come, of the catalogue and, while restoring, of the changelog.
    func readCatalogue(waiting: Duration = .zero) throws {
        var restoring: Restoring?
        if case .restoring(let known) = phase { restoring = known }
        let failures = try reader.poll(
            maxMessages: restoring == nil ? Self.batchMessages : 4 * Self.batchMessages,
            timeout: restoring == nil ? waiting : .milliseconds(5)
        ) { batch in
            for message in batch.messages {
                if message.topic == catalogueTopic {
                    try takeCatalogue(message)
                } else if stateReading.contains(message.partition) {
                    try takeState(message)
                    restoring?.entries += 1
                }
            }
            for end in batch.ends {
                if end.topic == catalogueTopic {
                    catalogue.noteEnd(end.partition, end.offset)
                } else if let target = restoring?.waiting[end.partition], end.offset >= target {
                    restoring?.waiting[end.partition] = nil
                    restoring?.read[end.partition] = target
                }
            }
            return batch.failures
        }
        if let restoring, case .restoring = phase { phase = .restoring(restoring) }
        for failure in failures { try handleReader(failure) }
        if pending.since == nil { catalogue.commit() }
    }

    private func takeCatalogue(_ message: Message) throws {
        guard catalogue.takes(message.partition, message.offset), let key = message.key else { return }
        if Watermark.isWatermark(key) {
            if let payload = message.payload, let entry = Watermark(key: key, value: payload) {
                watermarks.observe(entry, notAfter: Intake.latestTime())
            }
            return
        }
        do throws(StateError) {
            guard !judged.isEmpty else { return try engine.restore(key: key, value: message.payload) }
            // What this process wrote itself it knows, and perhaps newer things already.
            guard !isOwn(message) else { return }
            noteChange()
            try engine.applyCatalogue(key: key, value: message.payload, into: &pending.alerts)
            delayUndetermined()
        } catch { throw RunFailure(message, of: configuration.topics.catalogue, "\(error)") }
    }

    /// Whether this process wrote it.
    ///
    /// Of a partition that it believes to own another one may be the owner already.
    private func isOwn(_ message: Message) -> Bool {
        message.header(TransactionalOutput.writerHeader).map { $0.elementsEqual(output.writer.utf8) } ?? false
    }

    private func handleReader(_ failure: ConsumerFailure) throws {
        guard failure.isOffsetOutOfRange else {
            if let fatal = Trouble.reading(failure) { throw fatal }
            return log.debug("cannot read state or catalogue; retrying", ["cause": .text("\(failure.error)")])
        }
        guard let name = failure.partition else { return }
        let isState = name.topic == configuration.topics.state
        let place = isState ? failure.offset ?? 0 : catalogue.offset(of: name.partition)
        try checkReader(name, at: place, isNew: true)
    }

    /// Reads state or catalogue on from a place; where that is lost, from the log's start.
    func checkReader(_ name: TopicPartition, at offset: Int64, isNew: Bool) throws {
        let isState = name.topic == configuration.topics.state
        if !isNew, isState, !stateReading.contains(name.partition) { return offsetCheck.forget(name) }
        var place = offset
        let finding = try offsetCheck.judge(place, of: name, reader: reader, asking: ends, board, log)
        if case .lost(let low, _) = finding {
            if isState {
                // Compacted, and begun to be read meanwhile.
                shares[name.partition]?.restoredEnd = nil
                isReassigned = true
                return
            }
            log.warning(
                "catalogue offset is out of range; reading the catalogue again from its log start",
                [
                    "topic": .text(name.topic), "partition": .number(Int(name.partition)),
                    "offset": .number(Int(place)),
                    "log_start_offset": .number(Int(low)),
                ]
            )
            catalogue.skip(name.partition, to: low)
            place = low
        }
        guard isNew || !offsetCheck.isBehind(name) else { return }
        // Of a state that is not read back any more nothing is assigned.
        guard !isState || stateReading.contains(name.partition) else { return }
        do throws(KafkaError) { try reader.reassign([PartitionOffset(name, .at(place))]) } catch {
            throw Trouble.failure(error)
        }
    }
}
