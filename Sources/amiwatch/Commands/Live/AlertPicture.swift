import Alerts

/// An alert as people read it: what, where and when; who; because of what; what to do.
struct AlertPicture {
    private let alert: JSONTree?
    private let commands: [String]
    private let isColored: Bool

    init(_ bytes: [UInt8], isColored: Bool) {
        let whole = JSONTree(bytes)
        alert = whole?.forTerminal
        commands = (whole?["remediation"]?.elements ?? []).compactMap(\.text).map(Terminal.command)
        self.isColored = isColored
    }

    /// Lines for an open finding; one line for one that is over.
    var text: String {
        let status = field("status")
        let isOver = status == "resolved" || status == "retracted"
        var lines = [head(status, isOver: isOver)]
        guard !isOver else { return lines[0] + "\n" }
        lines.append("  \(field("message"))")
        if let caller = alert?["actor"]?["arn"]?.text { lines.append(line("by", caller)) }
        for fact in alert?["facts"]?.elements ?? [] {
            let time = fact["time"]?.text.map { "  (\($0))" } ?? ""
            lines.append(line("because", "\(fact["what"]?.text ?? "") = \(fact["value"]?.text ?? "")\(time)"))
        }
        if let evidence = alert?["evidence"]?.text { lines.append(line("evidence", evidence)) }
        for missing in alert?["missing"]?.elements ?? [] { lines.append(line("unknown", missing.text ?? "")) }
        for command in commands { lines.append(line("do", command)) }
        return lines.joined(separator: "\n") + "\n\n"
    }

    private func head(_ status: String, isOver: Bool) -> String {
        let severity = field("severity")
        let color: Terminal.Color =
            switch severity {
            case _ where isOver: .green
            case "critical", "high": .red
            case "medium": .yellow
            default: .cyan
            }
        let verdict = field("verdict") == "undetermined" ? " undetermined" : ""
        let label = isOver ? status : "\(severity.uppercased()) \(status)\(verdict)"
        let place = [field("account_id"), field("region")].joined(separator: " ")
        let resource = alert?["resource"]?["id"]?.text ?? ""
        return
            "\(painted(label, color))  \(field("rule_id"))  \(resource)  \(place)"
            + "  \(alert?["event"]?["time"]?.text ?? "")"
    }

    private func line(_ label: String, _ text: String) -> String {
        let padded = label + String(repeating: " ", count: max(0, 9 - label.count))
        return "  \(painted(padded, .faint))\(text)"
    }

    private func painted(_ text: String, _ color: Terminal.Color) -> String {
        ("\(text)" as TerminalLine).painted(color, if: isColored).text
    }

    private func field(_ key: String) -> String { alert?[key]?.text ?? "" }
}
