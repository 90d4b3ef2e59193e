import Foundation
import KafkaTestSupport
import TestSupport
import Testing

/// Alerts as text and as a table, chosen by options, and with hostile names in them.
struct ReplayFormatTests {
    private let tree: TestFolder

    init() throws { tree = try TestFolder() }

    private func replay(_ options: String...) throws -> CommandResult {
        try runCommand([Binary.path, "replay", "--policy", SampleDay.policy, SampleDay.trail] + options)
    }

    @Test("Filters choose what is printed, and nothing else", arguments: [[], ["--findings"]])
    func filters(form: [String]) throws {
        func lines(_ options: String...) throws -> [[String: Any]] {
            let all = [Binary.path, "replay", "--policy", SampleDay.policy, SampleDay.trail] + form + options
            return try runCommand(all).output.split(separator: "\n").map { SampleDay.object(String($0)) }
        }
        let all = try lines()
        let high = try lines("--severity", "high,critical")
        #expect(high.count > 0 && high.count < all.count)
        #expect(high.count == all.count { ["high", "critical"].contains($0["severity"] as? String) })
        let rules = ["ami-shared-publicly", "launch-from-unapproved-ami"]
        let byRule = try lines("--rule", rules[0], "--rule", rules[1])
        #expect(
            byRule.count > 0 && byRule.count == all.count { rules.contains($0["rule_id"] as? String ?? "") }
        )
        let account = try #require(all.first?["account_id"] as? String)
        #expect(try lines("--account", account).count == all.count { $0["account_id"] as? String == account })
        let resource = try #require((all.first?["resource"] as? [String: Any])?["id"] as? String)
        let byResource = try lines("--resource", resource)
        #expect(byResource.count > 0)
        #expect(byResource.allSatisfy { ($0["resource"] as? [String: Any])?["id"] as? String == resource })
    }

    @Test("--fail-on is about everything; the summary says what was left out; slips are told")
    func summary() throws {
        let result = try replay("--rule", "ami-shared-by-service", "--fail-on", "critical")
        #expect(result.status == 3)
        #expect(result.errors.contains("(--rule ami-shared-by-service); the rest was judged and counted\n"))
        for (options, line) in [
            (
                ["--rule", "ami-shared-publicy"],
                "--rule ami-shared-publicy is not a rule; did you mean ami-shared-publicly?"
            ),
            (["--account", "123"], "--account 123 is not a valid account id: write its 12 digits"),
            (
                ["--severity", "hi"],
                "--severity hi is not a valid severity: informational, low, medium, high, critical"
            ),
        ] {
            let slip = try runCommand([Binary.path, "replay", SampleDay.trail] + options)
            #expect(slip.status == 2)
            #expect(slip.errors.hasPrefix("amiwatch: replay: \(line)"), "\(slip.errors)")
        }
    }

    @Test("Text is what people read, csv has a header and a row for each")
    func forms() throws {
        let native = try replay()
        let text = try replay("--format", "text")
        #expect(text.output.contains("CRITICAL open  ami-shared-publicly  ami-"))
        #expect(text.output.contains("\n  do       aws ec2 modify-image-attribute "))
        let rows = try replay("--format", "csv").output.components(separatedBy: "\r\n")
        #expect(rows[0].hasPrefix("\"status\",\"verdict\",\"severity\",\"rule_id\","))
        #expect(rows.count == native.output.split(separator: "\n").count + 2)
        #expect(rows.last == "")
    }

    /// `inventory` with names, Regions and dates that nobody has, and in files that nobody calls so.
    private func inventories(_ names: [String]) throws -> [CommandResult] {
        let instances = names.enumerated().map { number, name in
            ["InstanceId": "i-\(name)", "AvailabilityZone": "\(name)1a", "LaunchTime": name, "ImageId": name]
        }
        let text = SampleDay.text(of: ["InstanceImageMetadata": instances])
        let file = try tree.write("x\u{1B}[2J\u{202E}.json", text)
        let dry = ["inventory", "--dry-run", "--account", "111122223333", "--region"]
        return try ["us-east-1", "x\u{9B}2J"].map { try runCommand([Binary.path] + dry + [$0, file]) }
            + [try Binary.run("inventory", "--dry-run", file), try Binary.run("inventory", file + "\u{7F}")]
    }

    /// Whether a terminal takes every scalar as something to show.
    private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
        let ranges: [ClosedRange<UInt32>] = [
            0x20...0x7E, 0xA0...0xAC, 0xAE...0x61B, 0x61D...0x180A, 0x180F...0x200A, 0x2010...0x2027,
            0x202F...0x205F, 0x2070...0xDFFF, 0xF900...0xFDFF, 0xFE10...0xFEFE, 0xFF00...0xFFEF,
            0xFFFC...0xFFFD,
            0x10000...0xDFFFF,
        ]
        return ranges.contains { $0.contains(scalar.value) } && ![0x34F, 0x3164].contains(scalar.value)
    }

    @Test("Hostile names in every output: a terminal is shown text, a spreadsheet no formula")
    func hostile() throws {
        var hostile = HostileText(seed: 3)
        let template = try #require(
            SampleDay.records.first { SampleDay.object($0)["eventName"] as? String == "ModifyImageAttribute" }
        )
        var records: [String] = []
        let names = HostileText.pieces + (0..<300).map { _ in hostile.text() }
        for (number, name) in names.enumerated() {
            var record = SampleDay.object(template)
            record["eventID"] = "00000000-0000-4000-9000-\(String(format: "%012d", number))"
            record["sharedEventID"] = nil
            record["userAgent"] = name
            record["awsRegion"] = number % 2 == 0 ? "us-east-1" : name
            var identity = record["userIdentity"] as? [String: Any] ?? [:]
            identity["arn"] = "=" + name
            record["userIdentity"] = identity
            record["requestParameters"] = [
                "imageId": "=ami-" + name, "attributeType": "launchPermission",
                "launchPermission": ["add": ["items": [["group": "all"], ["organizationArn": name]]]],
            ]
            record["responseElements"] = ["_return": true]
            records.append(SampleDay.text(of: record))
        }
        records.append(String(records[0].dropLast(5)) + "\u{1B}]0;x\u{7}")
        let trail = try tree.write("hostile\u{1B}[2J\u{202E}.jsonl", records.joined(separator: "\n"))
        let alerts = tree.path + "/alerts.jsonl"
        #expect(try Binary.run("replay", trail, "-o", alerts).status == 0)
        #expect(try tree.lines("alerts.jsonl").count > 200)
        var outputs: [CommandResult] = []
        for form in ["text", "csv"] {
            for findings in [[], ["--findings"]] {
                let all = [Binary.path, "replay", trail, "--format", form] + findings
                let result = try runCommand(all)
                #expect(result.status == 0)
                outputs.append(result)
                guard form == "csv" else { continue }
                for row in result.output.components(separatedBy: "\r\n") where !row.isEmpty {
                    for cell in row.dropFirst().dropLast().components(separatedBy: "\",\"") {
                        #expect(!["=", "+", "-", "@"].contains(String(cell.prefix(1))), "\(cell)")
                    }
                }
            }
        }
        outputs.append(try Binary.run("explain", alerts))
        outputs.append(try Binary.run("explain", "x\u{1B}[2J\u{202E}", "--alerts", alerts))
        outputs.append(try Binary.run("replay", "x\u{1B}[2J\u{202E}"))
        outputs.append(try Binary.run("replay", trail, "--rule", "x\u{9B}2J"))
        outputs.append(try Binary.run("check", "--policy", trail))
        outputs.append(try Binary.run("test", trail))
        let folder = "x\u{9B}2J\u{202E}\u{85}"
        try tree.write("fixtures/\(folder)/events.jsonl", records[0] + "\n" + records[3])
        try tree.write("fixtures/\(folder)/expected-alerts.jsonl", "{\"\(folder)\":\"\(folder)\"}\n")
        outputs.append(try Binary.run("test", tree.path + "/fixtures"))
        outputs.append(try Binary.run("test", "--update", tree.path + "/fixtures"))
        outputs.append(try Binary.run("test", tree.path + "/fixtures"))
        try tree.write("\(folder)/policy.yaml", "version: 1\n")
        outputs.append(try Binary.run("check", "--policy", "\(tree.path)/\(folder)/policy.yaml"))
        outputs.append(try Binary.run("topics", "--input", folder))
        outputs.append(try Binary.run("topics", "--partitions", folder))
        outputs.append(contentsOf: try inventories(names))
        let live = try Binary.run("run", "--embedded", "--until-end", "--print-alerts", "--feed", trail)
        #expect(live.status == 0)
        outputs.append(live)
        for line in live.errors.split(separator: "\n") { #expect(!SampleDay.object(String(line)).isEmpty) }
        for result in outputs {
            let text = (result.output + result.errors).replacing("\r\n", with: "\n")
            let shown = text.unicodeScalars.filter { $0 != "\n" && !Self.isShown($0) }
            #expect(shown.isEmpty, "\(shown.map(\.value).prefix(5))")
            #expect(!result.output.isEmpty || !result.errors.isEmpty)
        }
    }
}
