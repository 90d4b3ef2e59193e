import TestSupport
import Foundation
import KafkaTestSupport
import Testing

/// `amiwatch explain`.
struct ExplainTests {
    private let tree: TestFolder
    private let alerts: String

    init() throws {
        tree = try TestFolder()
        alerts = "\(tree.path)/alerts.jsonl"
        let result = try Binary.run(
            "replay",
            SampleDay.trail,
            "--policy",
            SampleDay.policy,
            "--output",
            alerts
        )
        #expect(result.status == 0)
    }

    private func alert(where matches: ([String: Any]) -> Bool) throws -> String {
        try #require(try tree.lines("alerts.jsonl").last { matches(SampleDay.object($0)) })
    }

    @Test("A resolved finding by the beginning of its id: its facts, its clause, its life")
    func history() throws {
        let line = try alert { $0["rule_id"] as? String == "ami-shared-publicly" }
        let id = try #require(SampleDay.object(line)["finding_id"] as? String)
        let result = try Binary.run("explain", String(id.prefix(12)), "--alerts", alerts)
        #expect(result.status == 0)
        for part in [
            "ami-shared-publicly  critical  resolved\n",
            "├─ who    arn:aws:sts::777788889999:assumed-role/developer/anna@example.com",
            "├─ undone by  arn:aws:sts::777788889999:assumed-role/developer/anna@example.com, from 198.51.100.31 with "
                + "AWS Internal: ModifyImageAttribute at 2026-03-17T11:51:00Z, event ",
            "├─ said   when another event was read that tells more about it\n",
            "│  ├─ launch permission = all  (2026-03-17T11:04:00Z, event ", "├─ clause  trust (policy ",
            "├─ seen  1 time, 2026-03-17T11:04:00Z to 2026-03-17T11:04:00Z\n│  ├─ open  ModifyImageAttribute at",
            "│  └─ resolved  ModifyImageAttribute at 2026-03-17T11:51:00Z", "MITRE ATT&CK T1537",
        ] { #expect(result.output.contains(part), "\(part) in \(result.output)") }
    }

    @Test("A command that settles a question is told once, and not as one that puts something right")
    func settling() throws {
        let line = try alert {
            $0["rule_id"] as? String == "allowed-amis-not-in-use"
                && $0["verdict"] as? String == "undetermined"
        }
        let result = try Binary.run("explain", try tree.write("alert.json", line))
        let command = "  aws ec2 get-allowed-images-settings --region us-east-1"
        #expect(result.output.components(separatedBy: command).count == 2)
        #expect(
            result.output.contains(
                "\nTo settle it, each printed into a file for --inventory FILE:\n\(command)"
            )
        )
        #expect(!result.output.contains("To put it right"))
    }

    @Test("What a caller wrote into the record cannot steer the terminal, nor write commands")
    func hostileTexts() throws {
        let unknown = try alert {
            ($0["missing"] as? [String])?.contains { $0.hasPrefix("owner of") } == true
        }
        var object = SampleDay.object(unknown)
        object["region"] = "us-east-1; echo $HOME"
        object["remediation"] = ["aws ec2 \u{202E}x", "aws\nrm -rf /"]
        object["message"] = "nothing\u{1B}[2J\u{9B}31m\u{202E}here\nopen"
        let data = try JSONSerialization.data(withJSONObject: object)
        let file = try tree.write("hostile.jsonl", String(decoding: data, as: UTF8.self))
        let result = try Binary.run("explain", file)
        #expect(result.status == 0)
        #expect(result.output.contains(#"nothing\u{1b}[2J\u{9b}31m\u{202e}here\nopen"#), "\(result.output)")
        #expect(
            result.output.hasSuffix("A command that would settle it is left out: the Region is malformed.\n")
        )
        #expect(!result.output.contains("aws "), "\(result.output)")
        #expect(result.output.contains("(left out: a command with unprintable characters)"))
        let steering = result.output.unicodeScalars.filter { $0.properties.generalCategory == .control }
        #expect(steering.allSatisfy { $0 == "\n" })
    }

    @Test("An open violation ends with commands to paste, an undetermined one with what would settle it")
    func commands() throws {
        let open = try alert {
            $0["rule_id"] as? String == "ami-shared-with-untrusted-organization"
                && $0["status"] as? String == "open"
        }
        let fix = try #require((SampleDay.object(open)["remediation"] as? [String])?.first)
        let explained = try Binary.run("explain", tree.write("one.jsonl", open))
        #expect(explained.output.hasSuffix("\nTo put it right:\n  \(fix)\n"), "\(explained.output)")

        let unknown = try alert {
            ($0["missing"] as? [String])?.contains { $0.hasPrefix("owner of") } == true
        }
        let file = try tree.write("unknown.jsonl", unknown)
        let people = try Binary.script(#""$0" explain - < '\#(file)'"#)
        #expect(people.output.contains("├─ not known\n"))
        #expect(people.output.contains("\n  aws ec2 describe-images --region "))
        let programs = try Binary.run("explain", file, "--format", "json")
        let object = SampleDay.object(programs.output)
        #expect(SampleDay.text(of: object["alert"] ?? "") == SampleDay.text(of: SampleDay.object(unknown)))
        #expect((object["settled_by"] as? [String])?.isEmpty == false)
    }

    @Test("What cannot be explained is one line")
    func failures() throws {
        let cases: [([String], String, Int32)] = [
            (["nothing"], "reading nothing: No such file or directory", 1),
            (
                ["abcd1234"],
                "reading abcd1234: No such file or directory; to look an id up, name a file: --alerts FILE", 1
            ),
            (["zz", "--alerts", alerts], "explain: zz is not a valid id: ", 2),
            (
                ["00000000000000", "--alerts", alerts], "\(alerts): no alert or finding 00000000000000 there",
                1
            ),
            ([SampleDay.policy], "\(SampleDay.policy), line 1: no alert in the native format", 1),
        ]
        for (arguments, line, status) in cases {
            let result = try runCommand([Binary.path, "explain"] + arguments)
            #expect(result.errors.hasPrefix("amiwatch: \(line)"), "\(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1)
            #expect(result.status == status)
        }
    }
}
