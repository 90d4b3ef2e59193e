import CloudTrail
import Detection
import Glibc

extension Command {
    private static let format = Option.choice("format", ["text", "json"], "How to print the rules")

    static let rules = Command(
        "rules",
        "List the rules: what each finds, and how bad it is",
        details: "The severity is the rule's own; a policy can change it, or switch the rule off, by the id.",
        options: [format]
    ) { arguments in
        let rules = RuleSet.all.rules.map(\.metadata).sorted { $0.id < $1.id }
        try OutputFile.standard { output in
            if arguments[format] == "json" {
                try output.write("[" + rules.map(\.json).joined(separator: ",\n ") + "]\n")
                return
            }
            let table = Table(
                header: ["RULE", "SEVERITY", "KIND", "FINDS"],
                rows: rules.map { [$0.id, $0.severity.rawValue, $0.kind.rawValue, $0.title] }
            )
            for line in table.lines(width: Terminal.width(of: STDOUT_FILENO)) {
                try output.line("\(line)")
            }
        }
        return .done
    }
}

extension RuleMetadata {
    /// One JSON object on one line, keys in a fixed order.
    fileprivate var json: String {
        var json = JSONWriter()
        json.object { json in
            let texts: KeyValuePairs<String, String> = [
                "id": id, "title": title, "kind": kind.rawValue, "severity": severity.rawValue,
            ]
            for (key, text) in texts {
                json.key(text: key)
                json.string(text)
            }
            let lists: KeyValuePairs<String, [String]> = [
                "events": events, "references": references, "attack": attack, "compliance": compliance,
            ]
            for (key, list) in lists {
                json.key(text: key)
                json.array { json in for text in list { json.string(text) } }
            }
        }
        return json.text
    }
}
