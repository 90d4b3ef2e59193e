import TestSupport
import Foundation
import KafkaTestSupport
import Testing

/// The options of `replay`, and what it says when it cannot work.
struct ReplayOptionTests {
    private let tree: TestFolder

    init() throws { tree = try TestFolder() }

    @Test(
        "Wrong usage is one line and exit status 2",
        arguments: [
            ([], "replay: PATH is missing"),
            (["-", "-"], "replay: - is given twice, and can be read once"),
            (
                ["x", "--format", "xml"],
                "replay: --format cannot be xml: native, text, csv, ocsf, ecs, asff, cef, splunk, asim, udm"
            ),
            (
                ["x", "--since", "soon"],
                "replay: --since soon is not a valid time: write 2026-03-17T09:00:00Z, or 2026-03-17"
            ),
            (
                ["x", "--since", "2026-03-18", "--until", "2026-03-17"],
                "replay: --since is later than --until"
            ),
            (
                ["x", "--fail-on", "worst"],
                "replay: --fail-on worst is not a valid severity: informational, low, medium, high, critical"
            ),
            (
                ["x", "--inventory-time", "2026-03-17T09:00:00Z"],
                "replay: --inventory-time is about --inventory, which is not given"
            ),
            (
                ["x", "--inventory", "y", "--inventory-account", "17"],
                "replay: --inventory-account 17 is not a valid account id: write its 12 digits"
            ),
            (["x", "--fail-one", "high"], "replay: unknown option --fail-one; did you mean --fail-on?"),
        ]
    )
    func usage(arguments: [String], line: String) throws {
        let result = try runCommand([Binary.path, "replay"] + arguments)
        #expect(result.errors == "amiwatch: \(line) (see 'amiwatch replay --help')\n")
        #expect(result.output.isEmpty)
        #expect(result.status == 2)
    }

    @Test("What is missing or broken is one line that names it, and exit status 1, before any work")
    func failures() throws {
        let events = try tree.write("events.jsonl", SampleDay.records[0])
        let policy = try tree.write("policy.yaml", "version: 1\nimages: 7\n")
        try FileManager.default.createDirectory(
            atPath: "\(tree.path)/empty",
            withIntermediateDirectories: true
        )
        let inventory = try tree.write("inventory.json", #"{"Tags": []}"#)
        try tree.write("other/README", "text\n")
        try tree.write("nothing.json", "\n")
        let cases: [([String], String)] = [
            (["/no/such/file"], "amiwatch: reading /no/such/file: No such file or directory"),
            (["\(tree.path)/empty"], "amiwatch: \(tree.path)/empty: no trail files there"),
            (
                ["\(tree.path)/other"],
                "amiwatch: \(tree.path)/other: no trail files there (1 other file was passed over; name it to read it "
            ),
            (
                [events, "--inventory", "\(tree.path)/nothing.json"],
                "amiwatch: \(tree.path)/nothing.json: nothing is in it; did the command that was to write it fail?"
            ),
            ([events, "--policy", policy], "amiwatch: \(policy):2:9: error: "),
            ([events, "--policy", "/no/policy.yaml"], "amiwatch: /no/policy.yaml"),
            (
                [events, "--output", "/no/such/folder/x"],
                "amiwatch: writing /no/such/folder/x: No such file or directory"
            ),
            (
                [events, "--inventory", "/no/inventory"],
                "amiwatch: reading /no/inventory: No such file or directory"
            ),
            (
                [events, "--inventory", inventory],
                "amiwatch: \(inventory): byte 0: unknown document; expected what describe-images"
            ),
        ]
        for (arguments, line) in cases {
            let result = try runCommand([Binary.path, "replay"] + arguments)
            #expect(result.errors.hasPrefix(line), "\(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
            #expect(result.output.isEmpty)
            #expect(result.status == 1)
        }
    }

    @Test("A full disk is an error, a reader that has seen enough is none")
    func output() throws {
        let full = try Binary.run("replay", SampleDay.trail, "--output", "/dev/full")
        #expect(full.status == 1)
        #expect(full.errors.contains("amiwatch: writing /dev/full: No space left on device\n"))
        let head = try Binary.script(#""$0" replay '\#(SampleDay.trail)' 2>/dev/null | head -c 1"#)
        #expect(head.output == "{")
    }

    @Test("--fail-on: exit status 3 when a finding is as bad as that")
    func failOn() throws {
        let arguments = [
            "replay", SampleDay.trail, "--policy", SampleDay.policy, "--output", "/dev/null", "--fail-on",
        ]
        #expect(try runCommand([Binary.path] + arguments + ["critical"]).status == 3)
        #expect(try runCommand([Binary.path] + arguments + ["low"]).status == 3)
        let quiet = ["--until", "2026-03-17T07:30:00Z"]
        #expect(try runCommand([Binary.path] + arguments + ["critical"] + quiet).status == 0)
    }

    @Test(
        "--until ignores what is later and lets the clock stand there; --since only keeps back what is older"
    )
    func times() throws {
        func run(
            _ options: String...
        ) throws -> (lines: [[String: Any]], summary: [String: Any]) {
            let result = try runCommand(
                [
                    Binary.path, "replay", SampleDay.trail, "--policy", SampleDay.policy, "--summary",
                    "\(tree.path)/summary",
                ] + options
            )
            #expect(result.status == 0)
            let lines = result.output.split(separator: "\n").map { SampleDay.object(String($0)) }
            return (lines, SampleDay.object(try tree.read("summary")))
        }
        func time(_ line: [String: Any]) -> String {
            (line["event"] as? [String: Any])?["time"] as? String ?? ""
        }
        let all = try run()
        let until = try run("--until", "2026-03-17T10:00:00Z")
        #expect(until.lines.allSatisfy { time($0) <= "2026-03-17T10:00:00Z" })
        #expect(until.summary["read"] as? Int == all.summary["read"] as? Int)
        #expect(until.summary["applied"] as? Int ?? 0 < all.summary["applied"] as? Int ?? 0)
        let since = try run("--since", "2026-03-17T10:00:00Z")
        #expect(since.lines.allSatisfy { time($0) >= "2026-03-17T10:00:00Z" })
        #expect(since.summary["applied"] as? Int == all.summary["applied"] as? Int)
        #expect(since.lines.count == all.lines.filter { time($0) >= "2026-03-17T10:00:00Z" }.count)
        let statuses = Dictionary(grouping: since.lines) { $0["status"] as? String ?? "" }.mapValues(\.count)
        let counted = (since.summary["alerts"] as? [String: Int] ?? [:]).filter { $0.value > 0 }
        #expect(statuses == counted)
        // Fourteen minutes after web-debug was made without tags it is not too late for them; fifteen, and it is.
        func isTold(_ time: String) throws -> Bool {
            try run("--until", time).lines.contains { line in
                line["rule_id"] as? String == "ami-created-without-required-tags"
                    && line["discriminator"] as? String == "CostCenter"
                    && (line["event"] as? [String: Any])?["time"] as? String == "2026-03-17T08:10:05Z"
            }
        }
        #expect(try !isTold("2026-03-17T08:25:04Z"))
        #expect(try isTold("2026-03-17T08:25:05Z"))
    }

    @Test("The summary has its keys in their order")
    func summary() throws {
        let result = try Binary.run(
            "replay",
            SampleDay.trail,
            "--summary",
            "\(tree.path)/s",
            "--output",
            "/dev/null"
        )
        #expect(result.status == 0)
        let text = try tree.read("s")
        let shape = text.replacing(/[0-9]+/, with: "n")
        #expect(
            shape == #"{"read":n,"ignored":n,"applied":n,"duplicate":n,"dead_lettered":n,"#
                + #""alerts":{"open":n,"updated":n,"resolved":n,"retracted":n},"findings":{"open":n,"resolved":n}}"#
                + "\n"
        )
    }

    @Test("A replay without a policy says that nobody is trusted")
    func noPolicy() throws {
        let line = "policy: none was given, so nobody is trusted"
        #expect(try Binary.run("replay", SampleDay.trail).errors.contains("\n\(line)"))
        let judged = try Binary.run("replay", SampleDay.trail, "--policy", SampleDay.policy)
        #expect(!judged.errors.contains("policy: none"))
    }

    @Test("The summary for people names what was passed over, what is wrong and what would settle it")
    func people() throws {
        try tree.write("a.json", SampleDay.document(SampleDay.records))
        try tree.write("README", "words")
        let result = try Binary.run(
            "replay",
            tree.path,
            "--policy",
            SampleDay.policy,
            "--output",
            "/dev/null"
        )
        for part in [
            "1 file, \(SampleDay.records.count) records in ",
            "passed over: \(tree.path)/README: neither JSON",
            "findings: ", "  critical  ", "aws ec2 describe-images --region eu-central-1 --image-ids ami-",
            "\n  in account 777788889999\n    aws ec2 ",
            "\n    aws ec2 get-allowed-images-settings --region us-east-1\n",
        ] { #expect(result.errors.contains(part), "\(part) in \(result.errors)") }
        #expect(!result.errors.contains("\u{1B}"))
    }
}
