import CloudTrail
import Detection
import Kafka

/// What was done since the last commit: the next transaction carries it, or it is taken back.
struct PendingTransaction {
    var alerts: [Alert] = []
    private(set) var deadLetters: [DeadLetterMessage] = []
    /// What the log says of them.
    var deadLetterLog: DeadLetterLog
    private(set) var recordCount = 0
    /// When the messages were produced, in milliseconds since 1970.
    private(set) var produced: [Int64] = []
    /// When the first change was made; nil when there is none.
    private(set) var since: ContinuousClock.Instant?
    private var rate = RecordRate()
    /// The transaction that is being written.
    var transaction: Transaction?

    init(_ log: DeadLetterLog) { deadLetterLog = log }

    /// Something has changed that a commit makes last.
    mutating func noteChange(at now: ContinuousClock.Instant) {
        guard since == nil else { return }
        since = now
        rate.measure(at: now)
    }

    mutating func append(_ letter: DeadLetterMessage) { deadLetters.append(letter) }

    mutating func noteProduced(at time: Int64) { produced.append(time) }

    mutating func countRecords(_ count: Int) {
        recordCount += count
        rate.records += count
    }

    /// How long to wait for the next record before this counts as a pause.
    var pause: Duration { since == nil || rate.isHigh ? .milliseconds(10) : .milliseconds(1) }

    /// Whether it is to be committed: in a pause, after a number of records, or after some time.
    ///
    /// A transaction costs the same whatever it carries. While records come fast it waits ten times as long, for a
    /// pause does not tell that no more come.
    func isDue(
        isIdle: Bool,
        now: ContinuousClock.Instant,
        records limit: Int,
        interval: Duration
    ) -> Bool {
        guard let since else { return false }
        if recordCount >= limit { return true }
        return rate.isHigh ? now - since >= interval * 10 : isIdle || now - since >= interval
    }

    /// It is committed.
    mutating func commit() {
        for letter in deadLetters { deadLetterLog.note(letter) }
        deadLetterLog.commit()
        removeAll()
    }

    /// It is taken back.
    mutating func removeAll() {
        alerts.removeAll(keepingCapacity: true)
        deadLetters.removeAll(keepingCapacity: true)
        produced.removeAll(keepingCapacity: true)
        recordCount = 0
        since = nil
        transaction = nil
    }
}

/// How fast records come.
struct RecordRate {
    /// Since it was last measured.
    var records = 0
    private(set) var isHigh = false
    private var since: ContinuousClock.Instant?

    /// More records a second than this make many transactions cost more than their speed is worth.
    private static let high = 2000
    private static let shortest = Duration.milliseconds(100)

    mutating func measure(at now: ContinuousClock.Instant) {
        let elapsed = since.map { now - $0 } ?? .zero
        guard since == nil || elapsed >= Self.shortest else { return }
        isHigh = elapsed > .zero && .seconds(1) * records > elapsed * Self.high
        (since, records) = (now, 0)
    }
}

struct Transaction {
    /// A change of the state or the catalogue.
    struct Entry {
        let store: StateEntry.Store
        /// The partition of the account that it belongs to.
        let partition: Int32
        let key: ArraySlice<UInt8>
        let value: ArraySlice<UInt8>?

        init(
            _ store: StateEntry.Store,
            _ partition: Int32,
            key: ArraySlice<UInt8>,
            value: ArraySlice<UInt8>?
        ) {
            (self.store, self.partition) = (store, partition)
            (self.key, self.value) = (key, value)
        }
    }

    var alerts: [Alert] = []
    /// Findings that were published, and are kept no more.
    var forgotten: [FindingIdentity] = []
    var deadLetters: [DeadLetterMessage] = []
    var entries: [Entry] = []
    var watermarks: [TopicPartition: EventTime] = [:]
    /// Of every partition that was read from or written for: the fence against another owner.
    var positions: [PartitionOffset] = []
    /// The partitions whose restored state is evaluated and published with it.
    var reconciled: Set<Int32>?
    /// Whether it carries the marks of a snapshot, which begins when it is committed.
    var beginsSnapshot = false
    /// The partitions of which everything is judged by the policy in force, once it is visible.
    var judged: Set<Int32> = []
    /// Whether it is this process's last for its partitions.
    let isEnding: Bool
    /// By which all of it was judged.
    let streamTime: EventTime

    init(isEnding: Bool, streamTime: EventTime) { (self.isEnding, self.streamTime) = (isEnding, streamTime) }

    /// What the entries take: keys and values.
    var entryBytes: Int { entries.reduce(0) { $0 + $1.key.count + ($1.value?.count ?? 0) } }
}

extension RunLog {
    /// A transaction is visible.
    func committed(_ transaction: Transaction, records: Int, begun: ContinuousClock.Instant) {
        debug(
            "transaction committed",
            [
                "records": .number(records), "alerts": .number(transaction.alerts.count),
                "state_and_catalogue_entries": .number(transaction.entries.count),
                "bytes": .number(transaction.entryBytes),
                "dead_letters": .number(transaction.deadLetters.count),
                "offsets": .texts(transaction.positions.map { "\($0.partition.name)=\($0.number)" }),
                "milliseconds": .number(begun.milliseconds),
            ]
        )
    }

    /// The producer was fenced, or nobody knows what became of its transaction: what stands in the log decides.
    func unknownOutcome(_ error: KafkaError, _ cause: String, _ transactionalID: String) {
        if error.code == .fenced {
            warning(
                "transactional id was taken over by another process; restoring state: no two workers may have the "
                    + "same instance_id",
                ["transactional_id": .text(transactionalID)]
            )
        } else {
            warning("outcome of the transaction is unknown; restoring state", ["cause": .text(cause)])
        }
    }
}
