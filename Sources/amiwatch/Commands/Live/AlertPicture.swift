import Alerts

/// An alert as people read it: two or three lines.
struct AlertPicture {
    private let alert: JSONTree?
    private let isColored: Bool

    init(_ bytes: [UInt8], isColored: Bool) {
        alert = JSONTree(bytes)
        self.isColored = isColored
    }

    var text: String {
        let severity = field("severity")
        let status = field("status")
        let color: Terminal.Color =
            switch (status, severity) {
            case ("resolved", _), ("retracted", _): .green
            case (_, "critical"), (_, "high"): .red
            case (_, "medium"): .yellow
            default: .cyan
            }
        let verdict = field("verdict") == "undetermined" ? " (undetermined)" : ""
        let head = Terminal.paint("\(severity) \(status)\(verdict)", color, if: isColored)
        let place = "\(field("account_id")) \(field("region")) \(alert?["resource"]?["id"]?.text ?? "")"
        var lines = [
            "\(alert?["event"]?["time"]?.text ?? "")  \(head)  \(field("rule_id"))  \(place)",
            "    \(field("message"))",
        ]
        if let command = alert?["remediation"]?.elements.first?.text {
            lines.append(Terminal.paint("    $ \(command)", .faint, if: isColored))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func field(_ key: String) -> String { alert?[key]?.text ?? "" }
}
