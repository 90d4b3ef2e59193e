import CloudTrail
import Kafka

/// What the log says of dead letters: of each reason the first at once, then once a minute how many more there were.
///
/// A letter is told when it is delivered or committed, so that what is read again is not told twice.
struct DeadLetterLog {
    private static let interval = Duration.seconds(60)

    /// Letters of one reason, of which the first one is named.
    private struct Group {
        let message: String
        let position: MessagePosition
        var count: Int
    }

    private let role: String
    private let topic: String
    private let log: RunLog
    /// What is not delivered or committed yet.
    private var pending: [DeadLetter.Reason: Group] = [:]
    private var untold: [DeadLetter.Reason: Group] = [:]
    private var toldAt: [DeadLetter.Reason: ContinuousClock.Instant] = [:]

    /// Tells what a role (intake or detector) writes to a topic.
    init(_ role: String, writingTo topic: String, _ log: RunLog) {
        (self.role, self.topic, self.log) = (role, topic, log)
    }

    /// Takes a letter that is on its way.
    mutating func note(_ letter: DeadLetterMessage) {
        // Of these each has a line of its own.
        guard letter.lost.reason != .crash else { return }
        add(
            Group(message: letter.lost.text, position: letter.position, count: letter.lost.count),
            letter.lost.reason,
            to: &pending
        )
    }

    /// The letters on their way did not arrive.
    mutating func discard() { pending.removeAll() }

    /// The letters on their way have arrived.
    mutating func commit() {
        for (reason, group) in pending { add(group, reason, to: &untold) }
        pending.removeAll()
        logDue()
    }

    /// Says what is due; costs nothing when nothing waits.
    mutating func logDue() {
        guard !untold.isEmpty else { return }
        let now = ContinuousClock.now
        logGroups { told in told.map { now - $0 >= Self.interval } ?? true }
    }

    /// Says what is left, at the end.
    mutating func finish() { logGroups { _ in true } }

    private mutating func logGroups(where isDue: (ContinuousClock.Instant?) -> Bool) {
        for (reason, group) in untold.sorted(by: { $0.key.rawValue < $1.key.rawValue })
        where isDue(toldAt[reason]) {
            log.warning(
                group.count == 1
                    ? "cannot read a record; it is in the dead-letter topic"
                    : "cannot read records; they are in the dead-letter topic, and the first is named here",
                [
                    "role": .text(role), "reason": .text(reason.rawValue), "cause": .text(group.message),
                    "count": .number(group.count), "topic": .text(group.position.partition.topic),
                    "partition": .number(Int(group.position.partition.partition)),
                    "offset": .number(Int(group.position.offset)), "dead_letters": .text(topic),
                ]
            )
            toldAt[reason] = .now
            untold[reason] = nil
        }
    }

    private func add(_ group: Group, _ reason: DeadLetter.Reason, to groups: inout [DeadLetter.Reason: Group])
    {
        groups[reason, default: Group(message: group.message, position: group.position, count: 0)].count +=
            group.count
    }
}
