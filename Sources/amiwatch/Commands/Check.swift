import CloudTrail
import Configuration
import Glibc

extension Command {
    private static let policy = Option.value("policy", "FILE", "The policy to check, with the files it names")
    private static let config = Option.value(
        "config",
        "FILE",
        "The configuration of 'run' to check, and its policy"
    )
    private static let format = Option.choice("format", ["text", "json"], "How to print what was found")

    /// `amiwatch check`.
    static let check = Command(
        "check",
        "Check a policy and a configuration, and say everything that is wrong with them",
        details:
            "Each finding has its file, line and column, what to write instead, and what it would break. "
            + "Exit status 1 when there is an error; warnings alone are no failure.",
        options: [policy, config, format]
    ) { arguments in
        let today = EventTime(seconds: Int64(time(nil)))
        guard let path = arguments[policy] else {
            throw UsageError("name what to check: --policy FILE or --config FILE")
        }
        let checked = Checked(policy: path, today: today)
        try StandardOutput.with { output in
            if arguments[format] == "json" {
                try checked.printJSON(to: output)
            } else {
                try checked.printText(to: output)
            }
        }
        guard checked.errors > 0 else { return .done }
        throw Failure("\(checked.summary); correct what is named above")
    }
}

/// What checking found.
private struct Checked {
    let diagnostics: [Diagnostic]
    let files: String

    init(policy: String, today: EventTime) {
        files = policy
        do {
            diagnostics = try PolicyReader.read(path: policy, today: today).warnings
        } catch {
            diagnostics = error.diagnostics
        }
    }

    var errors: Int { diagnostics.count { $0.severity == .error } }

    var summary: String {
        func count(_ number: Int, _ what: String) -> String {
            number == 0 ? "no \(what)s" : number == 1 ? "1 \(what)" : "\(number) \(what)s"
        }
        return "\(files): \(count(errors, "error")), \(count(diagnostics.count - errors, "warning"))"
    }

    func printText(to output: StandardOutput) throws {
        let color = Terminal.hasColor(STDOUT_FILENO)
        for diagnostic in diagnostics {
            let word = "\(diagnostic.severity.rawValue):"
            let painted = Terminal.paint(word, diagnostic.severity == .error ? .red : .yellow, if: color)
            try output.write(diagnostic.description.replacing(word, with: painted, maxReplacements: 1) + "\n")
        }
        if errors == 0 { try output.write(summary + "\n") }
    }

    func printJSON(to output: StandardOutput) throws {
        let list = diagnostics.map(\.json).joined(separator: ",")
        try output.write(
            "{\"errors\":\(errors),\"warnings\":\(diagnostics.count - errors),\"diagnostics\":[\(list)]}\n"
        )
    }
}
