import Configuration
import Glibc
import Pipeline

extension Command {
    private static let update = Option.flag(
        "update",
        "Write what came out into the expected files that differ"
    )

    static let test = Command(
        "test",
        "Check rules and a policy against recorded events",
        arguments: "PATH...",
        details:
            "A fixture is a folder with events.jsonl, expected-alerts.jsonl, and, when wanted, policy.yaml, "
            + "inventory.json and options.txt (options of replay: --until, --inventory-time and so on); a PATH is a "
            + "fixture or a folder with fixtures at any depth. An event may be told in short, as README.md says. An expected alert names the keys it cares about: what "
            + "it leaves out may be anything. Exit status 3 when a fixture differs.",
        options: [update]
    ) { arguments in
        let fixtures = try arguments.someWords("PATH").flatMap { try Fixture.find($0) }
        let color = Terminal.hasColor(STDOUT_FILENO)
        let output = try OutputFile(path: nil)
        var differing = 0
        var updated = 0
        for fixture in fixtures {
            let outcome = try FixtureOutcome(of: fixture)
            guard !outcome.isAsExpected else {
                try output.line(
                    ("ok" as TerminalLine).painted(.green, if: color) + "       \(fixture.folder)"
                )
                continue
            }
            if arguments.has(update), outcome.lost.isEmpty {
                updated += 1
                let file = try OutputFile(path: fixture.expectedPath)
                for alert in outcome.alerts { try file.line(alert) }
                try file.close()
                try output.line(
                    ("updated" as TerminalLine).painted(.yellow, if: color) + "  \(fixture.folder)"
                )
                continue
            }
            differing += 1
            try output.line(("differs" as TerminalLine).painted(.red, if: color) + "  \(fixture.folder)")
            for line in outcome.lines(color: color) { try output.line("  \(line)") }
        }
        let same = fixtures.count - differing - updated
        var counts = ["\(same) as expected"]
        if updated > 0 { counts.append("\(updated) updated") }
        if differing > 0 { counts.append("\(differing) differing") }
        try output.line("\(Numbers.count(fixtures.count, "fixture")): \(counts.joined(separator: ", "))")
        try output.close()
        return differing > 0 ? .found : .done
    }
}
