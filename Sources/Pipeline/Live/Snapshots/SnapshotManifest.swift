import Configuration
import Detection

/// What a snapshot says of itself: whose it is, from where on changelog and catalogue are read on top of it, and where its
/// parts lie.
struct SnapshotManifest: Codable, Equatable {
    /// The part that every partition needs; the others have the numbers of theirs.
    static let catalogueSection: Int32 = -1

    struct Section: Codable, Equatable {
        let number: Int32
        var counts = SnapshotCapture.Counts()
        var pieces: [Piece] = []
    }

    /// Where a piece of a section stands in the file.
    struct Piece: Codable, Equatable {
        let offset: Int
        let count: Int
    }

    struct Mark: Codable, Equatable {
        let source: String
        let seconds: Int64
    }

    /// Of the sections' contents.
    var format = SnapshotReader.format
    let owner: SnapshotOwner
    /// Stands in the marks that this snapshot's process leaves in the topics.
    let mark: String
    /// When its offsets were taken, in milliseconds since 1970.
    let created: Int64
    /// What judged all that it holds.
    let judge: SnapshotJudge
    /// From where on the changelog is read, by the partition's number.
    let changelog: [Int32: Int64]
    /// The same of the catalogue.
    let catalogue: [Int32: Int64]
    /// How far time had come, as the catalogue told.
    let watermarks: [Mark]
    var sections: [Section] = []
}

extension SnapshotManifest {
    /// Refuses a snapshot when not all that was deleted since need still say so in the topics while it is read: what is gone
    /// would be there again.
    ///
    /// - Throws: `SnapshotFault.stale`.
    func checkAge(now: Int64, tombstones: Int64) throws(SnapshotFault) {
        let age = now - created
        guard age >= 0 else { throw .stale("it was taken in the future, by this machine's clock") }
        guard age > tombstones / 2 else { return }
        throw .stale("\(age / 60_000) minutes, and half of delete.retention.ms is \(tombstones / 120_000)")
    }
}

/// Whose topics a snapshot is about, and how they are cut.
struct SnapshotOwner: Codable, Equatable {
    let group: String
    let stateTopic: String
    let catalogueTopic: String
    let accountPartitions: Int
    let cataloguePartitions: Int

    init(_ configuration: RunConfiguration, _ layout: TopicLayout) {
        group = configuration.groupID
        (stateTopic, catalogueTopic) = (configuration.topics.state, configuration.topics.catalogue)
        (accountPartitions, cataloguePartitions) = (layout.accountPartitions, layout.cataloguePartitions)
    }
}

/// The program and the policy by which findings were judged: with others everything is judged again.
struct SnapshotJudge: Codable, Equatable {
    /// The SHA-256 of the program.
    let program: String
    let policy: String
}

/// What a worker leaves in changelog and catalogue when it begins a snapshot.
///
/// Whoever finds it behind the snapshot's offsets knows that the topic is the one of then: in one that was made anew, also
/// with as many messages, it does not stand. It stands under `time/`, and is no number: versions that know nothing of it pass
/// over it.
struct SnapshotMark: Equatable {
    /// The worker's name: each has one mark in a partition, and compaction keeps the last.
    let name: String
    let text: String

    private static let prefix = Array("time/snapshot/".utf8)

    init(name: String, text: String) { (self.name, self.text) = (name, text) }

    /// Nil when the message is something else.
    init?(_ message: StateMessage) {
        guard let key = message.key, let value = message.value, key.starts(with: Self.prefix) else {
            return nil
        }
        name = String(decoding: key.dropFirst(Self.prefix.count), as: UTF8.self)
        text = String(decoding: value, as: UTF8.self)
    }

    var key: [UInt8] { Self.prefix + Array(name.utf8) }
    var value: [UInt8] { Array(text.utf8) }

    /// A text that no other process chooses.
    static func newText() -> String { "snapshot-" + String(UInt64.random(in: .min ... .max), radix: 16) }
}
