import Kafka

/// How far the catalogue is read: all its partitions, from their beginnings.
struct CatalogueReader {
    private let topic: String
    /// The next message of each partition.
    private var next: [Int32: Int64] = [:]
    /// The same at the last commit.
    private var committed: [Int32: Int64] = [:]
    /// Partitions that are read to their ends.
    private var atEnd: Set<Int32> = []
    /// Whether reading has to go back to the own offsets; until then nothing that comes is taken.
    var needsSeek = false

    init(topic: String) { self.topic = topic }

    /// Begins with all partitions, at their beginnings.
    mutating func begin(_ partitions: some Sequence<Int32>) {
        for partition in partitions { next[partition] = 0 }
        committed = next
    }

    /// Begins with all partitions, behind what a snapshot holds.
    mutating func begin(at offsets: [Int32: Int64]) {
        next = offsets
        committed = next
    }

    /// Whether a message is new; then it counts as read.
    mutating func takes(_ partition: Int32, _ offset: Int64) -> Bool {
        guard offset >= self.offset(of: partition) else { return false }
        next[partition] = offset + 1
        atEnd.remove(partition)
        return true
    }

    mutating func noteEnd(_ partition: Int32, _ offset: Int64) {
        next[partition] = max(self.offset(of: partition), offset)
        atEnd.insert(partition)
    }

    /// The offset of the next message.
    func offset(of partition: Int32) -> Int64 { next[partition] ?? 0 }

    /// Where reading goes on.
    var positions: [PartitionOffset] { next.map { PartitionOffset(topic, $0.key, $0.value) } }

    /// Whether it is read to some ends.
    func hasReached(_ ends: [Int32: Int64]) -> Bool { ends.allSatisfy { offset(of: $0.key) >= $0.value } }

    /// What has not come yet up to some ends, for the log; nil when all has.
    func lacking(_ ends: [Int32: Int64]) -> String? {
        let lacking = ends.filter { offset(of: $0.key) < $0.value }.min { $0.key < $1.key }
        return lacking.map {
            "\(TopicPartition(topic, $0.key).name) up to offset \($0.value), at \(offset(of: $0.key))"
        }
    }

    /// Whether so many partitions are read to their ends.
    func isAtEnd(of count: Int) -> Bool { atEnd.count == count }

    /// Looks for the ends once more.
    mutating func lookForEnds() {
        atEnd.removeAll()
        needsSeek = true
    }

    /// Goes on at another offset, because the messages before it are gone.
    mutating func skip(_ partition: Int32, to offset: Int64) {
        next[partition] = offset
        committed[partition] = offset
    }

    /// What was read is committed, or has changed nothing that an abort would take back.
    mutating func commit() { committed = next }

    /// Goes back to the last commit.
    mutating func rollback() {
        next = committed
        lookForEnds()
    }
}
