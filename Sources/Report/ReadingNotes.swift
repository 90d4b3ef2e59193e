package import CloudTrail
package import Pipeline
package import TrailArchive

/// What a report tells of the files, gathered while they are read.
package struct ReadingNotes {
    /// A file, and where its records went.
    struct File {
        let file: TrailFile
        let sha256: String?
        let read: Int
        let ignored: Int
        let applied: Int
        let duplicate: Int
        let deadLettered: Int
    }

    /// What could not be read, without its bytes.
    struct Lost {
        let file: String
        let recordIndex: Int
        let reason: DeadLetter.Reason
        let text: String
        let count: Int
        let size: Int
        let sha256: String
    }

    /// The watched calls of an account.
    struct Coverage {
        var records = 0
        var first = EventTime.distantFuture
        var last = EventTime.distantPast
    }

    /// Dead letters that are told one by one.
    static let lostAtMost = 200

    private let until: EventTime?
    private(set) var files: [File] = []
    /// Files that were not judged, because nothing proves them, and their hashes.
    private(set) var leftOut: [(file: TrailFile, sha256: String?)] = []
    private(set) var lost: [Lost] = []
    private(set) var coverage: [AccountID: Coverage] = [:]
    private var before = ReplayBalance()

    /// Nothing read yet; records later than `until` do not count.
    package init(until: EventTime?) { self.until = until }

    /// Notes whose records a batch holds, and of when.
    package mutating func note(_ batch: DecodedBatch) {
        for case .record(let record) in batch.entries {
            if let until, record.time > until { continue }
            var known = coverage[record.account] ?? Coverage()
            known.records += 1
            known.first = min(known.first, record.time)
            known.last = max(known.last, record.time)
            coverage[record.account] = known
        }
    }

    /// Notes what could not be read.
    package mutating func note(_ lost: LostRecord, in file: TrailFile) {
        guard self.lost.count < Self.lostAtMost else { return }
        self.lost.append(
            Lost(
                file: file.name,
                recordIndex: lost.recordIndex,
                reason: lost.reason,
                text: lost.text,
                count: lost.count,
                size: lost.size,
                sha256: lost.sha256
            )
        )
    }

    /// Notes that a file was not judged.
    package mutating func noteLeftOut(_ file: TrailFile, sha256: String?) { leftOut.append((file, sha256)) }

    /// Notes that a file has no more; `balance` is that of all files until then.
    package mutating func noteEnd(of file: TrailFile, sha256: String?, _ balance: ReplayBalance) {
        files.append(
            File(
                file: file,
                sha256: sha256,
                read: balance.read - before.read,
                ignored: balance.ignored - before.ignored,
                applied: balance.applied - before.applied,
                duplicate: balance.duplicate - before.duplicate,
                deadLettered: balance.deadLettered - before.deadLettered
            )
        )
        before = balance
    }
}
