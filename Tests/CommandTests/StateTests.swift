import Foundation
import KafkaTestSupport
import Testing

/// `amiwatch state` from trail files.
struct StateTests {
    private static let image = "ami-08fcb05a94dd68fdf"

    private func state(_ options: String...) throws -> CommandResult {
        try runCommand(
            [Binary.path, "state", "--policy", SampleDay.policy] + options + ["--trail", SampleDay.trail]
        )
    }

    /// The items of a group of the only report, each by its name.
    private func items(_ group: String, _ options: String...) throws -> [String: [String: Any]] {
        let result = try runCommand(
            [
                Binary.path, "state", "--policy", SampleDay.policy, "--format", "json", "--trail",
                SampleDay.trail,
            ]
                + options
        )
        #expect(result.status == 0, "\(result.errors)")
        let report = SampleDay.object(result.output)
        #expect(report["schema"] as? String == "amiwatch.state/1")
        let groups = report["groups"] as? [String: Any] ?? [:]
        let items = (groups[group] as? [String: Any])?["items"] as? [[String: Any]] ?? []
        return Dictionary(items.map { ($0["name"] as? String ?? "", $0) }) { $1 }
    }

    @Test("Who could use an image, at a time and on a day, and what made it so")
    func image() throws {
        let then = try items("shares", "--image", Self.image, "--at", "2026-03-17T11:30:00Z")
        #expect(Set(then.keys) == ["111122223333", "all"])
        #expect(then["all"]?["since"] as? String == "2026-03-17T11:04:00Z")
        #expect(then["all"]?["until"] as? String == "2026-03-17T11:51:00Z")
        let event = then["all"]?["event"] as? [String: Any]
        #expect(event?["name"] as? String == "ModifyImageAttribute")
        #expect((event?["actor"] as? String)?.hasSuffix("assumed-role/developer/anna@example.com") == true)
        #expect(Set(try items("shares", "--image", Self.image).keys) == ["111122223333"])
        #expect(Set(try items("shares", "--image", Self.image, "--at", "2026-03-17").keys) == Set(then.keys))
        #expect(Set(try items("shares", "--image", Self.image, "--history").keys) == Set(then.keys))
        let attributes = try items("attributes", "--image", Self.image, "--at", "2026-03-16")
        #expect(attributes["status"]?["value"] as? String == "not there yet")
        #expect(attributes["owner"]?["value"] as? String == "777788889999")
        #expect(attributes["deprecated from"]?["value"] is NSNull)
        #expect(attributes["deprecated from"]?["unknown"] as? String == "nobody told")
        let launch = try items("launches", "--image", Self.image, "--at", "2026-03-17T11:30:00Z")
        #expect(launch["i-0df7c7f4144ef8cee"]?["until"] as? String == "2026-03-17T15:40:00Z")
        let table = try state("--image", Self.image, "--at", "2026-03-17T11:30:00Z").output
        #expect(table.hasPrefix("image \(Self.image), as of 2026-03-17T11:30:00Z\nWHAT "))
        #expect(table.contains("\nshared with all "))
    }

    @Test("Guardrails, an instance, a principal, the members, and all of it in short")
    func others() throws {
        let options = ["--account", "777788889999", "--region", "eu-central-1"]
        func setting(_ time: String) throws -> String? {
            try items("settings", options[0], options[1], options[2], options[3], "--at", time)[
                "Allowed AMIs"
            ]?[
                "value"
            ] as? String
        }
        #expect(try setting("2026-03-17T14:15:00Z") == "disabled")
        #expect(try setting("2026-03-17T14:14:59Z") == "enabled")
        let before = try items(
            "settings",
            options[0],
            options[1],
            options[2],
            options[3],
            "--at",
            "2026-03-01"
        )
        #expect(before["Allowed AMIs"]?["unknown"] as? String == "first told at 2026-03-17T05:34:05Z")
        let both = try state("--account", "777788889999", "--format", "json").output.split(separator: "\n")
        #expect(both.count == 2)

        let instance = try items("attributes", "--instance", "i-0df7c7f4144ef8cee")
        #expect(instance["image"]?["value"] as? String == Self.image)
        #expect(instance["status"]?["value"] as? String == "terminated")
        let running = try items(
            "attributes",
            "--instance",
            "i-0df7c7f4144ef8cee",
            "--at",
            "2026-03-17T12:00:00Z"
        )
        #expect(running["status"]?["value"] as? String == "running")

        let anna = "arn:aws:sts::777788889999:assumed-role/developer/anna@example.com"
        let calls = try state("--principal", anna).output
        #expect(calls.contains("call CreateImage ") && calls.contains("(refused)"))
        let members = try items("o-exampleorgid", "--members")
        #expect(members["777788889999"]?["value"] as? String == "member of o-exampleorgid, says the policy")
        let summary = try items("accounts")
        #expect(Set(summary.keys) == ["111122223333", "123456789012", "777788889999"])
        let open = try runCommand([
            Binary.path, "findings", "--policy", SampleDay.policy, "--trail", SampleDay.trail, "--account",
            "777788889999", "--format", "json",
        ]).output.split(separator: "\n").count
        #expect((summary["777788889999"]?["value"] as? String)?.contains("\(open) open findings") == true)
        #expect(try !state().output.contains("findings --trail"))
        // As of a time nobody counts them, and that is said.
        let then = try items("findings", "--at", "2026-03-17T10:00:00Z")["open findings"]
        #expect(then?["value"] is NSNull)
        #expect((then?["unknown"] as? String)?.contains("amiwatch findings --trail PATH --at TIME") == true)
        #expect(try state("--at", "2026-03-17T10:00:00Z").output.contains("\nopen findings "))
    }

    @Test("What is wrong, or not known, is one line")
    func refusals() throws {
        for (options, status, words) in [
            (
                ["--image", "ami-0000000000000000a"], 1,
                "nothing is known of image ami-0000000000000000a: no record"
            ),
            (["--account", "999999999999"], 1, "nothing is known of 999999999999: no record"),
            (["--account", "17"], 2, "--account 17 is not a valid account id"),
            (["--image", "i-08fcb05a94dd68fdf"], 2, "is not a valid id: it begins with ami-"),
            (["--principal", "anna"], 2, "--principal anna is not a valid ARN"),
            (["--image", Self.image, "--members"], 2, "--image and --members are too much at once"),
            (["--at", "soon"], 2, "--at soon is not a valid time"),
            (["--at", "2026-03-17", "--history"], 2, "--at and --history contradict each other"),
        ] as [([String], Int32, String)] {
            let result = try runCommand(
                [Binary.path, "state", "--policy", SampleDay.policy, "--trail", SampleDay.trail] + options
            )
            #expect(result.status == status && result.errors.contains(words), "\(options): \(result)")
            #expect(result.output.isEmpty && result.errors.split(separator: "\n").count == 1, "\(result)")
        }
    }
}
