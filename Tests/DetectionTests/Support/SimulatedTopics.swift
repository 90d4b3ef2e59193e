import CloudTrail

@testable import Detection

/// What Kafka would hold of a group of detectors: records, changelog, catalogue, places, and the alerts so far.
struct SimulatedTopics {
    /// A message of the catalogue.
    enum Told {
        case entry(StateEntry, writer: UInt64)
        case time(EventTime)
    }

    /// One partition.
    struct Partition {
        var records: [Record] = []
        /// The group's place.
        var place = 0
        /// What stands under each offset; nothing where compaction has been.
        var changelog: [StateEntry?] = []
    }

    private let divisor: UInt64
    var partitions: [Partition]
    var catalogue: [Told] = []
    var ledger = Ledger()

    /// Records in the order in which they came, each on its account's partition.
    init(_ records: [Record], partitions count: Int, divisor: UInt64) {
        self.divisor = divisor
        partitions = Array(repeating: Partition(), count: count)
        for record in records { partitions[partition(of: record.account)].records.append(record) }
    }

    func partition(of account: AccountID) -> Int {
        Int(account.number / divisor % UInt64(partitions.count))
    }

    /// Removes what a later entry of the same key replaces.
    mutating func compact(_ partition: Int) {
        var known: Set<ArraySlice<UInt8>> = []
        for offset in partitions[partition].changelog.indices.reversed() {
            guard let entry = partitions[partition].changelog[offset] else { continue }
            if !known.insert(entry.key).inserted { partitions[partition].changelog[offset] = nil }
        }
    }

    /// What a detector of some partitions knows that has read everything.
    func restored(_ owned: Set<Int>, policy: Policy, settings: Engine.Settings) throws -> Engine {
        var engine = Engine(policy: policy, settings: settings)
        for partition in owned {
            for case let entry? in partitions[partition].changelog {
                try engine.restore(key: entry.key, value: entry.value)
            }
        }
        for case .entry(let entry, _) in catalogue { try engine.restore(key: entry.key, value: entry.value) }
        return engine
    }
}
