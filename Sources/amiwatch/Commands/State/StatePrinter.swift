import CloudTrail
import Configuration
import Detection
import Glibc

/// What is known, as tables for people or as JSON lines.
struct StatePrinter {
    let asOf: AsOf
    let isJSON: Bool

    func print(_ reports: [StateReport], to output: OutputFile) throws {
        for (index, report) in reports.enumerated() {
            if isJSON {
                try output.line(json(report))
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

    // MARK: For programs

    private func json(_ report: StateReport) -> [UInt8] {
        func time(_ time: EventTime) -> String? {
            time == .distantPast || time == .distantFuture ? nil : time.description
        }
        var json = JSONWriter()
        json.object { json in
            json.member("schema", "amiwatch.state/1")
            json.member("kind", report.kind.rawValue)
            json.member("id", report.id)
            json.member("from", time(asOf.start))
            json.member("to", time(asOf.end))
            json.key("groups")
            json.object { json in
                for group in report.groups {
                    json.key(text: group.name)
                    json.object { json in Self.write(group, &json) }
                }
            }
        }
        return json.bytes
    }

    private static func write(_ group: StateReport.Group, _ json: inout JSONWriter) {
        json.member("incomplete", group.incomplete)
        json.key("items")
        json.array { json in
            for item in group.items {
                json.object { json in
                    json.member("name", item.name)
                    json.member("value", item.value)
                    json.member("unknown", item.unknown)
                    json.member("since", item.since?.description)
                    json.member("until", item.until?.description)
                    json.key("event")
                    guard let evidence = item.evidence else { return json.string(nil) }
                    json.object { json in
                        json.member("id", evidence.id.description)
                        json.member("name", evidence.name)
                        json.member("source", evidence.source)
                        json.member("time", evidence.time.description)
                        json.member("account_id", evidence.account.description)
                        json.member("actor", evidence.actor.arn)
                    }
                }
            }
        }
    }
}
