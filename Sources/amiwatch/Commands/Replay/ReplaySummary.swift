import Alerts
import CloudTrail
import Configuration
import Detection
import Pipeline
import TrailArchive
import TrailIntegrity

/// What `replay` says in the end, for people.
struct ReplaySummary {
    let report: ReplayReport
    let listing: TrailListing
    let seconds: Double
    var firstLost: (lost: LostRecord, file: String)?
    var hasDeadLetterFile = false
    var hasPolicy = true
    var isInterrupted = false
    /// What an interrupted replay wrote, under the names that it has.
    var unfinished: [String] = []
    /// Files that held no record, and nothing that could have been one.
    var withoutRecords: [String] = []
    /// What was printed, of how many, and by which options; nil when everything was.
    var printed: (count: Int, all: Int, filter: String)?
    var isForTerminal = false

    /// Findings shown.
    private static let shownFindings = 10

    /// The lines, without newlines.
    var lines: [TerminalLine] {
        interruption + head + integrity + policy + deadLetters + alerts + top + undetermined
    }

    private var interruption: [TerminalLine] {
        guard isInterrupted else { return [] }
        let files = unfinished.map { "; written until then: \($0)" }.joined()
        return [paint("interrupted: what follows is about what was read until then\(files)", .yellow)]
    }

    private var policy: [TerminalLine] {
        hasPolicy
            ? [] : ["policy: none was given, so nobody is trusted and nothing is demanded (--policy FILE)"]
    }

    private var head: [TerminalLine] {
        let balance = report.balance
        let rate = Numbers.short(Double(balance.read) / max(seconds, 0.001))
        var lines: [TerminalLine] = [
            "\(Numbers.count(listing.files.count, "file")), \(Numbers.count(balance.read, "record")) in "
                + "\(Numbers.duration(seconds)), \(rate) records a second",
            "read \(Numbers.grouped(balance.read)) = ignored \(Numbers.grouped(balance.ignored)) + applied "
                + "\(Numbers.grouped(balance.applied)) + duplicate \(Numbers.grouped(balance.duplicate)) + "
                + "dead-lettered \(Numbers.grouped(balance.deadLettered))",
        ]
        if let first = withoutRecords.first {
            let others =
                withoutRecords.count > 1 ? " and \(Numbers.grouped(withoutRecords.count - 1)) more" : ""
            lines.append("without any record: \(first)\(others)")
        }
        let skipped = Dictionary(grouping: listing.skipped) { ExactText($0.reason) }
        for (reason, files) in skipped.sorted(by: { $0.key < $1.key }) {
            let others = files.count > 1 ? " and \(Numbers.grouped(files.count - 1)) more" : ""
            lines.append("passed over: \(files[0].path)\(others): \(reason)")
        }
        return lines
    }

    private var integrity: [TerminalLine] {
        guard let integrity = report.integrity else { return [] }
        func count(_ standing: EvidenceStanding) -> String { Numbers.grouped(integrity.files[standing] ?? 0) }
        var lines: [TerminalLine] = [
            "files: \(count(.verified)) verified, \(count(.unverified)) unverified, \(count(.contradicted)) contradicted"
        ]
        if integrity.filesLeftOut > 0 {
            let line: TerminalLine =
                "left out: \(Numbers.count(integrity.filesLeftOut, "file")) with "
                + "\(Numbers.count(integrity.recordsLeftOut, "record")) that no digest proves (--judge-unverified judges them)"
            lines.append(paint(line, .yellow))
        }
        if let first = integrity.report.findings.first {
            let others = integrity.report.findings.count - 1
            let more: TerminalLine =
                others > 0 ? "; and \(Numbers.grouped(others)) more ('amiwatch verify' tells all)" : ""
            lines.append(paint("integrity: \(first.message)" + more, .red))
        }
        return lines
    }

    private var deadLetters: [TerminalLine] {
        guard let firstLost else { return [] }
        let reasons = report.balance.lost.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\(Numbers.grouped($0.value)) \($0.key.rawValue)" }
        var line: TerminalLine =
            "dead letters: \(reasons.joined(separator: ", ")); the first: \(firstLost.file), record "
            + "\(firstLost.lost.recordIndex), \(firstLost.lost.text)"
        if !hasDeadLetterFile { line = line + " (--dead-letters FILE keeps them)" }
        return [paint(line, .yellow)]
    }

    private var alerts: [TerminalLine] {
        let statuses: [FindingStatus] = [.open, .updated, .resolved, .retracted]
        let byStatus = statuses.compactMap { status in
            report.alerts[status].map { "\(Numbers.grouped($0)) \(status.rawValue)" }
        }
        let alerts = byStatus.isEmpty ? "none" : byStatus.joined(separator: ", ")
        let open = report.findings.filter { $0.finding.status == .open }
        let bySeverity = Severity.allCases.reversed().compactMap { severity -> String? in
            let count = open.count { $0.finding.severity == severity }
            return count > 0 ? "\(Numbers.grouped(count)) \(severity.rawValue)" : nil
        }
        let resolved = report.findings.count - open.count
        return [
            "alerts: \(alerts)",
            "findings: \(Numbers.grouped(open.count)) open"
                + (bySeverity.isEmpty ? "" : " (\(bySeverity.joined(separator: ", ")))")
                + ", \(Numbers.grouped(resolved)) resolved",
        ]
            + (printed.map {
                [
                    "printed: \(Numbers.grouped($0.count)) of \(Numbers.grouped($0.all)) "
                        + "(\($0.filter)); the rest was judged and counted"
                ]
            } ?? [])
    }

    /// The worst that stands, then the latest.
    private var top: [TerminalLine] {
        let open = report.findings.map(\.finding).filter { $0.status == .open && $0.verdict == .violation }
        guard !open.isEmpty else { return [] }
        let sorted = open.sorted { left, right in
            if left.severity != right.severity { return left.severity > right.severity }
            if left.lastSeen != right.lastSeen { return left.lastSeen > right.lastSeen }
            return left.identity.findingID < right.identity.findingID
        }
        let shown = sorted.prefix(Self.shownFindings)
        let rows = shown.map { finding in
            [
                "  " + finding.severity.rawValue, finding.lastSeen.description,
                finding.identity.subject.scope.account.description, finding.message.oneLine,
            ]
        }
        let width = Terminal.width(of: 2)
        var lines = Table(rows: Array(rows)).lines(width: width).map { line -> TerminalLine in
            let isBad = line.hasPrefix("  critical") || line.hasPrefix("  high")
            return isBad ? paint("\(line)", .red) : "\(line)"
        }
        if open.count > shown.count {
            lines.append("  and \(Numbers.grouped(open.count - shown.count)) more")
        }
        return lines
    }

    private var undetermined: [TerminalLine] {
        let findings = report.undetermined
        guard !findings.isEmpty else { return [] }
        let missing = Set(findings.flatMap(\.missing).map { ExactText($0) }).sorted()
        let shown = missing.prefix(5).joined(separator: "; ")
        let more = missing.count > 5 ? "; and \(Numbers.grouped(missing.count - 5)) more" : ""
        var lines: [TerminalLine] = [
            "undetermined: \(Numbers.count(findings.count, "finding")); not known: \(shown)\(more)"
        ]
        let commands = SettlingCommand.settling(findings.map { SettlingCommand.Need($0) }).commands
        guard !commands.isEmpty else { return lines }
        lines.append("these tell, each printed into a file for --inventory FILE:")
        // Of many that differ in the images alone, the first.
        let groups = Dictionary(grouping: commands) {
            [$0.account.description, $0.action.rawValue, $0.region]
        }
        let firsts = groups.values.compactMap(\.first).sorted().prefix(8)
        for (account, commands) in Dictionary(grouping: firsts, by: \.account).sorted(by: { $0.key < $1.key })
        {
            lines.append("  in account \(account)")
            for command in commands { lines.append("    \(paint("\(command.command)", .cyan))") }
        }
        let others = commands.count - firsts.count
        if others > 0 {
            lines.append("  and \(Numbers.grouped(others)) more; explain tells those of one alert")
        }
        return lines
    }

    private func paint(_ line: TerminalLine, _ color: Terminal.Color) -> TerminalLine {
        line.painted(color, if: isForTerminal)
    }
}
