import Foundation
import KafkaTestSupport
import TestSupport
import Testing

/// `amiwatch findings` from trail files, beside what a replay finds.
struct FindingsTests {
    private func findings(_ options: String...) throws -> CommandResult {
        try runCommand(
            [Binary.path, "findings", "--policy", SampleDay.policy] + options + ["--trail", SampleDay.trail]
        )
    }

    private func lines(_ result: CommandResult) -> [String] {
        result.output.split(separator: "\n").map(String.init)
    }

    @Test("It lists what a replay ends with, line by line, and what was retracted besides")
    func agreesWithReplay() throws {
        let replay = try Binary.run("replay", SampleDay.trail, "--policy", SampleDay.policy, "--findings")
        let expected = lines(replay)
        #expect(expected.count > 20)
        let both = try findings("--status", "open,resolved", "--format", "json")
        #expect(both.status == 0, "\(both.errors)")
        #expect(lines(both).sorted() == expected.sorted())
        let open = expected.filter { SampleDay.object($0)["status"] as? String == "open" }
        #expect(lines(try findings("--format", "json")).sorted() == open.sorted())
        #expect(both.errors.contains("\(expected.count) findings; \(open.count) open of "))

        // What alerts say was retracted, and did not come again.
        let alerts = lines(try Binary.run("replay", SampleDay.trail, "--policy", SampleDay.policy))
        var last: [String: String] = [:]
        for alert in alerts.map(SampleDay.object) {
            let status = alert["status"] as? String
            let instances = alert["instances"] as? [[String: Any]] ?? [alert]
            for about in instances { last[about["finding_id"] as? String ?? ""] = status }
        }
        let retracted = Set(last.filter { $0.value == "retracted" }.keys)
        #expect(!retracted.isEmpty)
        let listed = lines(try findings("--status", "retracted", "--format", "json")).map(SampleDay.object)
        #expect(Set(listed.compactMap { $0["finding_id"] as? String }) == retracted)
        #expect(listed.allSatisfy { $0["event"] is NSNull && $0["verdict"] as? String == "allowed" })
        let all = try findings("--all", "--format", "json")
        #expect(lines(all).count == expected.count + retracted.count)
    }

    @Test("The table has a row for each, the worst first; filters and statuses choose")
    func table() throws {
        let rows = lines(try findings())
        #expect(rows.first?.hasPrefix("SEVERITY  STATUS ") == true)
        #expect(rows.dropFirst().first?.hasPrefix("critical  open ") == true)
        let open = lines(try findings("--format", "json")).map(SampleDay.object)
        #expect(rows.count == open.count + 1)
        for (row, finding) in zip(rows.dropFirst(), open) {
            let id = finding["finding_id"] as? String ?? "?"
            #expect(row.hasSuffix(id.prefix(12)) && row.contains(finding["rule_id"] as? String ?? "?"))
        }
        let undetermined = lines(try findings("--status", "undetermined", "--format", "json"))
        let expected = open.filter { $0["verdict"] as? String == "undetermined" }
        #expect(!expected.isEmpty && undetermined.count == expected.count)
        let high = lines(
            try findings("--severity", "high", "--account", "777788889999", "--format", "json")
        ).map(SampleDay.object)
        #expect(!high.isEmpty)
        #expect(
            high.count
                == open.count {
                    $0["severity"] as? String == "high" && $0["account_id"] as? String == "777788889999"
                }
        )
        let picture = try findings("--rule", "launch-from-denied-ami", "--format", "text").output
        #expect(picture.contains("\n  because  ") && picture.contains("\n  do       aws ec2 "))
        let csv = try findings("--format", "csv").output
        #expect(csv.hasPrefix("\"status\",") && csv.contains("\r\n\"open\","))
        let nothing = try findings("--rule", "ami-exported")
        #expect(nothing.output.isEmpty && nothing.status == 0)
    }

    @Test("Counted by keys, the counts add up")
    func counts() throws {
        let open = lines(try findings("--format", "json")).map(SampleDay.object)
        let counts = lines(try findings("--count-by", "account,severity", "--format", "json"))
            .map(SampleDay.object)
        for count in counts {
            let own = open.filter { finding in
                ["account_id", "severity"].allSatisfy { finding[$0] as? String == count[$0] as? String }
            }
            #expect(own.count == count["findings"] as? Int && !own.isEmpty)
        }
        #expect(counts.compactMap { $0["findings"] as? Int }.reduce(0, +) == open.count)
        let table = lines(try findings("--count-by", "rule"))
        #expect(table.first?.hasPrefix("RULE ") == true)
        #expect(table.count == Set(open.compactMap { $0["rule_id"] as? String }).count + 1)
    }

    @Test("As of a time it is what a replay until then ends with")
    func asOf() throws {
        let time = "2026-03-17T10:40:00Z"
        let replay = try Binary.run(
            "replay",
            SampleDay.trail,
            "--policy",
            SampleDay.policy,
            "--findings",
            "--until",
            time
        )
        let then = try findings("--status", "open,resolved", "--format", "json", "--at", time)
        #expect(lines(then).sorted() == lines(replay).sorted() && then.status == 0)
        #expect(lines(then).count > 3)
        let before = try findings("--at", "2026-03-16")
        #expect(before.output.isEmpty && before.status == 0, "\(before)")
    }

    @Test("What is wrong is one line; --fail-on is about what is printed")
    func refusals() throws {
        #expect(try findings("--fail-on", "critical").status == 3)
        #expect(try findings("--fail-on", "critical", "--severity", "low").status == 0)
        for (options, status, words) in [
            (["--status", "closed"], 2, "--status closed is not a status: open, undetermined, "),
            (["--all", "--status", "open"], 2, "contradict each other"),
            (["--count-by", "colour"], 2, "--count-by colour is not understood: account, region, "),
            (["--count-by", "rule", "--format", "text"], 2, "--count-by is a table"),
            (["--at", "soon"], 2, "--at soon is not a valid time"),
            (["--severity", "worst"], 2, "--severity worst is not a valid severity"),
            (["--bootstrap-servers", "a:1"], 2, "is about a cluster, and --trail about files"),
            (["/no/such/file"], 1, "reading /no/such/file: No such file or directory"),
        ] as [([String], Int32, String)] {
            let result = try runCommand(
                [Binary.path, "findings", "--policy", SampleDay.policy, "--trail", SampleDay.trail] + options
            )
            #expect(result.status == status && result.errors.contains(words), "\(options): \(result)")
            #expect(result.output.isEmpty && result.errors.split(separator: "\n").count == 1, "\(result)")
        }
        for (options, status, words) in [
            ([], 1, "name your brokers with --bootstrap-servers, or files with --trail"),
            (["trail"], 2, "trail is not understood; to read files, name them with --trail"),
            (
                ["--at", "2026-03-17"], 2,
                "--at goes with --trail: workers keep findings as they stand now, and forget facts"
            ),
            (["--inventory", "x.json"], 2, "--inventory goes with --trail"),
        ] as [([String], Int32, String)] {
            let result = try runCommand([Binary.path, "findings"] + options)
            #expect(result.status == status && result.errors.contains(words), "\(options): \(result)")
        }
    }
}
