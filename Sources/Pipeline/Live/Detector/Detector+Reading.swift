import CloudTrail
import Configuration
import Detection
import Kafka

// Catalogue and changelog, and what becomes of offsets that a broker calls out of range.

extension Detector {
    /// Reads the catalogue to its present end; only then this worker joins its group.
    func loadCatalogue() throws {
        var targets: [Int32: Int64]?
        while !board.isStopping {
            do throws(KafkaError) {
                if targets == nil {
                    let ends = try answers.measure { () throws(KafkaError) in try catalogueEnds() }
                    if try !beginWithSnapshot() { core.catalogue.begin(ends.keys) }
                    try reader.assign(core.catalogue.positions)
                    targets = ends
                }
            } catch {
                guard error.isRetriable else { throw error }
                board.note("detector", waitsFor: "\(error)")
            }
            guard let ends = targets else { continue }
            try read(waiting: .milliseconds(20))
            let lacking = core.catalogue.lacking(ends)
            board.note("detector", waitsFor: lacking)
            guard lacking == nil else { continue }
            guard core.snapshots?.found != nil, core.snapshots?.isMarkedInCatalogue == false else { return }
            core.startCatalogueAnew(newEngine(), .foreign("another catalogue: its mark is not there"))
            targets = nil
        }
    }

    /// The end of each partition's log, open transactions included.
    func catalogueEnds() throws(KafkaError) -> [Int32: Int64] {
        let partitions = 0..<Int32(clamping: layout.cataloguePartitions)
        return try ends.logEnds(of: configuration.topics.catalogue, partitions, timeout: answerTime)
    }

    /// Takes what has come, of the catalogue and, while restoring, of the changelog.
    func read(waiting: Duration = .zero) throws {
        let isRestoring = if case .restoring = core.phase { true } else { false }
        // A snapshot comes from the disk.
        let isLoading =
            if case .restoring(let restore) = core.phase { restore.step == .snapshot } else { false }
        let topics = configuration.topics
        let (batchMessages, writer) = (core.limits.batchMessages, output.writer)
        let failures = try reader.poll(
            maxMessages: isRestoring ? 4 * batchMessages : batchMessages,
            timeout: isLoading ? .zero : isRestoring ? .milliseconds(5) : waiting
        ) { batch in
            var entries = 0
            var (changelogEnds, catalogueEnds): ([Int32: Int64], [Int32: Int64]) = ([:], [:])
            for message in batch.messages {
                if message.topic == catalogueTopic {
                    try core.readCatalogue(
                        StateMessage(message, of: topics.catalogue),
                        isOwn: message.isWritten(by: writer)
                    )
                } else if changelog.contains(message.partition) {
                    try core.readChangelog(StateMessage(message, of: topics.state))
                    entries += 1
                }
            }
            for end in batch.ends {
                if end.topic == catalogueTopic {
                    catalogueEnds[end.partition] = end.offset
                } else if changelog.contains(end.partition) {
                    changelogEnds[end.partition] = end.offset
                }
            }
            try perform(
                core.handle(
                    .read(entries: entries, changelogEnds: changelogEnds, catalogueEnds: catalogueEnds)
                )
            )
            return batch.failures
        }
        for failure in failures { try handleReader(failure) }
    }

    func readChangelog(_ positions: [PartitionOffset]) throws {
        try reader.addAssignment(positions)
        changelog.formUnion(positions.map(\.partition.partition))
    }

    func stopReadingChangelog() throws {
        let names = changelog.sorted().map { TopicPartition(configuration.topics.state, $0) }
        changelog.removeAll()
        if names.isEmpty { return }
        try reader.removeAssignment(names)
        FetchMemory.giveBack()
    }

    func seekCatalogue(_ positions: [PartitionOffset]) throws {
        do throws(KafkaError) {
            do throws(KafkaError) { try reader.seek(positions, timeout: .seconds(1)) } catch {
                guard error.isRetriable || error.code == .state else { throw error }
                // A fetcher that has found its offset gone is off, and no seeking wakes it: begun anew, it tells.
                log.debug("cannot seek in the catalogue; assigning it anew", ["cause": .text("\(error)")])
                try reader.reassign(positions)
            }
        } catch {
            guard error.passesSoon else { throw error }
            return log.debug("cannot seek in the catalogue; retrying", ["cause": .text("\(error)")])
        }
        try perform(core.handle(.soughtCatalogue))
    }

    // MARK: Failures

    /// What came in a record's place.
    func handle(_ failure: ConsumerFailure) throws {
        if failure.isOffsetOutOfRange {
            return try failure.partition.map { try checkOffset(of: $0, isNew: true) } ?? ()
        }
        if let fatal = Trouble.reading(failure) { throw fatal }
        log.debug("cannot read records; retrying", ["cause": .text("\(failure.error)")])
    }

    private func handleReader(_ failure: ConsumerFailure) throws {
        guard failure.isOffsetOutOfRange else {
            if let fatal = Trouble.reading(failure) { throw fatal }
            return log.debug("cannot read state or catalogue; retrying", ["cause": .text("\(failure.error)")])
        }
        guard let name = failure.partition else { return }
        let isState = name.topic == configuration.topics.state
        let offset = isState ? failure.offset ?? 0 : core.catalogue.offset(of: name.partition)
        try checkReader(name, at: offset, isNew: true)
    }

    /// Reads on from the own offset; where that is lost, from the log's start, and says so.
    private func checkOffset(of name: TopicPartition, isNew: Bool) throws {
        guard let index = core.sources.index(of: name), core.sources[index].isConsumed else {
            return offsetCheck.forget(name)
        }
        let offset = core.sources[index].next
        let outcome = try offsetCheck.assess(offset, of: name, reader: consumer, asking: ends, board, log)
        if case .lost(let low, let high) = outcome {
            log.offsetOutOfRange(name, committed: offset, logStart: low, logEnd: high)
            try perform(core.handle(.lostOffset(name, logStart: low, logEnd: high)))
        }
        guard isNew || !offsetCheck.isBehind(name) else { return }
        try consumer.restart()
        core.sources.needsSeek = true
    }

    /// Reads state or catalogue on from an offset; where that is lost, from the log's start.
    private func checkReader(_ name: TopicPartition, at offset: Int64, isNew: Bool) throws {
        let isState = name.topic == configuration.topics.state
        if !isNew, isState, !changelog.contains(name.partition) { return offsetCheck.forget(name) }
        var position = PartitionOffset(name, .at(offset))
        let outcome = try offsetCheck.assess(offset, of: name, reader: reader, asking: ends, board, log)
        if case .lost(let low, _) = outcome {
            // Compacted, and begun to be read meanwhile.
            if isState { return try perform(core.handle(.lostChangelog(partition: name.partition))) }
            log.warning(
                "catalogue offset is out of range; reading the catalogue again from its log start",
                name.fields + ["offset": .number(Int(offset)), "log_start_offset": .number(Int(low))]
            )
            try perform(core.handle(.lostCatalogueOffset(partition: name.partition, logStart: low)))
            position.offset = .at(low)
        }
        guard isNew || !offsetCheck.isBehind(name) else { return }
        // Of a state that is not restored any more nothing is assigned.
        guard !isState || changelog.contains(name.partition) else { return }
        try reader.reassign([position])
    }

    /// Looks again at offsets that lay behind their logs' ends.
    func checkOffsetsAgain() throws {
        for (name, offset) in offsetCheck.due() {
            if [configuration.topics.state, configuration.topics.catalogue].contains(name.topic) {
                try checkReader(name, at: offset, isNew: false)
            } else {
                try checkOffset(of: name, isNew: false)
            }
        }
    }
}

extension Message {
    /// Whether a process has written it: a message of the catalogue.
    fileprivate func isWritten(by writer: String) -> Bool {
        header(TransactionalOutput.writerHeader).map { $0.elementsEqual(writer.utf8) } ?? false
    }
}
