import CloudTrail
import Configuration
import Detection
import Kafka

// The catalogue: what the workers tell each other about images and organizations, and how far time has come. And the
// changelog, while it is restored.

extension DetectorCore {
    /// Takes a message of the catalogue; `isOwn` tells whether this process has written it.
    ///
    /// - Throws: `RunFailure` when it cannot be read.
    mutating func readCatalogue(_ message: StateMessage, isOwn: @autoclosure () -> Bool) throws {
        guard catalogue.takes(message.partition, message.offset), let key = message.key else { return }
        if Watermark.isWatermark(key) {
            if let value = message.value, let watermark = Watermark(key: key, value: value) {
                watermarks.observe(watermark, notAfter: clock.latestTime())
            }
            noteMark(message, inCatalogue: true)
            return
        }
        do throws(StateError) {
            guard !states.restored.isEmpty else { return try engine.restore(key: key, value: message.value) }
            // What this process wrote itself it knows, and perhaps newer things already. Of a partition that it
            // believes to own another one may be the owner already.
            guard !isOwn() else { return }
            noteChange()
            try engine.applyCatalogue(key: key, value: message.value, into: &pending.alerts)
            delayUndetermined()
        } catch { throw RunFailure(message, "\(error)") }
    }

    /// Takes one entry of the changelog.
    ///
    /// - Throws: `RunFailure` when it cannot be read, or was written for another number of partitions.
    mutating func readChangelog(_ message: StateMessage) throws {
        let partition = message.partition
        noteMark(message, inCatalogue: false)
        switch try engine.restore(message) {
        case .position(let name, let offset): states[partition]?.positions[name] = offset
        case .reached(let name, let offset): states[partition]?.reached[name] = offset
        case .attempt(let name, let attempt): states[partition]?.attempts[name] = attempt
        case .totals(let balance): states[partition]?.totals = balance
        case .time(let time): states[partition]?.time = time
        case .partitionCount(let count):
            guard count == layout.accountPartitions else {
                throw RunFailure(
                    "\(configuration.recordTopics.joined(separator: ", ")) has \(layout.accountPartitions) partitions, "
                        + "and the state was built with \(count): accounts would be looked for in the wrong place; use "
                        + "\(count) partitions, or new topics and a new group_id"
                )
            }
            states[partition]?.isCountRecorded = true
        case .policy(let hash): states[partition]?.policy = hash
        case .unknown, .malformed, nil: break
        }
    }

    // MARK: Time

    /// Whether others should be told how far this source has come, when it is `interval` ago that they were.
    func isWatermarkDue(_ source: Source, after interval: Duration) -> Bool {
        guard source.watermark > source.publishedWatermark else { return false }
        // Another worker that stops at the end may look as soon as the offset is committed.
        return endsWhenRead || watermarks.isDue(after: interval, now: clock.now())
    }

    /// Publishes verdicts that have waited, tells others the watermark, and asks what has to be known before stream
    /// time moves on where all is read.
    mutating func keepTime() -> [Action] {
        if watermarks.isAhead { watermarks.admit(notAfter: clock.latestTime()) }
        let now = clock.now()
        while let subjects = verdicts.takeDue(now, upTo: limits.sliceSubjects) {
            noteChange()
            engine.settle(subjects, into: &pending.alerts)
        }
        if pending.since == nil {
            // Later than with records: a record that comes during a transaction of its own would wait for it.
            for source in sources where isWatermarkDue(source, after: .seconds(2)) {
                noteChange()
                states.touch(source.name.partition)
            }
        }
        // A watermark may overtake the records that it counts: where the logs end now is not known from the last fetch.
        guard isTimeBehind, watermarks.takesQuestion(now: now) else { return [] }
        return [.queryLogEnds(sources.map(\.name))]
    }

    /// Whether all is read, and others have come further in time.
    private var isTimeBehind: Bool {
        guard case .running = phase else { return false }
        return !sources.isEmpty && sources.allSatisfy(\.isAtEnd)
            && watermarks.latest > engine.state.streamTime
    }

    /// Moves stream time to the latest watermark, if nothing of what was written before that lies unread.
    mutating func moveTime(_ ends: [TopicPartition: (low: Int64, high: Int64)]) {
        guard isTimeBehind,
            sources.allSatisfy({ source in ends[source.name].map { $0.high <= source.next } ?? false })
        else { return }
        noteChange()
        engine.advanceStreamTime(to: watermarks.latest, into: &pending.alerts)
        delayUndetermined()
    }

    // MARK: The end of the input

    /// Whether everything that was there is evaluated and committed.
    ///
    /// `isInputDone` when nothing more is handed on; `areOthersRead` tells whether the group has read everything but
    /// some partitions.
    mutating func hasEnded(
        isInputDone: Bool,
        areOthersRead: ([TopicPartition]) throws -> Bool
    ) rethrows -> Bool {
        guard sources.isAssigned, !isReassigned, !sources.needsSeek, !catalogue.needsSeek,
            pending.since == nil, verdicts.isEmpty
        else { return false }
        switch phase {
        case .idle: return try sources.isEmpty && isInputDone && areOthersRead([])
        case .restoring, .reconciling: return false
        case .running: break
        }
        guard !engine.hasBacklog, !engine.hasDeferred else { return false }
        switch ending {
        case .records:
            guard isInputDone else { return false }
            sources.lookForEnds()
            ending = .recordEnds
        case .recordEnds:
            // The watermarks at the logs' ends are published too, by `keepTime`.
            guard sources.allSatisfy(\.isAtEnd), !isTimeBehind,
                !sources.contains(where: { isWatermarkDue($0, after: .zero) }),
                try areOthersRead(sources.map(\.name))
            else { return false }
            lookForCatalogueEnds()
        case .catalogue(let transactions):
            guard catalogue.isAtEnd(of: layout.cataloguePartitions), !isTimeBehind else { return false }
            if report.transactions == transactions { return true }
            lookForCatalogueEnds()
        }
        return false
    }

    private mutating func lookForCatalogueEnds() {
        catalogue.lookForEnds()
        ending = .catalogue(transactions: report.transactions)
    }
}

/// How far a run that stops at the end has come.
enum Ending {
    /// Records may still come: the intake is at work, or what it wrote is not read.
    case records
    /// The records' ends are looked for once more, because the last were just written.
    case recordEnds
    /// The catalogue is read to its end; what that leads to may need another round.
    case catalogue(transactions: Int)
}
