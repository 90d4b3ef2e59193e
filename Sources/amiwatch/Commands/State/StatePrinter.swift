import CloudTrail
import Configuration
import Detection
import Glibc
import Pipeline

/// What is known, as tables for people or as JSON lines.
struct StatePrinter {
    let asOf: AsOf
    let isJSON: Bool

    func print(_ reports: [StateReport], to output: OutputFile) throws {
        for (index, report) in reports.enumerated() {
            if isJSON {
                try output.line(StateDocument.json(report, asOf: asOf))
                continue
            }
            if index > 0 { try output.line("") }
            let isColored = Terminal.hasColor(STDOUT_FILENO)
            try output.line(
                ("\(report.kind.rawValue) \(report.id)\(then)" as TerminalLine).painted(.bold, if: isColored)
            )
            let table = Table(
                header: ["WHAT", "VALUE", "SINCE", "UNTIL", "TOLD BY"],
                rows: report.groups.flatMap(rows)
            )
            for line in table.lines(width: Terminal.width(of: STDOUT_FILENO)) { try output.line("\(line)") }
        }
    }

    private var then: String {
        if asOf.end == .distantFuture { return "" }
        return asOf.start == asOf.end ? ", as of \(asOf.end)" : ", from \(asOf.start) to \(asOf.end)"
    }

    // MARK: For people

    private func rows(_ group: StateReport.Group) -> [[String]] {
        let prefix = Self.prefixes[group.name].map { $0 + " " } ?? ""
        var rows = group.items.map { item in
            [
                prefix + item.name, item.value ?? "unknown",
                item.since?.description ?? "-", item.until?.description ?? "-",
                item.unknown ?? Self.teller(item.evidence),
            ].map(\.oneLine)
        }
        if rows.isEmpty, group.incomplete == nil, Self.toldWhenEmpty.contains(group.name) {
            rows.append([group.name, "none", "-", "-", "-"])
        }
        if let why = group.incomplete {
            let name = group.items.isEmpty ? group.name : "other \(group.name)"
            rows.append([name, "unknown", "-", "-", why].map(\.oneLine))
        }
        return rows
    }

    /// Groups of which it matters that there are none.
    private static let toldWhenEmpty: Set = ["tags", "shares", "launches"]

    /// What a name stands for, by group.
    private static let prefixes = [
        "tags": "tag", "shares": "shared with", "lineage": "descends from", "made_from_it": "source of",
        "launches": "launched", "calls": "call", "trails": "trail",
    ]

    private static func teller(_ evidence: Evidence?) -> String {
        guard let evidence else { return "-" }
        if evidence.isInventory { return "\(evidence.name) (inventory)" }
        return evidence.name + (evidence.actor.arn.map { " by \($0)" } ?? "")
    }
}
