import CloudTrail
import Configuration
import Kafka
import TestSupport
import Testing

@testable import Detection
@testable import Pipeline

/// What Kafka would hold of a group of detectors: records, changelog, catalogue, offsets, and the alerts so far.
struct SimulatedTopics {
    /// A message of the changelog or of the catalogue.
    struct Entry {
        let key: ArraySlice<UInt8>
        let value: ArraySlice<UInt8>?
        /// The process that has written it.
        let writer: Int

        /// Lends it as it would come from a topic.
        func read(
            _ topic: String,
            _ partition: Int32,
            at offset: Int = 0,
            _ body: (StateMessage) throws -> Void
        ) rethrows {
            func message(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) -> StateMessage {
                StateMessage(
                    topic: topic,
                    partition: partition,
                    offset: Int64(offset),
                    key: key,
                    value: value
                )
            }
            try key.withUnsafeBytes { key in
                guard let value else { return try body(message(key, nil)) }
                try value.withUnsafeBytes { try body(message(key, $0)) }
            }
        }
    }

    /// One partition.
    struct Partition {
        var records: [Record] = []
        /// How many of them have come.
        var end = 0
        /// The group's committed offset.
        var committed: Int64?
        /// What stands under each offset; nothing where compaction has been.
        var changelog: [Entry?] = []
        /// The offsets of the records that became dead letters.
        var deadLetters: Set<Int64> = []
        /// Whether the offsets were taken back by hand.
        var isReset = false
        /// A record that ends each process that reads it.
        var poison: Int?
    }

    static let events = "events"
    static func event(_ partition: Int32) -> TopicPartition { TopicPartition(events, partition) }

    let layout: TopicLayout
    let partitioner: Partitioner
    var partitions: [Partition]
    private(set) var catalogue: [Entry] = []
    private(set) var ledger = Ledger()
    /// A transaction that nobody has ended yet: neither visible nor gone.
    private var open: (transaction: Transaction, writer: Int)?

    /// Records in the order in which they came, each on its account's partition.
    init(_ records: [Record], partitions count: Int) {
        let names = (0..<Int32(count)).map(Self.event)
        layout = TopicLayout(
            accountPartitions: count,
            cataloguePartitions: 1,
            input: [],
            records: names,
            published: []
        )
        partitioner = Partitioner(count: count)
        partitions = Array(repeating: Partition(), count: count)
        for record in records {
            partitions[Int(partitioner.partition(of: record.account))].records.append(record)
        }
    }

    /// Whether all records have come.
    var isComplete: Bool { partitions.allSatisfy { $0.end == $0.records.count } }

    /// A few records come.
    mutating func arrive(_ random: inout SplitMix64) {
        for index in partitions.indices {
            let rest = partitions[index].records.count - partitions[index].end
            partitions[index].end += min(rest, Int.random(in: 0...3, using: &random))
        }
    }

    /// Makes one record end each process that reads it.
    mutating func poison(_ random: inout SplitMix64) {
        let partition = Int.random(in: 0..<partitions.count, using: &random)
        partitions[partition].poison = partitions[partition].records.indices.randomElement(using: &random)
    }

    /// Somebody else tells how far time has come.
    mutating func publish(_ watermark: Watermark) {
        catalogue.append(Entry(key: watermark.key[...], value: watermark.value[...], writer: 0))
    }

    /// An operator resets the group's offsets, or they expire.
    mutating func moveOffsets(_ random: inout SplitMix64) {
        // What a poison record would become once more is another question.
        guard partitions.allSatisfy({ $0.poison == nil }) else { return }
        for index in partitions.indices where random.chance(10) {
            let isReset = random.chance(50)
            partitions[index].committed = isReset ? 0 : nil
            if isReset { partitions[index].isReset = true }
        }
    }

    /// Whether somebody has left a transaction open.
    var hasOpenTransaction: Bool { open != nil }

    /// Keeps a transaction whose producer is about to end it.
    mutating func leaveOpen(_ transaction: Transaction, writer: Int) { open = (transaction, writer) }

    /// The end of the open transaction arrives: it is visible.
    mutating func endOpenTransaction() {
        guard let (transaction, writer) = open else { return }
        open = nil
        append(transaction, writer: writer)
    }

    /// Makes one transaction visible.
    mutating func append(_ transaction: Transaction, writer: Int) {
        ledger.take(transaction.alerts, "")
        let fenced = Set(transaction.positions.map(\.partition.partition))
        for entry in transaction.entries {
            #expect(fenced.contains(entry.partition), "what is written is fenced")
            let stored = Entry(key: entry.key, value: entry.value, writer: writer)
            switch entry.store {
            case .state: partitions[Int(entry.partition)].changelog.append(stored)
            case .catalogue: catalogue.append(stored)
            }
        }
        for position in transaction.positions {
            partitions[Int(position.partition.partition)].committed = Int64(position.scope)
        }
        for letter in transaction.deadLetters {
            let partition = Int(letter.position.partition.partition)
            let isNew = partitions[partition].deadLetters.insert(letter.position.offset).inserted
            #expect(isNew, "a record becomes one dead letter")
        }
    }

    /// Removes what a later entry of the same key replaces.
    mutating func compact(_ partition: Int) {
        var known: Set<ArraySlice<UInt8>> = []
        for offset in partitions[partition].changelog.indices.reversed() {
            guard let entry = partitions[partition].changelog[offset] else { continue }
            if !known.insert(entry.key).inserted { partitions[partition].changelog[offset] = nil }
        }
    }

    /// Forgets what was said to be gone, as long ago as `delete.retention.ms` says.
    mutating func purge() {
        for partition in partitions.indices {
            compact(partition)
            for offset in partitions[partition].changelog.indices
            where partitions[partition].changelog[offset]?.value == nil {
                partitions[partition].changelog[offset] = nil
            }
        }
    }

    /// The records that did not become dead letters.
    var processed: [Record] {
        partitions.flatMap { partition in
            partition.records.enumerated().filter { !partition.deadLetters.contains(Int64($0.offset)) }
                .map(\.element)
        }
    }

    /// What a detector of some partitions knows that has read everything, and what was counted in them.
    func restored(
        _ owned: Set<Int32>,
        policy: Policy,
        settings: Engine.Settings
    ) throws -> (engine: Engine, totals: [Int32: DetectorBalance]) {
        var engine = Engine(policy: policy, settings: settings)
        var totals: [Int32: DetectorBalance] = [:]
        for partition in owned {
            for case let entry? in partitions[Int(partition)].changelog {
                try entry.read("state", partition) {
                    if case .totals(let balance) = try engine.restore($0) { totals[partition] = balance }
                }
            }
        }
        for entry in catalogue { try entry.read("catalogue", 0) { _ = try engine.restore($0) } }
        return (engine, totals)
    }
}

extension PartitionOffset {
    /// The offset as a number; -1 where it is none.
    var scope: Int { if case .at(let offset) = offset { Int(offset) } else { -1 } }
}
