import TestSupport
import Foundation
import KafkaTestSupport
import Testing

/// The controls that people ask for first, each as a fixture of `amiwatch test`.
struct SeedTests {
    static let folder = Binary.checkout.appending(path: "Tests/CommandTests/Fixtures/seeds").path
    static let names = (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted() ?? []

    @Test("The control holds", arguments: names)
    func holds(name: String) throws {
        let result = try Binary.run("test", "\(Self.folder)/\(name)")
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("1 fixture: 1 as expected"))
    }

    @Test("The order of the events does not matter to the findings", arguments: names)
    func order(name: String) throws {
        let tree = try TestFolder()
        let fixture = "\(Self.folder)/\(name)"
        let events = try String(contentsOf: URL(fileURLWithPath: fixture + "/events.jsonl"), encoding: .utf8)
            .split(separator: "\n")
        func findings(_ events: [Substring]) throws -> String {
            let file = try tree.write("events.jsonl", events.joined(separator: "\n"))
            let result = try Binary.run("replay", file, "--policy", fixture + "/policy.yaml", "--findings")
            #expect(result.status == 0, "\(result.errors)")
            return result.output
        }
        let straight = try findings(events)
        #expect(!straight.isEmpty)
        var dice = SplitMix64(seed: 7)
        #expect(try findings(events.reversed()) == straight)
        for _ in 0..<4 { #expect(try findings(events.shuffled(using: &dice)) == straight) }
    }

    @Test(
        "describe-instance-image-metadata settles a launch that could not be told, impossible dates and all"
    )
    func settled() throws {
        let fixture = "\(Self.folder)/instance-image-metadata"
        let arguments = [
            "replay", fixture + "/events.jsonl", "--policy", fixture + "/policy.yaml", "--findings",
        ]
        let before = try runCommand([Binary.path] + arguments)
        #expect(before.output.split(separator: "\n").count == 2)
        #expect(before.output.split(separator: "\n").allSatisfy { $0.contains(#""verdict":"undetermined""#) })
        #expect(before.errors.contains("aws ec2 describe-images --region us-east-1 --image-ids ami-"))
        let inventory = ["--inventory", fixture + "/inventory.json"]
        for options in [[], ["--inventory-time", "2026-03-17T12:00:00Z"]] {
            let after = try runCommand([Binary.path] + arguments + inventory + options)
            #expect(after.status == 0)
            let findings = after.output.split(separator: "\n").map { SampleDay.object(String($0)) }
            #expect(findings.count == 1)
            #expect(findings.first?["verdict"] as? String == "violation")
            let resource = findings.first?["resource"] as? [String: Any]
            #expect(resource?["id"] as? String == "i-01234abcd1234abcd")
            #expect(after.errors.contains("LaunchTime 2025-02-00T12:46:03+00:00 is not a valid date"))
        }
    }

    @Test("A finding about a statement is explained by the statement, its condition and the values")
    func statement() throws {
        let alerts = "\(Self.folder)/iam-run-by-tag/expected-alerts.jsonl"
        let text = try Binary.run("explain", alerts).output
        for line in [
            "statement = Deny, Action ec2:RunInstances, Resource arn:aws:ec2:*::image/*",
            "condition = StringNotEquals ec2:ResourceTag/Role: golden",
            "ec2:ResourceTag/Role of image ami-0abcdef0000000002 = scratch",
            "ec2:ResourceTag/Role of the instance = absent",
            "clause  run-by-tag-mended.json#RequiresTags",
            "aws ec2 terminate-instances --region us-east-1 --instance-ids i-0abcdef0000000002",
        ] { #expect(text.contains(line), "\(line)") }
    }

    @Test("The statement that lacks a quote is refused where it does, with what it should be")
    func missingQuote() throws {
        let fixture = "Tests/ConfigurationTests/Fixtures/policies/statements-missing-quote"
        let policy = Binary.checkout.appending(path: "\(fixture)/policy.yaml").path
        let place =
            #"tag-requirement.json:7:1: error: the string that begins here has no closing quote on its line"#
        for command in [["check", "--policy", policy], ["replay", "--policy", policy, Self.folder]] {
            let result = try runCommand([Binary.path] + command)
            #expect(result.status != 0)
            let said = result.output + result.errors
            #expect(said.contains(place), "\(said)")
            #expect(said.contains(#"write "arn:aws:ec2:*:*:snapshot/*""#), "\(said)")
        }
    }
}
