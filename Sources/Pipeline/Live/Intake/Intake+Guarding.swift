import CloudTrail
import Configuration
import Kafka

// A message that ends the process, by a trap, a full stack or all the memory there is, would end the next one too. The
// metadata of the committed offsets tells how often reading began there, and which message was read alone.

extension Attempt {
    /// As the metadata of a committed offset; empty when nothing is suspected.
    var metadata: String {
        count == 0 ? "" : String(decoding: LedgerEntry.attempt(Self.anywhere, self).value, as: UTF8.self)
    }

    /// From the metadata of a committed offset; nil when it is none, whoever wrote it.
    init?(metadata: String) {
        let (key, value) = (
            LedgerEntry.attempt(Self.anywhere, Attempt(place: 0, process: 0)).key, Array(metadata.utf8)
        )
        let entry = key.withUnsafeBytes { key in
            value.withUnsafeBytes { LedgerEntry(key: key, value: $0) }
        }
        guard case .attempt(_, let attempt) = entry else { return nil }
        self = attempt
    }

    /// Beside an offset no partition has to be named.
    private static let anywhere = TopicPartition("", 0)

    /// How many messages the intake reads between two commits, and how many from the place on are suspected.
    ///
    /// Between two ordinary commits it may read a million. The first suspicious start finds the thousand in which the
    /// process ends, the second one the thirty-two of them, and from the third on messages are read one at a time.
    var step: (messages: Int, reach: Int) {
        switch count - Self.accidents {
        case ...1: (1 << 10, 1 << 21)
        case 2: (1 << 5, 1 << 10)
        default: (1, 1 << 5)
        }
    }
}

extension Intake {
    /// Begins with partitions whose committed offsets are known, and writes that down before any message is read.
    ///
    /// False when it could not be written down yet.
    func begin(_ indices: [Int], after committed: [TopicPartition: CommittedOffset?]) throws -> Bool {
        for index in indices {
            let partition = partitions[index]
            let last = committed[partition.name].flatMap(\.self).flatMap { Attempt(metadata: $0.metadata) }
            partitions[index].poisonGuard.begin(at: partition.next, after: last, process: process) {
                $0.step.reach
            }
        }
        do {
            guard try write(indices.map { ($0, partitions[$0].next) }) else { return false }
        } catch let failure as RunFailure {
            // Who may not commit may not read either, and reading says so in plainer words.
            log.debug("cannot commit input offsets", ["cause": .text("\(failure)")])
        }
        for index in indices {
            let (partition, poisonGuard) = (partitions[index], partitions[index].poisonGuard)
            guard poisonGuard.isSuspected(partition.next), let attempt = poisonGuard.attempt else { continue }
            log.suspects(
                partition.name,
                at: partition.next,
                "intake",
                after: poisonGuard.crashes,
                step: attempt.step.messages
            )
        }
        return true
    }

    /// Reads a message that is suspected; false when it has to be read again.
    func readSuspected(_ message: Message, of index: Int) throws -> Bool {
        let step = partitions[index].poisonGuard.attempt?.step.messages ?? 1
        guard step == 1 else {
            guard try read(message, of: index) else { return false }
            partitions[index].next = message.offset + 1
            if partitions[index].next - partitions[index].committed >= step { try commit(isPushed: true) }
            return true
        }
        if partitions[index].poisonGuard.isPoison(message.offset) {
            try deadLetter(message, of: index)
        } else {
            guard try announce(message.offset, of: index), try read(message, of: index) else { return false }
        }
        partitions[index].next = message.offset + 1
        // So that the next crash is not this message's.
        try commit(isPushed: true)
        return true
    }

    /// Announces a message with everything before it committed.
    private func announce(_ offset: Int64, of index: Int) throws -> Bool {
        if partitions[index].poisonGuard.announced == offset { return true }
        partitions[index].poisonGuard.announce(offset)
        guard try commit(isPushed: true) else {
            partitions[index].poisonGuard.rollback()
            partitions.needsSeek = true
            return false
        }
        return true
    }

    private func deadLetter(_ message: Message, of index: Int) throws {
        let crashes = partitions[index].poisonGuard.crashes
        let letter = DeadLetterMessage.crash(message, in: partitions[index].name, "intake", after: crashes)
        log.crashed(letter, "intake", after: crashes, deadLetters: configuration.topics.deadLetters)
        try output.produce(letter)
        pending.read += 1
        pending.deadLettered += 1
    }

    /// This run ends with a failure that it names, which is no crash.
    func abandon() {
        let places = partitions.compactMap { partition -> CommittedOffset? in
            guard partition.phase != .unplaced, partition.committed >= 0 else { return nil }
            return partition.committedOffset(at: partition.committed, isEnding: true)
        }
        do throws(KafkaError) { try consumer.commit(places, wait: false) } catch {
            log.debug("cannot commit at the end", ["cause": .text("\(error)")])
        }
    }

    /// Commits places of partitions with what that makes of their attempts; false when it has to be tried again.
    func write(_ places: [(index: Int, place: Int64)], isEnding: Bool = false) throws -> Bool {
        do throws(KafkaError) {
            try consumer.commit(
                places.map { partitions[$0.index].committedOffset(at: $0.place, isEnding: isEnding) }
            )
        } catch {
            if Trouble.isPermanent(error) { throw Trouble.failure(error) }
            // The group is about to change, or a broker is away: what is not committed is read again by whoever
            // owns it then, or committed next time.
            log.debug(
                "cannot commit input offsets; the next commit carries them",
                ["cause": .text("\(error)")]
            )
            return false
        }
        for (index, place) in places {
            partitions[index].poisonGuard.commit(at: place, isEnding: isEnding)
            partitions[index].committed = place
            partitions[index].isReset = false
        }
        return true
    }
}

extension InputPartition {
    /// A place of it as the group keeps it.
    func committedOffset(at place: Int64, isEnding: Bool) -> CommittedOffset {
        let attempt = poisonGuard.attempt(at: place, isEnding: isEnding)
        return CommittedOffset(name, place, metadata: attempt?.metadata ?? "")
    }

    /// Whether a commit would say more than the last one.
    func isUncommitted(isEnding: Bool) -> Bool {
        next > committed || isReset || poisonGuard.isChanged(at: next, isEnding: isEnding)
    }
}
