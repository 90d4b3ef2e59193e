import CloudTrail
import Detection
import Kafka

/// What was done since the last commit: the next transaction carries it, or it is taken back.
struct PendingTransaction {
    var alerts: [Alert] = []
    private(set) var deadLetters: [DeadLetterMessage] = []
    /// Records that were read.
    private(set) var recordCount = 0
    /// When the first change was made; nil when there is none.
    private(set) var since: ContinuousClock.Instant?

    /// Something has changed that a commit makes last.
    mutating func noteChange(at now: ContinuousClock.Instant) { if since == nil { since = now } }

    mutating func append(_ letter: DeadLetterMessage) { deadLetters.append(letter) }

    mutating func countRecords(_ count: Int) { recordCount += count }

    /// Whether it is to be committed: in a pause, after a number of records, or after some time.
    func isDue(
        isIdle: Bool,
        now: ContinuousClock.Instant,
        records limit: Int,
        interval: Duration
    ) -> Bool {
        guard let since else { return false }
        return isIdle || recordCount >= limit || now - since >= interval
    }

    /// It is committed, or taken back.
    mutating func removeAll() {
        alerts.removeAll(keepingCapacity: true)
        deadLetters.removeAll(keepingCapacity: true)
        recordCount = 0
        since = nil
    }
}

/// What one transaction carries.
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
    var deadLetters: [DeadLetterMessage] = []
    var entries: [Entry] = []
    /// The watermarks that are published with it.
    var watermarks: [TopicPartition: EventTime] = [:]
    /// Of every partition that was read from or written for: the fence against another owner.
    var positions: [PartitionOffset] = []

    /// What the entries take: keys and values.
    var entryBytes: Int { entries.reduce(0) { $0 + $1.key.count + ($1.value?.count ?? 0) } }
}
