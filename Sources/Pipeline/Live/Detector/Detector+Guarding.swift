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
            sources[index].poisonGuard.begin(at: next, after: last, process: process) { _ in
                // As far as the transactions reached that were never committed.
                configuration.detector.commitRecords + Self.batchMessages
            }
            guard sources[index].isNextSuspected else { continue }
            log.suspects(name, at: next, "detector", after: sources[index].poisonGuard.crashes, step: 1)
        }
    }

    /// Processes one record alone: announced first, with all that it leads to; the one that ended the process is a dead
    /// letter.
    ///
    /// False when it could not be announced: it is read again.
    func readAlone(_ message: Message, of index: Int, notAfter: EventTime) throws -> Bool {
        if sources[index].poisonGuard.isPoison(message.offset) {
            bury(message, of: index)
            return true
        }
        // What waited before is not this record's doing.
        engine.takeUpDeferred()
        while engine.hasBacklog, !sources.needsSeek {
            judgeBacklog()
            try commit(within: .seconds(15))
        }
        guard try announce(message.offset, of: index) else { return false }
        try read(message, of: index, notAfter: notAfter)
        engine.takeUpDeferred()
        while engine.hasBacklog { judgeBacklog() }
        return true
    }

    private func announce(_ offset: Int64, of index: Int) throws -> Bool {
        if sources.needsSeek { return false }
        // After an abort it is announced already.
        if sources[index].poisonGuard.announced == offset { return true }
        sources[index].poisonGuard.announce(offset)
        shares[sources[index].name.partition]?.isTouched = true
        try commit(within: .seconds(15))
        return !sources.needsSeek
    }

    private func bury(_ message: Message, of index: Int) {
        let name = sources[index].name
        let crashes = sources[index].poisonGuard.crashes
        let letter = DeadLetterMessage.crash(
            message,
            in: name,
            "detector",
            after: crashes,
            account: account(of: message)
        )
        log.crashed(letter, "detector", after: crashes, deadLetters: configuration.topics.deadLetters)
        noteChange()
        shares[name.partition]?.isTouched = true
        pending.append(letter)
        count(in: name.partition) { $0.deadLettered += 1 }
    }

    /// Commits what is done, and that this process ends in order or hands its partitions on: what it began was no crash.
    func endAttempts() throws {
        isEnding = true
        defer { isEnding = false }
        for source in sources where source.poisonGuard.isChanged(at: source.next, isEnding: true) {
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
}
