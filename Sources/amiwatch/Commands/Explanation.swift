import Alerts
import CloudTrail
import Configuration
import Detection
import Pipeline

/// One alert, and why it was raised.
struct Explanation {
    let alert: JSONTree
    /// Every alert of the same finding that is known, in the order of the file; none when it was not looked up.
    let history: [JSONTree]

    /// The alert with an id; of a finding's alerts the last.
    static func lookUp(_ id: String, in alerts: [JSONTree], path: String) throws -> Explanation {
        let wanted = id.lowercased()
        guard looksLikeID(wanted) else {
            throw UsageError(
                "\(id) is not a valid id: write the 64 hexadecimal digits of alert_id or finding_id, or the first"
            )
        }
        var last: JSONTree?
        var findings: Set<ExactText> = []
        for alert in alerts {
            for about in self.findings(of: alert)
            where about.alert.hasBytes(prefix: wanted) || about.finding.hasBytes(prefix: wanted) {
                findings.insert(ExactText(about.finding))
                last = alert
            }
        }
        guard let last else { throw Failure("\(path): no alert or finding \(id) there") }
        guard findings.count == 1 else {
            throw Failure("\(path): several findings begin with \(id); write more of it")
        }
        return Explanation(
            alert: last,
            history: alerts.filter {
                self.findings(of: $0).contains { findings.contains(ExactText($0.finding)) }
            }
        )
    }

    /// The findings that an alert is about, of several instances perhaps, and what it is to each.
    private static func findings(of alert: JSONTree) -> [(alert: String, finding: String)] {
        let instances = alert["instances"]?.elements ?? []
        return (instances.isEmpty ? [alert] : instances).map {
            ($0["alert_id"]?.text ?? "", $0["finding_id"]?.text ?? "")
        }
    }

    static func looksLikeID(_ text: String) -> Bool {
        text.count >= 4 && text.count <= 64 && text.allSatisfy { $0.isASCII && $0.isHexDigit }
    }

    private func text(_ keys: String...) -> String? {
        keys.reduce(Optional(alert)) { $0?[$1] }?.text
    }

    private var rule: RuleMetadata? { text("rule_id").flatMap { RuleSet.all.rule($0)?.metadata } }

    /// What would settle it, and why a command is left out.
    private var settling: (commands: [SettlingCommand], withheld: [String]) {
        guard text("verdict") == "undetermined" else { return ([], []) }
        guard let account = text("account_id").flatMap({ AccountID($0) }) else {
            return ([], ["the account is malformed"])
        }
        let facts = (alert["facts"]?.elements ?? []).lazy.compactMap { $0["value"]?.text }
        let resource = text("resource", "id")
        let need = SettlingCommand.Need(
            account: account,
            region: text("region") ?? "",
            missing: (alert["missing"]?.elements ?? []).compactMap(\.text),
            image: resource.flatMap(SettlingCommand.image) ?? facts.compactMap(SettlingCommand.image).first
        )
        return SettlingCommand.settling([need])
    }

    // MARK: For programs

    /// One object on one line: the alert as it is, and what the explanation adds.
    var json: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.key("alert")
            alert.write(to: &json)
            json.key("history")
            json.array { json in for other in history { other.write(to: &json) } }
            json.key("settled_by")
            json.array { json in for command in settling.commands { json.string(command.command) } }
            json.key("references")
            json.array { json in for reference in rule?.references ?? [] { json.string(reference) } }
            json.key("attack")
            json.array { json in for technique in rule?.attack ?? [] { json.string(technique) } }
        }
        return json.bytes
    }

    // MARK: For people

    /// The explanation as a tree.
    func lines(color: Bool) -> [TerminalLine] {
        let shown = Explanation(alert: alert.forTerminal, history: history.map(\.forTerminal))
        return shown.tree(color) + advice(color)
    }

    private func tree(_ color: Bool) -> [TerminalLine] {
        let severity = text("severity") ?? "?"
        let isBad = severity == "critical" || severity == "high"
        let rule = ("\(text("rule_id") ?? "?")" as TerminalLine).painted(.bold, if: color)
        let label = ("\(severity)" as TerminalLine).painted(isBad ? .red : .yellow, if: color)
        let verdict = text("verdict") == "undetermined" ? ", undetermined" : ""
        return ["\(rule)  \(label)  \(text("status") ?? "?")\(verdict)", "\(text("message") ?? "")"]
            + TreeLines(branches).lines.map { "\($0)" }
    }

    private func advice(_ color: Bool) -> [TerminalLine] {
        var lines: [TerminalLine] = []
        let (settling, withheld) = (settling.commands.map(\.command), settling.withheld)
        let fixes = (alert["remediation"]?.elements ?? []).compactMap(\.text).filter {
            !settling.contains($0)
        }
        lines += commands("To put it right:", fixes, color)
        lines += commands("To settle it, each printed into a file for --inventory FILE:", settling, color)
        return lines + withheld.map { "A command that would settle it is left out: \($0)." }
    }

    /// Commands under a title; what is shown otherwise than it would be pasted is left out.
    private func commands(_ title: String, _ commands: [String], _ color: Bool) -> [TerminalLine] {
        let shown = commands.map { command in
            ("\(Terminal.command(command))" as TerminalLine).painted(.cyan, if: color)
        }
        return shown.isEmpty ? [] : ["", "\(title)"] + shown.map { "  \($0)" }
    }

    private var branches: [TreeLines.Branch] {
        var branches = [
            TreeLines.Branch("where  \(place)"),
            TreeLines.Branch("who    \(Self.caller(alert["actor"]))"),
        ]
        if let resolver = alert["resolved_by"], case .object = resolver {
            branches.append(
                TreeLines.Branch("undone by  \(Self.caller(resolver)): \(Self.event(resolver["event"]))")
            )
        } else {
            branches.append(TreeLines.Branch("decided by  \(Self.event(alert["event"]))"))
        }
        if let reason = told { branches.append(TreeLines.Branch("said   \(reason)")) }
        let facts = (alert["facts"]?.elements ?? []).map { fact in
            let what = "\(fact["what"]?.text ?? "?") = \(fact["value"]?.text ?? "?")"
            let origin = [fact["time"]?.text, fact["event_id"]?.text.map { "event \($0)" }].compactMap(\.self)
            return TreeLines.Branch(what + (origin.isEmpty ? "" : "  (\(origin.joined(separator: ", ")))"))
        }
        if !facts.isEmpty { branches.append(TreeLines.Branch("because", facts)) }
        let missing = (alert["missing"]?.elements ?? []).compactMap(\.text)
        if !missing.isEmpty { branches.append(TreeLines.Branch("not known", missing.map { .init($0) })) }
        let policy = text("policy").map { "policy \($0.prefix(12))" } ?? "no policy"
        branches.append(TreeLines.Branch("clause  \(text("clause") ?? "none of the policy's") (\(policy))"))
        let occurrences = alert["occurrences"]?.integer ?? 0
        branches.append(
            TreeLines.Branch(
                "seen  \(Numbers.count(occurrences, "time")), \(text("first_seen") ?? "?") to "
                    + (text("last_seen") ?? "?"),
                history.map { other in
                    TreeLines.Branch("\(other["status"]?.text ?? "?")  \(Self.event(other["event"]))")
                }
            )
        )
        if let rule {
            let pages = rule.attack.map { "MITRE ATT&CK \($0)" } + rule.compliance + rule.references
            branches.append(TreeLines.Branch("rule  \(rule.title)", pages.map { .init($0) }))
        }
        return branches
    }

    private var place: String {
        let resource = "\(text("resource", "type") ?? "?") \(text("resource", "id") ?? "?")"
        let part = text("discriminator").map { " (\($0))" } ?? ""
        // Nothing of a principal is of one Region.
        let region = text("region").map { $0.isEmpty ? "" : ", Region \($0)" } ?? ", Region ?"
        return "\(resource)\(part), account \(text("account_id") ?? "?")\(region)"
    }

    private static func caller(_ actor: JSONTree?) -> String {
        let name = actor?["arn"]?.text ?? actor?["invoked_by"]?.text ?? "not known"
        let details = [
            actor?["source_ip"]?.text.map { "from \($0)" }, actor?["user_agent"]?.text.map { "with \($0)" },
        ].compactMap(\.self)
        return details.isEmpty ? name : "\(name), \(details.joined(separator: " "))"
    }

    /// When and why it was published; nil for a finding's final form, which nobody published.
    private var told: String? {
        guard let cause = text("caused_by") else { return nil }
        let reason =
            switch AlertCause(rawValue: cause) {
            case .event: "when that event was read"
            case .lateEvent: "when another event was read that tells more about it"
            case .policy: "because of the policy, or of another version of amiwatch"
            case .inventory: "because of an inventory"
            case .time: "when a time that the policy names was over"
            case nil: "because of \(cause)"
            }
        return (text("raised_at").map { "at \($0), " } ?? "") + reason
    }

    private static func event(_ event: JSONTree?) -> String {
        "\(event?["name"]?.text ?? "?") at \(event?["time"]?.text ?? "?"), event \(event?["id"]?.text ?? "?")"
    }
}

struct TreeLines {
    struct Branch {
        let text: String
        let branches: [Branch]

        init(_ text: String, _ branches: [Branch] = []) {
            self.text = text
            self.branches = branches
        }
    }

    let lines: [String]

    init(_ branches: [Branch]) { lines = Self.lines(branches, indent: "") }

    private static func lines(_ branches: [Branch], indent: String) -> [String] {
        branches.enumerated().flatMap { index, branch -> [String] in
            let isLast = index == branches.count - 1
            let own = indent + (isLast ? "└─ " : "├─ ") + branch.text
            return [own] + lines(branch.branches, indent: indent + (isLast ? "   " : "│  "))
        }
    }
}
