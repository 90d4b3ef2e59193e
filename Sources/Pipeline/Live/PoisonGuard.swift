import CloudTrail
import Kafka

/// Finds the poison record of one partition: the one that has ended each process that read it.
///
/// What of it has to outlive the process is the attempt: the detector keeps it beside its positions, the intake in the
/// metadata of its committed offsets.
struct PoisonGuard {
    /// How often reading has begun where it began.
    private(set) var attempt: Attempt?
    /// What of it is written down.
    private(set) var recorded: Attempt?
    /// The record that this process has announced last.
    private(set) var announced: Int64?
    /// The record that the next commit announces.
    private var announcing: Int64?
    /// Records before this offset are suspected.
    private var suspectedUntil: Int64 = 0

    /// Begins to read at an offset.
    ///
    /// - Parameters:
    ///   - offset: Where.
    ///   - last: What was written down by whoever read there before.
    ///   - process: This process.
    ///   - reach: How many records from there on are suspected, when it is suspicious.
    mutating func begin(at offset: Int64, after last: Attempt?, process: Int, reach: (Attempt) -> Int) {
        let attempt = Attempt(at: offset, after: last, process: process)
        self = PoisonGuard()
        (self.attempt, recorded) = (attempt, last)
        if attempt.isSuspicious { suspectedUntil = offset + Int64(reach(attempt)) }
    }

    /// Whether the record at an offset is suspected, and has to be announced before it is processed.
    func isSuspected(_ offset: Int64) -> Bool { offset < suspectedUntil }

    /// Whether a record has ended so many processes that this one must not try it.
    func isPoison(_ offset: Int64) -> Bool { offset == attempt?.poison && offset != announced }

    /// Starts that ended before this one.
    var crashes: Int { attempt.map { max(0, $0.count - 1) } ?? 0 }

    /// What a commit of an offset makes of the attempt, also the last one of a process that ends in order.
    func attempt(at offset: Int64, isEnding: Bool) -> Attempt? {
        guard var attempt else { return nil }
        if let announcing { attempt = attempt.announcing(announcing) }
        attempt = attempt.advanced(to: offset, isAlone: isSuspected(offset))
        return isEnding ? attempt.ended(hasAnnounced: attempt.announced == announced) : attempt
    }

    /// Whether a commit of an offset would write down something new.
    func isChanged(at offset: Int64, isEnding: Bool) -> Bool {
        attempt(at: offset, isEnding: isEnding) != recorded
    }

    /// The next commit announces a record, which is then processed alone.
    mutating func announce(_ offset: Int64) { announcing = offset }

    /// An offset is committed, and what that made of the attempt is written down.
    mutating func commit(at offset: Int64, isEnding: Bool) {
        attempt = attempt(at: offset, isEnding: isEnding)
        recorded = attempt
        announced = announcing ?? announced
        announcing = nil
    }

    /// What was to be committed was not.
    mutating func rollback() { announcing = nil }

    /// All that is there is read, and nothing of it has ended the process.
    mutating func noteEnd(at offset: Int64) {
        suspectedUntil = 0
        if attempt?.place == offset { attempt?.count = 0 }
    }
}

extension DeadLetterMessage {
    /// A message that ended the process each time that a role (intake or detector) processed it alone.
    static func crash(
        _ message: Message,
        in partition: TopicPartition,
        _ role: String,
        after crashes: Int,
        account: AccountID? = nil
    ) -> DeadLetterMessage {
        let letter = DeadLetter(
            reason: .crash,
            text: "the \(role) was started \(crashes) times without getting past this record, and ended "
                + "\(Attempt.accidents) times while it processed it alone",
            recordIndex: 0,
            bytes: message.payload ?? UnsafeRawBufferPointer(start: nil, count: 0),
            byteOffset: 0,
            account: account
        )
        return DeadLetterMessage(lost: LostRecord(letter), position: MessagePosition(message, in: partition))
    }
}

extension RunLog {
    /// Several processes ended at one place; `step` is how many records a role now takes between two commits.
    func suspects(_ name: TopicPartition, at place: Int64, _ role: String, after crashes: Int, step: Int) {
        warning(
            step == 1
                ? "several starts ended at one committed offset; processing its records one at a time"
                : "several starts ended at one committed offset; committing after few records",
            [
                "role": .text(role), "topic": .text(name.topic), "partition": .number(Int(name.partition)),
                "committed_offset": .number(Int(place)), "starts": .number(crashes),
                "records_per_commit": .number(step),
            ]
        )
    }

    /// A record is put aside that ends the process.
    func crashed(_ letter: DeadLetterMessage, _ role: String, after crashes: Int, deadLetters: String) {
        error(
            "record crashed the \(role) each time; it goes to the dead letters",
            letter.position.partition.fields + [
                "offset": .number(Int(letter.position.offset)), "starts": .number(crashes),
                "dead_letters": .text(deadLetters),
            ]
        )
    }
}
