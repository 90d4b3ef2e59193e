import Alerts
import Glibc
import TrailArchive

extension Command {
    private static let alerts = Option.value(
        "alerts",
        "FILE",
        "Where to look an id up: a file of alerts, - for standard input"
    )
    private static let format = Option.choice("format", ["text", "json"], "How to print it")

    static let explain = Command(
        "explain",
        "Tell why an alert was raised: the facts, the policy's clause, and what to do",
        arguments: "ALERT",
        details:
            "ALERT is a file with an alert (or - for standard input); of several, each is explained. With --alerts it "
            + "is the id of an alert, or of a finding, of which the latest is explained, or the beginning of such an "
            + "id that is enough to tell which.",
        options: [alerts, format]
    ) { arguments in
        let word = try arguments.onlyWord("ALERT")
        let explanations: [Explanation]
        if let path = arguments[alerts] {
            explanations = [try Explanation.lookUp(word, in: try AlertFile.read(path), path: path)]
        } else {
            guard word == "-" || access(word, F_OK) == 0 else {
                let hint =
                    Explanation.looksLikeID(word) ? "; to look an id up, name a file: --alerts FILE" : ""
                throw Failure("reading \(word): \(String(cString: strerror(errno)))\(hint)")
            }
            let read = try AlertFile.read(word)
            guard !read.isEmpty else {
                throw Failure("\(word == "-" ? "standard input" : word): no alerts there")
            }
            explanations = read.map { Explanation(alert: $0, history: []) }
        }
        let output = try OutputFile(path: nil)
        for (index, explanation) in explanations.enumerated() {
            if arguments[format] == "json" {
                try output.line(explanation.json)
            } else {
                if index > 0 { try output.line("") }
                for line in explanation.lines(color: Terminal.hasColor(STDOUT_FILENO)) {
                    try output.line(line)
                }
            }
        }
        try output.close()
        return .done
    }
}

/// A file of alerts, one a line.
enum AlertFile {
    /// Every alert of a file; `-` is standard input.
    static func read(_ path: String) throws -> [JSONTree] {
        let name = path == "-" ? "standard input" : path
        var alerts: [JSONTree] = []
        for (number, line) in try WholeFile.bytes(path).split(separator: 0x0A).enumerated()
        where line.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) {
            guard let alert = JSONTree(line), alert["rule_id"]?.text != nil, alert["finding_id"]?.text != nil
            else {
                throw Failure("\(name), line \(number + 1): no alert in the native format (amiwatch.alert/1)")
            }
            alerts.append(alert)
        }
        return alerts
    }
}
