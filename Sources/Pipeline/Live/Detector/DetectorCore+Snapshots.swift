import CloudTrail
import Configuration
import Detection
import Kafka

// Snapshots: taking them beside the work, and taking them back at the start.

/// A worker's snapshots: the one that was found, and the one that is being taken.
struct Snapshots {
    enum Step {
        /// Until the next one is due.
        case waiting
        /// The ends of the changelog are known: all before them is in memory, if a transaction commits that begins now.
        case marking([Int32: Int64])
        /// What is there is written down, slice by slice.
        case copying(SnapshotCapture, SnapshotManifest)
        /// The rest is on its way to the disk.
        case writing(SnapshotManifest)
    }

    let output: any SnapshotOutput
    /// This worker's own name in the marks.
    let name: String
    var interval: Duration
    let path: String
    /// How long the topics keep what says that something is gone, in milliseconds.
    let tombstones: Int64
    var step = Step.waiting
    var due: ContinuousClock.Instant
    var begun: ContinuousClock.Instant
    /// Stands in the marks: that of the snapshot that was found, as long as memory goes back to it.
    var mark = SnapshotMark.newText()
    /// What was found at the start, until the first state is restored.
    var found: StoredSnapshot?
    /// Whether its mark was seen in the catalogue.
    var isMarkedInCatalogue = false

    init(
        _ output: any SnapshotOutput,
        name: String,
        path: String,
        interval: Duration,
        tombstones: Int64,
        now: ContinuousClock.Instant
    ) {
        (self.output, self.name, self.path) = (output, name, path)
        (self.interval, self.tombstones) = (interval, tombstones)
        (due, begun) = (now, now)
    }

    /// Gives up what was begun: the state is not what it was.
    mutating func giveUp(now: ContinuousClock.Instant) {
        if case .waiting = step { return }
        output.giveUp()
        step = .waiting
        due = now
    }
}

extension DetectorCore {
    // MARK: Taking one

    /// The next step towards a snapshot: nothing of it waits for anything.
    mutating func keepSnapshot() -> [Action] {
        guard let snapshots, case .running = phase, !isReassigned, !sources.isEmpty else { return [] }
        let isClean = pending.since == nil && !states.hasTouched
        switch snapshots.step {
        case .waiting:
            guard clock.now() >= snapshots.due, isClean, !engine.hasBacklog else { return [] }
            let now = clock.now()
            // Asked again in a second, if nobody answers.
            self.snapshots?.begun = now
            self.snapshots?.due = now + .seconds(1)
            let numbers = Set(sources.map(\.name.partition)).sorted()
            return [.querySnapshotEnds(numbers.map { TopicPartition(configuration.topics.state, $0) })]
        case .marking: return []
        case .copying:
            if isClean { copySlice() }
        case .writing(let manifest):
            if let outcome = snapshots.output.takeOutcome() { note(outcome, manifest) }
        }
        return []
    }

    /// Takes the ends of the changelog; the next transaction carries the marks.
    mutating func markSnapshot(_ ends: [TopicPartition: (low: Int64, high: Int64)]) {
        let numbers = Set(sources.map(\.name.partition))
        guard case .running = phase, !isReassigned, case .waiting? = snapshots?.step,
            Set(ends.keys.map(\.partition)) == numbers
        else { return }
        snapshots?.step = .marking(
            Dictionary(uniqueKeysWithValues: ends.map { ($0.key.partition, $0.value.high) })
        )
        states.touch(numbers)
        noteChange()
    }

    /// What a transaction carries with which a snapshot begins; nil when none does.
    func snapshotMarks() -> [Transaction.Entry]? {
        guard let snapshots, case .marking(let ends) = snapshots.step, case .running = phase else {
            return nil
        }
        let mark = SnapshotMark(name: snapshots.name, text: snapshots.mark)
        let partitions = ends.keys.sorted()
        // In the catalogue one is enough to tell the topic by.
        return partitions.map { .init(.state, $0, key: mark.key[...], value: mark.value[...]) }
            + partitions.prefix(1).map { .init(.catalogue, $0, key: mark.key[...], value: mark.value[...]) }
    }

    /// The transaction with the marks is committed: nobody else has written to these partitions since they were restored,
    /// so that what stood before their ends is in memory.
    mutating func beginCopying() {
        guard let snapshots, case .marking(let ends) = snapshots.step else { return }
        guard !engine.hasBacklog else {
            self.snapshots?.step = .waiting
            return
        }
        let numbers = Set(ends.keys)
        let capture = SnapshotCapture(of: engine) { [partitioner] account in
            guard let account else { return SnapshotManifest.catalogueSection }
            let number = partitioner.partition(of: account)
            return numbers.contains(number) ? number : nil
        }
        let manifest = SnapshotManifest(
            owner: SnapshotOwner(configuration, layout),
            mark: snapshots.mark,
            created: clock.milliseconds(),
            judge: SnapshotJudge(policy: engine.policy.hash),
            changelog: ends,
            catalogue: Dictionary(
                catalogue.positions.compactMap { position in
                    if case .at(let offset) = position.offset {
                        (position.partition.partition, offset)
                    } else {
                        nil
                    }
                }
            ) { $1 },
            watermarks: watermarks.all.map { .init(source: $0.source, seconds: $0.time.seconds) }
        )
        snapshots.output.begin()
        self.snapshots?.step = .copying(capture, manifest)
    }

    /// Writes down what takes about as long as a commit.
    mutating func copySlice() {
        guard let output = snapshots?.output, !output.isBehind,
            case .copying(var capture, var manifest) = snapshots?.step
        else { return }
        // So that it is not copied.
        snapshots?.step = .waiting
        let end = clock.now() + limits.copyTime
        repeat {
            capture.take(atMost: limits.copyCount, of: engine, waiting: verdicts.subjects) {
                output.append($1, to: $0)
            }
        } while !capture.isOver && clock.now() < end
        guard capture.isOver else {
            snapshots?.step = .copying(capture, manifest)
            return
        }
        var counts = capture.counts
        for number in manifest.changelog.keys where counts[number] == nil { counts[number] = .init() }
        counts[SnapshotManifest.catalogueSection, default: .init()].others += 0
        manifest.sections = counts.sorted { $0.key < $1.key }.map { .init(number: $0.key, counts: $0.value) }
        output.finish(manifest)
        snapshots?.step = .writing(manifest)
    }

    private mutating func note(_ outcome: SnapshotOutcome, _ manifest: SnapshotManifest) {
        guard let snapshots else { return }
        let now = clock.now()
        self.snapshots?.step = .waiting
        self.snapshots?.due = now + snapshots.interval
        switch outcome {
        case .written(let bytes):
            report.snapshotBytes = bytes
            report.snapshotCreated = manifest.created
            log.info(
                "snapshot written",
                [
                    "path": .text(snapshots.path), "bytes": .number(bytes),
                    "partitions": .numbers(manifest.changelog.keys.map(Int.init).sorted()),
                    "milliseconds": .number(Int((now - snapshots.begun) / .milliseconds(1))),
                ]
            )
        case .failed(let cause):
            report.snapshotFailures += 1
            log.warning(
                "cannot write the snapshot; a restart would read the state from where the last one was taken",
                ["path": .text(snapshots.path), "cause": .text(cause)]
            )
        }
    }

    mutating func giveUpSnapshot() {
        let now = clock.now()
        snapshots?.giveUp(now: now)
    }

    // MARK: Taking one back

    /// Says why a snapshot, or a part of it, is not used; what it would have told is read from the topics.
    func logUnusedSnapshot(_ fault: SnapshotFault, partition: Int32? = nil) {
        if let snapshots { log.unusedSnapshot(snapshots.path, fault, partition: partition) }
    }

    /// Begins with the catalogue of the snapshot that was found; false when it is of no use here.
    mutating func beginCatalogueFromSnapshot(
        _ ends: [TopicPartition: (low: Int64, high: Int64)]
    ) -> SnapshotLoad? {
        guard let found = snapshots?.found, let section = found.section(SnapshotManifest.catalogueSection)
        else {
            return nil
        }
        for (name, (low, high)) in ends {
            let offset = found.manifest.catalogue[name.partition] ?? -1
            guard offset >= low, offset <= high else {
                forgetSnapshot(
                    .foreign("another catalogue, or one whose beginning was deleted: \(name.name)")
                )
                return nil
            }
        }
        engine.noteUnjudged()
        engine.makeRoom(for: section.counts)
        return SnapshotLoad(found, section)
    }

    /// The catalogue of the snapshot is in memory; it is read on from there.
    mutating func readCatalogueOn() {
        guard let manifest = snapshots?.found?.manifest else { return }
        catalogue.begin(at: manifest.catalogue)
        for mark in manifest.watermarks {
            let watermark = Watermark(source: mark.source, time: EventTime(seconds: mark.seconds))
            watermarks.observe(watermark, notAfter: clock.latestTime())
        }
    }

    /// What was found is of no use.
    mutating func forgetSnapshot(_ fault: SnapshotFault? = nil) {
        if let fault, snapshots?.found != nil { logUnusedSnapshot(fault) }
        snapshots?.found = nil
        snapshots?.mark = SnapshotMark.newText()
        engine.stopNotingUnjudged()
    }

    /// What was taken of the catalogue is of no use: an engine that knows nothing takes the place.
    mutating func startCatalogueAnew(_ engine: Engine, _ fault: SnapshotFault) {
        forgetSnapshot(fault)
        self.engine = engine
        watermarks = WatermarkTracker()
        evaluate([])
    }

    /// Notes a mark in changelog or catalogue.
    mutating func noteMark(_ message: StateMessage, inCatalogue isCatalogue: Bool) {
        guard let snapshots, let manifest = snapshots.found?.manifest, let mark = SnapshotMark(message),
            mark == SnapshotMark(name: snapshots.name, text: manifest.mark)
        else { return }
        if isCatalogue { self.snapshots?.isMarkedInCatalogue = true }
        guard !isCatalogue, case .restoring(var restore) = phase else { return }
        restore.marked.insert(message.partition)
        phase = .restoring(restore)
    }

    /// Where the changelog of a partition is read on when its part of the snapshot is taken back; nil when it is not.
    mutating func beginLoading(
        _ partition: Int32,
        low: Int64,
        high: Int64,
        _ restore: inout StateRestore
    ) -> Int64? {
        // Later ones find facts in memory that nobody noted.
        guard report.restores == 0, let found = snapshots?.found, let section = found.section(partition),
            let offset = found.manifest.changelog[partition]
        else { return nil }
        do throws(SnapshotFault) {
            try found.manifest.checkAge(now: clock.milliseconds(), tombstones: snapshots?.tombstones ?? 0)
        } catch {
            logUnusedSnapshot(error, partition: partition)
            return nil
        }
        guard offset >= low, offset < high else {
            logUnusedSnapshot(
                .foreign(
                    "another changelog, or one whose beginning was deleted: it ends at offset \(offset), and the log goes from \(low) to \(high)"
                ),
                partition: partition
            )
            return nil
        }
        engine.makeRoom(for: section.counts)
        restore.loads[partition] = SnapshotLoad(found, section)
        restore.fromSnapshot.insert(partition)
        return offset
    }

    /// Takes the next slice back; false when there is nothing more.
    mutating func loadSlice(_ restore: inout StateRestore) -> Bool {
        guard let (partition, load) = restore.loads.min(by: { $0.key < $1.key }) else { return false }
        var next = load
        do throws(StateError) {
            let isOver = try next.take(until: clock.now() + limits.sliceTime, clock, into: &engine)
            restore.snapshotEntries += next.count - load.count
            restore.loads[partition] = isOver ? nil : next
        } catch {
            logUnusedSnapshot(.unreadable("\(error)"), partition: partition)
            restore.loads[partition] = nil
            startAnew(partition, &restore)
        }
        return !restore.loads.isEmpty
    }

    /// Reads a partition from the beginning of its changelog after all.
    mutating func startAnew(_ partition: Int32, _ restore: inout StateRestore) {
        drop([partition])
        states[partition] = PartitionState()
        restore.fromSnapshot.remove(partition)
        restore.starts[partition] = restore.lows[partition] ?? 0
        if let end = restore.read.removeValue(forKey: partition) { restore.waiting[partition] = end }
    }

    /// The partitions whose changelog is not the one of their snapshot: its mark does not stand there.
    func unmarked(_ restore: StateRestore) -> [Int32] {
        restore.fromSnapshot.subtracting(restore.marked).sorted()
    }

    /// Puts on the backlog what has to be judged of restored partitions.
    mutating func startReconciling(_ restore: StateRestore) {
        let judge = report.restores == 0 ? snapshots?.found?.manifest.judge : nil
        let isJudged = judge.map { $0 == SnapshotJudge(policy: engine.policy.hash) } ?? false
        let (snapshot, partitions) = (isJudged ? restore.fromSnapshot : [], restore.partitions)
        if !snapshot.isEmpty {
            engine.startReconcilingSinceSnapshot { [partitioner] in
                snapshot.contains(partitioner.partition(of: $0))
            }
        }
        let others = partitions.subtracting(snapshot)
        if !others.isEmpty {
            engine.startReconciling { [partitioner] in others.contains(partitioner.partition(of: $0)) }
        }
        engine.stopNotingUnjudged()
        guard snapshots != nil else { return }
        if let created = snapshots?.found?.manifest.created, !restore.fromSnapshot.isEmpty {
            report.snapshotCreated = created
            report.snapshotBytes = snapshots?.found?.bytes.count ?? 0
            // The next is due as if the process had not ended.
            let age = max(0, clock.milliseconds() - created)
            let rest = (snapshots?.interval ?? .zero) - .milliseconds(age)
            let due = clock.now() + max(.zero, rest)
            snapshots?.due = due
        }
        let mark = restore.fromSnapshot.isEmpty ? nil : snapshots?.found?.manifest.mark
        snapshots?.mark = mark ?? SnapshotMark.newText()
        snapshots?.found = nil
    }
}

/// A section of a snapshot that is being taken back.
struct SnapshotLoad {
    private let snapshot: StoredSnapshot
    private var rest: ArraySlice<SnapshotManifest.Piece>
    private var reader = SnapshotReader()
    /// Things taken so far.
    private(set) var count = 0

    init(_ snapshot: StoredSnapshot, _ section: SnapshotManifest.Section) {
        (self.snapshot, rest) = (snapshot, section.pieces[...])
    }

    /// Takes pieces until a time; whether there are no more.
    mutating func take(
        until end: ContinuousClock.Instant,
        _ clock: DetectorCore.Clock,
        into engine: inout Engine
    ) throws(StateError) -> Bool {
        while let piece = rest.popFirst() {
            count += try reader.take(snapshot.bytes(of: piece), into: &engine)
            if clock.now() >= end { break }
        }
        return rest.isEmpty
    }
}
