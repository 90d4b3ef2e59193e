import CloudTrail
import Detection
import Kafka

// What the core is told, and what it wants done.

extension DetectorCore {
    enum Event {
        // MARK: The group

        /// Partitions are owned from now on; `topic` gives the number under which a topic's messages come.
        case assigned([TopicPartition], topic: (String) -> TopicIndex)
        /// Partitions are about to be given up; what is done may still be committed.
        case revoking
        /// They are given up.
        case revoked([TopicPartition])
        /// They belong to somebody else already.
        case lost([TopicPartition])
        /// The run ends with a failure that it names, which is no crash; partitions are lost afterwards.
        case failed

        // MARK: The loop

        /// Another policy shall be in force.
        case newPolicy(Policy)
        /// A turn of the loop begins; nothing is read yet.
        case begin
        /// Records, catalogue and changelog were looked at.
        case advance
        /// The last of a turn; `isIdle` when no record came.
        case tick(isIdle: Bool)
        /// The run ends in order.
        case stopping

        // MARK: Reading

        /// Records are read from the own offsets on.
        case sought
        /// The same of the catalogue.
        case soughtCatalogue
        /// So many entries of the changelog came, and these ends of changelog and catalogue.
        case read(entries: Int, changelogEnds: [Int32: Int64], catalogueEnds: [Int32: Int64])
        /// A partition's offset lies outside its log, which begins and ends there.
        case lostOffset(TopicPartition, logStart: Int64, logEnd: Int64)
        /// The same of the catalogue.
        case lostCatalogueOffset(partition: Int32, logStart: Int64)
        /// The changelog was compacted while it was read, or could not be read.
        case lostChangelog(partition: Int32)

        // MARK: Answers

        /// The group's offsets, of those partitions that have one.
        case committedOffsets([TopicPartition: Int64])
        case changelogEnds([TopicPartition: (low: Int64, high: Int64)])
        case catalogueEnds([Int32: Int64])
        case logEnds([TopicPartition: (low: Int64, high: Int64)])
        case snapshotEnds([TopicPartition: (low: Int64, high: Int64)])
        case producerReady
        case committed
        case aborted
        /// It was not written: the partitions have another owner, or no time was left.
        case notCommitted
        /// Nobody knows, or the producer was fenced: what stands in the log decides.
        case outcomeUnknown
    }

    /// What is to be done.
    ///
    /// A question that cannot be answered yet needs no answer: it is asked again in the next turn.
    enum Action {
        case seek([PartitionOffset])
        case seekCatalogue([PartitionOffset])
        /// Asks for the group's offsets, once no transaction is pending that could move them.
        case queryCommittedOffsets([TopicPartition])
        /// Asks where partitions of the changelog begin and end, open transactions included; once more, when their
        /// leader may have been the one of before.
        case queryChangelogEnds([TopicPartition], isRepeated: Bool)
        /// The same of the catalogue.
        case queryCatalogueEnds
        /// The same of partitions of the records.
        case queryLogEnds([TopicPartition])
        /// Asks where partitions of the changelog end, for a snapshot.
        case querySnapshotEnds([TopicPartition])
        /// Reads these partitions of the changelog too.
        case readChangelog([PartitionOffset])
        case stopReadingChangelog
        /// Takes over the transactional id.
        case prepareProducer
        case replaceProducer
        case commit(Transaction, within: Duration)
    }
}

/// A message of the records, valid during the call that hands it over.
protocol RecordMessage {
    var offset: Int64 { get }
    /// When it was produced, in milliseconds since 1970; nil when the log does not tell.
    var timestamp: Int64? { get }

    /// Hands over what stands in it, in order.
    func read(_ body: (RecordContent) throws -> Void) throws

    /// The dead letter for it when it has ended so many processes.
    func poisonLetter(after crashes: Int) -> DeadLetterMessage
}

enum RecordContent {
    /// So many records that are no watched call.
    case ignored(Int)
    /// A watched call; `tooLarge` is what becomes of it when it is so large that its facts have to be measured.
    case record(Record, tooLarge: DeadLetterMessage?)
    case deadLetter(DeadLetterMessage)
}

/// A message of the state or of the catalogue, valid during the call that hands it over.
struct StateMessage {
    let topic: String
    let partition: Int32
    let offset: Int64
    let key: UnsafeRawBufferPointer?
    /// Nil deletes.
    let value: UnsafeRawBufferPointer?
}

extension StateMessage {
    init(_ message: Message, of topic: String) {
        self.init(
            topic: topic,
            partition: message.partition,
            offset: message.offset,
            key: message.key,
            value: message.payload
        )
    }
}
