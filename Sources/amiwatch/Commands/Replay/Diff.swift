import Alerts
import CloudTrail
import Configuration
import Detection
import Glibc
import Pipeline
import TrailArchive

extension Command {
    private static let policy = Option.value(
        "policy",
        "FILE",
        "A policy; given twice, the old one first",
        repeats: true
    )
    private static let alerts = Option.flag(
        "alerts",
        "Compare all alerts, too, not only the findings at the end"
    )
    private static let format = Option.choice("format", ["text", "json"], "How to print it")

    static let diff = Command(
        "diff",
        "Compare what two policies find in the same trail",
        arguments: "PATH...",
        details:
            "Each PATH is read once, as by 'replay', and judged by both policies: what a change of the policy would have "
            + "done. Each finding is printed that only one of them has (+ the new one, - the old one) or that they tell "
            + "differently (~, with what differs). --rule, --account, --resource and --severity choose what is compared. Exit "
            + "status 3 when anything differs.",
        options: [policy, alerts, format] + InventoryOptions.all + FindingFilter.options
    ) { arguments in
        let files = arguments.all(policy)
        guard files.count == 2 else {
            throw UsageError(
                "--policy is needed twice, the old policy first, and is given \(files.count) times"
            )
        }
        var comparison = try PolicyComparison(
            try files.map { path in
                let read = try PolicyReader.read(path: path, today: EventTime(seconds: Int64(time(nil))))
                for warning in read.warnings { StandardError.line("amiwatch: \(warning)") }
                return read.policy
            },
            filter: FindingFilter(arguments),
            comparesAlerts: arguments.has(alerts)
        )
        try comparison.read(
            try InventoryFiles(try InventoryOptions(arguments)).records,
            try TrailListing(paths: try arguments.someWords("PATH"))
        )
        let changes = comparison.changes
        try OutputFile.standard { output in
            for change in changes {
                if arguments[format] == "json" {
                    try output.line(change.json)
                } else {
                    for line in change.lines(color: Terminal.hasColor(STDOUT_FILENO)) {
                        try output.line(line)
                    }
                }
            }
        }
        StandardError.line("amiwatch: \(comparison.summary(changes))")
        return changes.isEmpty ? .done : .found
    }
}

/// One trail judged by two policies.
struct PolicyComparison {
    /// What one policy said.
    private struct Side {
        var replay: Replay
        /// By what tells them apart; a finding by its id.
        var said: [String: JSONTree] = [:]
        /// How many alerts say the same of the same record.
        var alerts: [String: Int] = [:]
    }

    private var sides: [Side]
    private let filter: FindingFilter
    private let comparesAlerts: Bool
    private var lost = 0
    private var encoder = NativeAlert()

    /// Differs from policy to policy, or with what was said before.
    private static let numbers: JSONTree = [
        "alert_id": .null, "revision": .null, "policy": .null, "caused_by": .null,
    ]

    init(_ policies: [Policy], filter: FindingFilter, comparesAlerts: Bool) throws {
        var options = Replay.Options()
        options.notAfter = EventTime(seconds: Int64(time(nil)) + 600)
        sides = policies.map { Side(replay: Replay(policy: $0, options: options)) }
        self.filter = filter
        self.comparesAlerts = comparesAlerts
    }

    mutating func read(_ inventory: [Record], _ listing: TrailListing) throws {
        for index in sides.indices {
            for record in inventory {
                var said: [Alert] = []
                sides[index].replay.take(inventory: record) { said.append($0) }
                note(said, at: index)
            }
        }
        let decoding = DecodeAhead(
            files: listing.files,
            threads: Processors.count,
            readsLaunchRequests: sides.contains { !$0.replay.engine.policy.iamStatements.isEmpty },
            sessionKeys: sides.reduce(into: []) { $0.formUnion($1.replay.engine.sessionKeys) }
        )
        defer { decoding.stop() }
        while let batch = try decoding.next() {
            for index in sides.indices {
                var (said, lost) = ([Alert](), 0)
                sides[index].replay.take(batch, lose: { lost += $0.count }) { said.append($0) }
                note(said, at: index)
                if index == 0 { self.lost += lost }
            }
        }
        for index in sides.indices {
            var said: [Alert] = []
            sides[index].replay.finish { said.append($0) }
            note(said, at: index)
            for (id, finding) in sides[index].replay.findings() where filter.admits(finding) {
                note(encoder.encode(finding, findingID: id, policyHash: ""), as: id, at: index)
            }
        }
    }

    private mutating func note(_ alerts: [Alert], at index: Int) {
        guard comparesAlerts else { return }
        for alert in alerts where filter.admits(alert.finding) {
            let name = "\(alert.findingID) \(alert.finding.event.id) \(alert.finding.status.rawValue)"
            let number = sides[index].alerts[name, default: 0]
            sides[index].alerts[name] = number + 1
            note(encoder.encode(alert), as: "\(name) \(number)", at: index)
        }
    }

    private mutating func note(_ line: [UInt8], as name: String, at index: Int) {
        guard let tree = JSONTree(line) else { return }
        sides[index].said[name] = tree.patched(by: Self.numbers)
    }

    /// What differs, by account, rule and resource.
    var changes: [PolicyChange] {
        Set(sides.flatMap(\.said.keys)).compactMap {
            PolicyChange(old: sides[0].said[$0], new: sides[1].said[$0])
        }
        .sorted { $0.order.lexicographicallyPrecedes($1.order) }
    }

    /// How many findings the old policy leaves open.
    var openCount: Int { sides[0].said.values.count { $0["status"]?.text == "open" } }

    func summary(_ changes: [PolicyChange]) -> String {
        func count(_ isAlert: Bool, _ kind: PolicyChange.Kind) -> Int {
            changes.count { $0.isAlert == isAlert && $0.kind == kind }
        }
        var parts = [false, true].filter { !$0 || comparesAlerts }.map { isAlert in
            "\(isAlert ? "alerts" : "findings"): \(count(isAlert, .gained)) gained, \(count(isAlert, .lost)) lost, "
                + "\(count(isAlert, .altered)) altered"
        }
        parts.append("\(sides[0].replay.balance.read) records read")
        if lost > 0 { parts.append("\(lost) of them not readable (replay --dead-letters FILE shows them)") }
        return parts.joined(separator: "; ")
    }
}

/// A finding, or an alert, that two policies tell differently.
struct PolicyChange {
    enum Kind: String {
        case gained
        case lost
        case altered
    }

    let kind: Kind
    let old: JSONTree?
    let new: JSONTree?

    /// Nil when both say the same.
    init?(old: JSONTree?, new: JSONTree?) {
        guard old != new else { return nil }
        kind = old == nil ? .gained : new == nil ? .lost : .altered
        (self.old, self.new) = (old, new)
    }

    var told: JSONTree { new ?? old ?? .null }

    var isAlert: Bool { told["schema"]?.text == NativeAlert.schema }

    /// Where it stands among the others.
    var order: [String] {
        [isAlert ? "1" : "0"]
            + [
                ["account_id"], ["rule_id"], ["resource", "id"], ["discriminator"], ["event", "time"],
                ["event", "id"],
                ["status"],
            ].map { path in path.reduce(told) { $0[$1] ?? .null }.text ?? "" }
    }

    var json: [UInt8] {
        let tree: JSONTree = [
            "change": .string(kind.rawValue), "old": old ?? .null, "new": new ?? .null,
        ]
        return tree.line
    }

    func lines(color: Bool) -> [TerminalLine] {
        let words = [
            isAlert ? "alert \(told["status"]?.text ?? "")" : told["status"]?.text, told["severity"]?.text,
            told["rule_id"]?.text, told["message"]?.text,
        ].compactMap(\.self).joined(separator: " ")
        switch kind {
        case .gained: return [("+ \(words)" as TerminalLine).painted(.green, if: color)]
        case .lost: return [("- \(words)" as TerminalLine).painted(.red, if: color)]
        case .altered:
            let differences = old.flatMap { old in new.map { JSONDifference.of($0, from: old) } } ?? []
            return [("~ \(words)" as TerminalLine).painted(.yellow, if: color)]
                + differences.map { "    \($0.path): \($0.expected) -> \($0.found)" }
        }
    }
}
