import CloudTrail
import Configuration
import Detection
import Kafka

// A record that ends the process, by a trap, a full stack or all the memory there is, would end the next one too:
// the ledger tells where reading began, and which record was processed alone.

extension Detector {
    /// Writes down with the next transaction that reading begins.
    func beginAttempts(in partitions: Set<Int32>) {
        for index in sources.indices where partitions.contains(sources[index].name.partition) {
            let (name, next) = (sources[index].name, sources[index].next)
            let last = shares[name.partition]?.attempts[name]
            let attempt = Attempt(at: next, after: last, process: process)
            sources[index].attempt = attempt
            sources[index].recordedAttempt = last
            sources[index].announced = nil
            guard attempt.isSuspicious else { continue }
            // As far as the transactions reached that were never committed.
            sources[index].aloneUntil =
                next + Int64(configuration.detector.commitRecords + Self.batchMessages)
            log.warning(
                "several starts ended at one committed offset; processing its records one at a time",
                [
                    "topic": .text(name.topic), "partition": .number(Int(name.partition)),
                    "committed_offset": .number(Int(next)),
                    "starts": .number(attempt.count - 1),
                ]
            )
        }
    }

    /// Processes one record alone: announced first, with all that it leads to; the one that ended the process is a dead
    /// letter.
    ///
    /// False when it could not be announced: it is read again.
    func readAlone(_ message: Message, of index: Int, notAfter: EventTime) throws -> Bool {
        if message.offset == sources[index].attempt?.killer, message.offset != sources[index].announced {
            bury(message, of: index)
            return true
        }
        // What waited before is not this record's doing.
        engine.takeUpDeferred()
        while engine.hasBacklog, !isDisplaced {
            judgeBacklog()
            try commit(within: .seconds(15))
        }
        guard try announce(message.offset, of: index) else { return false }
        try read(message, of: index, notAfter: notAfter)
        engine.takeUpDeferred()
        while engine.hasBacklog { judgeBacklog() }
        return true
    }

    /// Nothing more is there that could have ended a process.
    func noteEnd(of index: Int) {
        sources[index].aloneUntil = 0
        if sources[index].attempt?.place == sources[index].next { sources[index].attempt?.count = 0 }
    }

    private func announce(_ offset: Int64, of index: Int) throws -> Bool {
        if isDisplaced { return false }
        // After an abort it is announced already.
        if sources[index].announced == offset { return true }
        let attempt = sources[index].attempt
        sources[index].attempt = attempt?.announcing(offset)
        shares[sources[index].name.partition]?.isTouched = true
        try commit(within: .seconds(15))
        guard !isDisplaced else {
            sources[index].attempt = attempt
            return false
        }
        sources[index].announced = offset
        return true
    }

    private func bury(_ message: Message, of index: Int) {
        let name = sources[index].name
        let starts = sources[index].attempt.map { $0.count - 1 } ?? 0
        log.error(
            "record crashed the detector each time; it goes to the dead letters",
            [
                "topic": .text(name.topic), "partition": .number(Int(name.partition)),
                "offset": .number(Int(message.offset)), "starts": .number(starts),
                "dead_letters": .text(configuration.topics.deadLetters),
            ]
        )
        noteChange()
        shares[name.partition]?.isTouched = true
        deadLetters.append(
            DeadLetterMessage(
                lost: LostRecord(
                    DeadLetter(
                        reason: .crash,
                        text:
                            "the detector was started \(starts) times without getting past this record, and ended "
                            + "\(Attempt.accidents) times while it processed it alone",
                        recordIndex: 0,
                        bytes: message.payload ?? UnsafeRawBufferPointer(start: nil, count: 0),
                        byteOffset: 0,
                        account: account(of: message)
                    )
                ),
                place: MessagePlace(message, in: name)
            )
        )
        count(in: name.partition) { $0.deadLettered += 1 }
    }

    /// Commits what is done, and that this process ends in order or hands its partitions on: what it began was no crash.
    func endAttempts() throws {
        isEnding = true
        defer { isEnding = false }
        for source in sources where attempt(of: source) != source.recordedAttempt {
            shares[source.name.partition]?.isTouched = true
        }
        try commit(within: .seconds(2))
    }

    /// This run ends with a failure that it names, which is no crash either.
    func abandon() {
        guard !judged.isEmpty else { return }
        rollback()
        do { try endAttempts() } catch { log.debug("cannot commit at the end", ["cause": .text("\(error)")]) }
        // Nothing more is said when the group is left.
        rollback()
        judge([])
    }

    /// What the next transaction makes of a source's attempt.
    func attempt(of source: Source) -> Attempt? {
        let attempt = source.attempt?.advanced(to: source.next, isAlone: source.isAlone)
        guard isEnding else { return attempt }
        return attempt.map { $0.ended(hasAnnounced: $0.announced == source.announced) }
    }
}
