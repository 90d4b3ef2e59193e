import CloudTrail
import Kafka

/// What the log says of dead letters: of each reason the first at once, then once a minute how many more there were.
///
/// A letter is logged when it is delivered or committed, so that what is read again is not logged twice.
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
    private var unlogged: [DeadLetter.Reason: Group] = [:]
    private var loggedAt: [DeadLetter.Reason: ContinuousClock.Instant] = [:]
    /// Records of letters on their way, by reason.
    private var pendingCounts: [DeadLetter.Reason: Int] = [:]
    /// Records of letters that have arrived, by reason.
    private(set) var counts: [DeadLetter.Reason: Int] = [:]

    /// Logs what a role (intake or detector) writes to a topic.
    init(_ role: String, writingTo topic: String, _ log: RunLog) {
        (self.role, self.topic, self.log) = (role, topic, log)
    }

    /// Notes a letter that is on its way.
    mutating func note(_ letter: DeadLetterMessage) {
        pendingCounts[letter.lost.reason, default: 0] += letter.lost.count
        // Of these each has a line of its own.
        guard letter.lost.reason != .crash else { return }
        add(
            Group(message: letter.lost.text, position: letter.position, count: letter.lost.count),
            letter.lost.reason,
            to: &pending
        )
    }

    /// The letters on their way did not arrive.
    mutating func discard() {
        pending.removeAll()
        pendingCounts.removeAll()
    }

    /// The letters on their way have arrived.
    mutating func commit() {
        for (reason, group) in pending { add(group, reason, to: &unlogged) }
        pending.removeAll()
        counts.merge(pendingCounts, uniquingKeysWith: +)
        pendingCounts.removeAll()
        logDue()
    }

    /// Logs what is due; costs nothing when nothing waits.
    mutating func logDue() {
        guard !unlogged.isEmpty else { return }
        let now = ContinuousClock.now
        logGroups { last in last.map { now - $0 >= Self.interval } ?? true }
    }

    /// Logs what is left, at the end.
    mutating func finish() { logGroups { _ in true } }

    private mutating func logGroups(where isDue: (ContinuousClock.Instant?) -> Bool) {
        for (reason, group) in unlogged.sorted(by: { $0.key.rawValue < $1.key.rawValue })
        where isDue(loggedAt[reason]) {
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
            loggedAt[reason] = .now
            unlogged[reason] = nil
        }
    }

    private func add(_ group: Group, _ reason: DeadLetter.Reason, to groups: inout [DeadLetter.Reason: Group])
    {
        groups[reason, default: Group(message: group.message, position: group.position, count: 0)].count +=
            group.count
    }
}
