import Configuration
import Kafka

/// Restoring the state of some partitions, step by step.
struct StateRestore {
    enum Step: Equatable {
        /// The group's offsets first: a transaction that could still move them is waited for.
        case offsets
        /// Then where the changelog ends, so that what those offsets promise stands before it.
        case changelog
        /// What a snapshot holds of it.
        case snapshot
        /// Reading to there.
        case entries
        /// Then the catalogue, to its present end.
        case catalogue
        /// A producer that works, and offsets for the partitions that have none.
        case producer
    }

    let partitions: Set<Int32>
    let begun: ContinuousClock.Instant
    var step = Step.offsets
    var groupOffsets: [TopicPartition: Int64] = [:]
    /// Partitions of the changelog that are not read yet, and where they end.
    var waiting: [Int32: Int64] = [:]
    /// Those that are, and where they ended.
    var read: [Int32: Int64] = [:]
    /// Since when what was read lacks what the group's offsets promise, and when the end is asked for again.
    private var lackingSince: ContinuousClock.Instant?
    private var nextQuery: ContinuousClock.Instant?
    var catalogueEnds: [Int32: Int64] = [:]
    var entries = 0
    /// Where reading begins, and where the logs do.
    var starts: [Int32: Int64] = [:]
    var lows: [Int32: Int64] = [:]
    /// Parts of a snapshot that are being taken back; those that are or were; and those in whose changelog its mark stands.
    var loads: [Int32: SnapshotLoad] = [:]
    var fromSnapshot: Set<Int32> = []
    var marked: Set<Int32> = []
    var snapshotEntries = 0
    /// When the log was last told how far it is, and of which step.
    private var logged: (at: ContinuousClock.Instant, step: Step?)

    /// How long the changelog may lack what the group's offsets promise, before they are taken for moved by hand:
    /// longer than a broker that comes back takes to learn who leads.
    private static let patience = Duration.seconds(10)
    private static let queryInterval = Duration.milliseconds(200)

    init(_ partitions: Set<Int32>, now: ContinuousClock.Instant) {
        (self.partitions, begun, logged) = (partitions, now, (now, nil))
    }

    func concerns(_ source: Source) -> Bool { partitions.contains(source.name.partition) }

    /// The partitions of the state's topic.
    func changelog(_ topic: String) -> [TopicPartition] {
        partitions.sorted().map { TopicPartition(topic, $0) }
    }

    /// Takes what was read of the changelog.
    mutating func note(entries count: Int, ends: [Int32: Int64]) {
        entries += count
        for (partition, end) in ends {
            guard let target = waiting[partition], end >= target else { continue }
            waiting[partition] = nil
            read[partition] = target
        }
    }

    /// What is to be done about a state that lacks what the group's offsets promise.
    enum Patience {
        case waits
        case asksAgain
        case isOver
    }

    mutating func patience(_ now: ContinuousClock.Instant) -> Patience {
        let since = lackingSince ?? now
        lackingSince = since
        if now - since >= Self.patience { return .isOver }
        guard now >= nextQuery ?? now else { return .waits }
        nextQuery = now + Self.queryInterval
        return .asksAgain
    }

    /// Whether the log is to be told how far it is: once a second, and of each step.
    mutating func isLogDue(_ now: ContinuousClock.Instant) -> Bool {
        guard logged.step != step || now - logged.at >= .seconds(1) else { return false }
        logged = (now, step)
        return true
    }

    /// For the log.
    var words: String {
        switch step {
        case .offsets: "restoring state: querying committed offsets"
        case .changelog: "restoring state: querying log end offsets of the changelog"
        case .snapshot: "restoring state: \(snapshotEntries) things of the snapshot so far"
        case .entries: "restoring state: \(entries) entries so far"
        case .catalogue: "restoring state: reading the catalogue"
        case .producer: "restoring state: waiting for the producer"
        }
    }
}

// What has not come yet.

extension DetectorCore {
    /// What is waited for; nil when nothing is.
    var lacking: String? {
        if case .restoring(let restore) = phase { lacking(restore) } else { nil }
    }

    func lacking(_ restore: StateRestore) -> String? {
        switch restore.step {
        case .entries:
            guard let (partition, end) = restore.waiting.min(by: { $0.key < $1.key }) else {
                return lackingOffset(restore)
            }
            let name = TopicPartition(configuration.topics.state, partition).name
            return "\(name) up to offset \(end), \(restore.entries) entries so far"
        case .catalogue: return catalogue.lacking(restore.catalogueEnds)
        default: return nil
        }
    }

    private func lackingOffset(_ restore: StateRestore) -> String? {
        guard let source = lackingSource(restore), let offset = restore.groupOffsets[source.name] else {
            return nil
        }
        let state = TopicPartition(configuration.topics.state, source.name.partition).name
        return "\(state) to hold the committed offset \(offset) of \(source.name.name)"
    }

    /// A source whose committed offset the state does not hold.
    ///
    /// Each transaction writes both, so that the state's offset is never behind the group's, unless somebody moves that,
    /// or a leader of before has told where the changelog ends: one that was frozen or cut off tells the end of before.
    func lackingSource(_ restore: StateRestore) -> Source? {
        sources.first { source in
            guard restore.concerns(source), let offset = restore.groupOffsets[source.name] else {
                return false
            }
            return states[source.name.partition]?.positions[source.name] ?? 0 < offset
        }
    }

    func logMoved(_ source: Source, _ restore: StateRestore) {
        let known = states[source.name.partition]?.positions[source.name]
        log.warning(
            "committed offset is ahead of the state: it was moved by hand, or the state topic has lost records",
            source.name.fields + [
                "committed_offset": .number(Int(restore.groupOffsets[source.name] ?? 0)),
                "state_offset": .text(known.map { "\($0)" } ?? "none"),
                "state_topic": .text(configuration.topics.state),
            ]
        )
    }
}
