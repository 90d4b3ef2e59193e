import Alerts
import CloudTrail
import Configuration
import Detection
import Glibc
import Pipeline
import Report
import Synchronization
import TrailArchive
import TrailIntegrity

/// One run of `replay`, from the list of files to the summary.
final class ReplayRun {
    private let options: ReplayOptions
    private let start: Stopwatch
    private let listing: TrailListing
    private let output: OutputFile
    private let deadLetters: OutputFile?
    private var report: ReplayReportFile?
    private var replay: Replay
    private var lines: AlertLines
    private var counts: [FindingStatus: Int] = [:]
    private var printed = 0
    private var firstLost: (LostRecord, String)?
    private var withoutRecords: [String] = []
    private var integrity: ReplayIntegrity?
    private var evidence = EvidenceLedger()
    private let end = EarlyEnd()

    /// Asked to end before everything is read.
    private final class EarlyEnd: Sendable {
        /// The signal that asked; 0 while nobody did.
        let signal = Atomic<Int32>(0)
        let trail = Mutex<DecodeAhead?>(nil)
    }

    /// Opens everything, so that what is missing is told before the work begins.
    init(_ options: ReplayOptions, _ start: Stopwatch) throws {
        self.options = options
        self.start = start
        lines = AlertLines(options.format.encoding)
        listing = try TrailListing(paths: options.paths)
        try ReplayOutputs(options).refuse(
            reading: listing.files.map(\.path) + options.inventory.files + options.policy.files
        )
        var settings = Replay.Options()
        settings.since = options.since ?? .distantPast
        settings.until = options.until
        settings.notAfter = EventTime(seconds: Int64(time(nil)) + 600)
        replay = Replay(policy: options.policy, options: settings)
        output = try OutputFile(path: options.output)
        deadLetters = try options.deadLetters.map { try OutputFile(path: $0) }
        report = try options.report.map { try ReplayReportFile(path: $0, options) }
    }

    func run() throws -> ExitStatus {
        if let verification = options.verification {
            integrity = ReplayIntegrity(
                try verification.verify(paths: options.paths),
                judgesAll: options.judgesUnverified
            )
        }
        if case .csv = options.format { try output.write(AlertRows.header) }
        try readFiles()
        let signal = end.signal.load(ordering: .relaxed)
        if signal == 0 { try replay.finish { try publish($0) } }
        guard replay.balance.isBalanced else {
            throw Failure(
                "the balance of records does not hold, which is a fault of amiwatch: \(replay.balance)"
            )
        }
        var report = ReplayReport(replay, alerts: counts)
        report.integrity = integrity
        if options.printsFindings { try printFindings(report) }
        for line in lines.finish() { try print(line) }
        var summary = ReplaySummary(report: report, listing: listing, seconds: start.seconds)
        if signal == 0 {
            try options.publisher?.finish()
            try self.report?.write(listing, report, replay, integrity.map { _ in evidence })
            try output.close()
            try deadLetters?.close()
            if let path = options.summary {
                let file = try OutputFile(path: path)
                try file.line(report.json)
                try file.close()
            }
        } else {
            // Of a part of the files there is no report: its file goes away.
            self.report = nil
            summary.unfinished = try [output.closeUnfinished(), deadLetters?.closeUnfinished()].compactMap(
                \.self
            )
        }
        summary.isInterrupted = signal != 0
        summary.firstLost = firstLost
        summary.withoutRecords = withoutRecords
        summary.hasPolicy = options.hasPolicy
        summary.hasDeadLetterFile = deadLetters != nil
        summary.isForTerminal = Terminal.hasColor(STDERR_FILENO)
        if !options.filter.text.isEmpty {
            let all = options.printsFindings ? report.findings.count : counts.values.reduce(0, +)
            summary.printed = (printed, all, options.filter.text)
        }
        for line in summary.lines { StandardError.line(line) }
        if let publisher = options.publisher {
            let topics = publisher.topics.joined(separator: ", ")
            StandardError.line(
                "amiwatch: \(Numbers.count(publisher.published, "alert")) published on \(topics)"
            )
        }
        return status(report, signal)
    }

    private func status(_ report: ReplayReport, _ signal: Int32) -> ExitStatus {
        switch signal {
        case 0: break
        case SIGHUP: return .hungUp
        case SIGINT: return .interrupted
        default: return .terminated
        }
        if let limit = options.failOn, let worst = report.worst, worst >= limit { return .found }
        return .done
    }

    private func readFiles() throws {
        // Asked to end, it stops where it is, even in a pipe into which nobody writes. Before any thread is there, so
        // that all of them leave the signal to the one that waits for it.
        Interruption.first { [end] number in
            end.signal.store(number, ordering: .relaxed)
            end.trail.withLock { $0?.stop() }
        }
        let decoding = DecodeAhead(
            files: integrity.map { listing.files.map($0.sealed) } ?? listing.files,
            threads: Processors.count,
            readsLaunchRequests: !options.policy.iamStatements.isEmpty,
            sessionKeys: replay.engine.sessionKeys,
            hashesFiles: report != nil
        )
        end.trail.withLock { $0 = decoding }
        defer { decoding.stop() }
        // While the first files are unpacked.
        for record in try InventoryFiles(options.inventory).records {
            try replay.take(inventory: record) { try publish($0) }
        }
        if end.signal.load(ordering: .relaxed) != 0 { return }
        // Alerts on the same terminal would be torn apart by the bar.
        let showsBar = options.output != nil || options.printsFindings || !Terminal.isTerminal(STDOUT_FILENO)
        var progress = ReplayProgress(total: listing.size, isShown: showsBar)
        defer { progress.clear() }
        var readBefore = 0
        while let batch = try decoding.next() {
            let file = listing.files[batch.file]
            if !judges(batch, of: file) {
                if batch.isLast { report?.notes.noteLeftOut(file, sha256: batch.sha256) }
                continue
            }
            report?.notes.note(batch)
            try replay.take(batch, lose: { try lose($0, file) }, publish)
            if batch.isLast {
                if replay.balance.read == readBefore { withoutRecords.append(file.name) }
                readBefore = replay.balance.read
                report?.notes.noteEnd(of: file, sha256: batch.sha256, replay.balance)
            }
            progress.advance(bytes: batch.bytesRead, replay: replay)
        }
    }

    /// Notes from where the records of a batch come; false when they are left out.
    private func judges(_ batch: DecodedBatch, of file: TrailFile) -> Bool {
        guard integrity != nil else { return true }
        if batch.isLast { integrity?.count(file) }
        guard let integrity, integrity.judges(file) else {
            self.integrity?.leaveOut(batch)
            return false
        }
        let standing = integrity.standing(of: file)
        for case .record(let record) in batch.entries { evidence.note(record, standing) }
        return true
    }

    private func publish(_ alert: Alert) throws {
        counts[alert.finding.status, default: 0] += 1
        guard options.filter.admits(alert.finding) else { return }
        let standing = integrity.map { _ in evidence.standing(of: alert) }
        try options.publisher?.publish(alert, evidence: standing)
        guard options.prints, !options.printsFindings else { return }
        printed += 1
        for line in lines.lines(for: alert, evidence: standing) { try print(line) }
    }

    private func lose(_ lost: LostRecord, _ file: TrailFile) throws {
        if firstLost == nil { firstLost = (lost, file.name) }
        report?.notes.note(lost, in: file)
        try deadLetters?.line(DeadLetterLine.encode(lost, file: file))
    }

    private func printFindings(_ report: ReplayReport) throws {
        let hash = options.policy.hash
        for (id, finding) in report.findings where options.filter.admits(finding) {
            printed += 1
            let standing = integrity.map { _ in evidence.standing(of: finding) }
            for line in lines.lines(for: finding, id: id, policyHash: hash, evidence: standing) {
                try print(line)
            }
        }
    }

    private func print(_ alert: [UInt8]) throws {
        switch options.format {
        case .lines: try output.line(alert)
        case .csv: try output.write(AlertRows.row(alert))
        case .text:
            let isColored = options.output == nil && Terminal.hasColor(STDOUT_FILENO)
            try output.write(AlertPicture(alert, isColored: isColored).text)
        }
    }
}

/// The processors that this process may use.
enum Processors {
    /// `Cpus_allowed` of proc(5), which knows of `taskset` and of containers; else all that are there.
    static var count: Int {
        guard let status = fopen("/proc/self/status", "re") else { return all }
        defer { fclose(status) }
        var line = [CChar](repeating: 0, count: 4096)
        while fgets(&line, Int32(line.count), status) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard text.hasPrefix("Cpus_allowed:") else { continue }
            let bits = text.dropFirst(13).compactMap(\.hexDigitValue).reduce(0) { $0 + $1.nonzeroBitCount }
            return bits > 0 ? bits : all
        }
        return all
    }

    private static var all: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}

/// Time since it was made, by a clock that nobody sets.
struct Stopwatch {
    private let start = ContinuousClock.now

    var seconds: Double {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
