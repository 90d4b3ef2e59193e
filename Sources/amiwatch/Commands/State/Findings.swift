import Alerts
import CloudTrail
import Configuration
import Detection
import Glibc

extension Command {
    private static let everyStatus = Option.flag("all", "Print the resolved and retracted ones, too")
    private static let status = Option.value(
        "status",
        "WORD,...",
        "Print those of these statuses: open, undetermined (open, and not decided), resolved, retracted",
        repeats: true
    )
    private static let countBy = Option.value(
        "count-by",
        "KEY,...",
        "Count them by account, region, rule, severity, status or resource instead of listing them",
        repeats: true
    )
    private static let format = Option.choice(
        "format",
        FindingPrinter.Format.allCases.map(\.rawValue),
        "A table (the default), text for people with all that decided, JSON lines, or a table for spreadsheets"
    )
    private static let at = Option.value(
        "at",
        "TIME",
        "As of then: ignore later records of the trail (2026-03-17T09:00:00Z, or a day, to its end); needs --trail"
    )
    private static let failOn = Option.value(
        "fail-on",
        "SEVERITY",
        "Exit status 3 when one that is printed is as bad as this or worse"
    )

    static let findings = Command(
        "findings",
        "List what is open, from a running cluster or from trail files",
        arguments: "[PATH...]",
        details: KnownState.details + " Findings come the worst first, then by account, Region and rule.",
        options: KnownState.options + [everyStatus, status, countBy, format, at] + FindingFilter.options + [
            failOn
        ]
    ) { arguments in
        let selection = try FindingSelection(
            statuses: arguments.all(status),
            all: arguments.has(everyStatus),
            filter: FindingFilter(arguments)
        )
        let limit = try arguments[failOn].map { try ReplayOptions.severity($0, of: "fail-on") }
        let keys = try FindingCount.keys(arguments.all(countBy))
        let format = arguments[format].flatMap(FindingPrinter.Format.init) ?? .table
        if !keys.isEmpty, format == .text { throw UsageError("--count-by is a table: --format json or csv") }
        let time = try arguments[at].map { try ReplayOptions.time($0, of: "at", endOfDay: true) }
        if time != nil, !arguments.has(KnownState.trail) {
            throw UsageError(
                "--at goes with --trail: workers keep findings as they stand now, and forget facts that newer ones have "
                    + "replaced (detector.horizon_hours), so that from a cluster nobody can tell what was open then; "
                    + "of the trail's files it is worked out anew"
            )
        }
        var known = try KnownState(arguments, until: time)
        let kept = try known.findings()
        let chosen = kept.filter(selection.admits)
        try OutputFile.standard { output in
            let printer = FindingPrinter(format: format, policyHash: known.policyHash)
            if keys.isEmpty {
                try printer.print(chosen, to: output)
            } else {
                try printer.print(FindingCount.of(chosen, by: keys), by: keys, to: output)
            }
        }
        StandardError.line("amiwatch: \(summary(chosen, of: kept)); \(known.origin)")
        if let limit, let worst = chosen.map(\.severity).max(), worst >= limit { return .found }
        return .done
    }

    private static func summary(_ chosen: [KeptFinding], of kept: [KeptFinding]) -> String {
        let open = kept.count { $0.status == .open }
        return "\(Numbers.count(chosen.count, "finding")); \(Numbers.grouped(open)) open of "
            + "\(Numbers.grouped(kept.count)) in all"
    }
}

/// Which findings are printed.
struct FindingSelection {
    private let words: Set<String>
    private let filter: FindingFilter

    private static let known = ["open", "undetermined", "resolved", "retracted"]

    init(statuses: [String], all: Bool, filter: FindingFilter) throws {
        let given = statuses.flatMap {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        for word in given where !Self.known.contains(word) {
            throw UsageError("--status \(word) is not a status: \(Self.known.joined(separator: ", "))")
        }
        if all, !given.isEmpty {
            throw UsageError("--all and --status contradict each other: give one of them")
        }
        words = all ? Set(Self.known) : given.isEmpty ? ["open"] : Set(given)
        self.filter = filter
    }

    func admits(_ finding: KeptFinding) -> Bool {
        let isUndetermined = finding.status == .open && finding.verdict == .undetermined
        return (words.contains(finding.status.rawValue) || isUndetermined && words.contains("undetermined"))
            && filter.admits(finding)
    }
}
