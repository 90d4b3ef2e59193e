import Configuration
import Detection
import Glibc

extension Command {
    private static let format = Option.choice("format", ["text", "json"], "How to print the rules")

    /// `amiwatch rules`.
    static let rules = Command(
        "rules",
        "List the rules",
        options: [format]
    ) { arguments in
        try StandardOutput.with { output in
            for id in RuleCatalogue.knownIDs { try output.write(id + "\n") }
        }
        return .done
    }
}
