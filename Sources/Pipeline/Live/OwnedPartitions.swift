import Kafka

/// A partition that a member of a group owns, as intake and detector keep it.
protocol OwnedPartition {
    init(topic: TopicIndex, name: TopicPartition)

    var topic: TopicIndex { get }
    var name: TopicPartition { get }
    /// The offset of the next message to read.
    ///
    /// It is kept here and nowhere else: librdkafka's own loses count at rebalances.
    var next: Int64 { get set }
    /// The offset that was committed last; -1 before it is known.
    var committed: Int64 { get set }
    /// Whether everything there was has been read.
    var isAtEnd: Bool { get set }
    var isConsumed: Bool { get }
    /// Messages that it suspects are read with care.
    var poisonGuard: PoisonGuard { get set }
}

extension OwnedPartition {
    /// Where reading goes on.
    var position: PartitionOffset { PartitionOffset(name, .at(next)) }
}

/// The partitions that a member of a group owns.
struct OwnedPartitions<Partition: OwnedPartition>: RandomAccessCollection, MutableCollection {
    private var partitions: [Partition] = []
    /// Whether the group has given this member its part, which may be nothing.
    private(set) var isAssigned = false
    /// Whether reading has to go back to the partitions' own offsets; until then nothing that comes is taken.
    var needsSeek = false

    var startIndex: Int { 0 }
    var endIndex: Int { partitions.count }

    subscript(index: Int) -> Partition {
        _read { yield partitions[index] }
        _modify { yield &partitions[index] }
    }

    /// Takes partitions over; of those that are owned already nothing is forgotten.
    mutating func assign(_ names: [TopicPartition], topic: (String) -> TopicIndex) {
        isAssigned = true
        needsSeek = true
        for name in names where index(of: name) == nil {
            partitions.append(Partition(topic: topic(name.topic), name: name))
        }
    }

    /// Gives partitions up; the group then says what is owned.
    mutating func giveUp(_ names: [TopicPartition]) {
        isAssigned = false
        needsSeek = true
        partitions.removeAll { names.contains($0.name) }
    }

    mutating func removeAll() { partitions.removeAll() }

    /// Where a partition stands here, whether it is consumed or not.
    func index(of name: TopicPartition) -> Int? { partitions.firstIndex { $0.name == name } }

    /// Where the partition of a message stands here, if it is consumed.
    func consumed(_ topic: TopicIndex, _ partition: Int32) -> Int? {
        partitions.firstIndex { $0.isConsumed && $0.name.partition == partition && $0.topic == topic }
    }

    /// Notes that a log is read to its end; returns which, or nil when its messages are not consumed from there.
    @discardableResult
    mutating func noteEnd(_ end: PartitionEnd) -> Int? {
        guard !needsSeek, let index = consumed(end.topic, end.partition),
            end.offset >= partitions[index].next
        else { return nil }
        partitions[index].next = end.offset
        partitions[index].isAtEnd = true
        partitions[index].poisonGuard.noteEnd(at: end.offset)
        return index
    }

    /// Looks for the ends of all logs once more, because something was just written there.
    mutating func lookForEnds() {
        for index in indices { partitions[index].isAtEnd = false }
        needsSeek = true
    }

    /// Goes back to the committed offsets.
    mutating func rollback() {
        for index in indices where partitions[index].committed >= 0 {
            partitions[index].next = partitions[index].committed
            partitions[index].isAtEnd = false
            partitions[index].poisonGuard.rollback()
        }
        needsSeek = true
    }

    /// Where reading goes on in all that are consumed.
    var positions: [PartitionOffset] { partitions.filter(\.isConsumed).map(\.position) }
}

extension Consumer {
    /// Fetches partitions from their own offsets on; false when that has to be tried again.
    ///
    /// librdkafka 2.0.2 switches a fetcher off whose offset is out of range, with an operation that knows nothing of what came
    /// between: a fetcher that was started anew just then is off too, and the error that tells of it is dropped. No seek
    /// wakes it, each is answered with `.state` until all fetchers are started anew.
    func resume(_ positions: [PartitionOffset], log: RunLog) throws -> Bool {
        if positions.isEmpty { return true }
        do throws(KafkaError) {
            try resume(at: positions, timeout: .seconds(1))
            return true
        } catch {
            guard error.passesSoon else { throw error }
            log.debug("cannot seek to the committed offsets; retrying", ["cause": .text("\(error)")])
            if error.code == .state || error.code == .timedOut { try restart() }
            return false
        }
    }
}

extension KafkaError {
    /// Whether a client whose assignment has just changed may meet it.
    var passesSoon: Bool { isRetriable || code == .state || code == .unknownPartition }
}
