import TestSupport
import Foundation
import KafkaTestSupport
import Testing

/// `amiwatch test`: what it says of fixtures that differ.
struct FixtureCommandTests {
    private let tree: TestFolder

    init() throws {
        tree = try TestFolder()
        try FileManager.default.copyItem(
            atPath: "\(SeedTests.folder)/launch-permissions",
            toPath: "\(tree.path)/shares"
        )
    }

    @Test("A difference is shown key by key, and exit status 3; --update writes what came")
    func differs() throws {
        let text = try tree.read("shares/expected-alerts.jsonl")
        var lines = text.split(separator: "\n").map(String.init)
        lines[0] = lines[0].replacing(#""severity":"high""#, with: #""severity":"low","none":1"#)
        lines.remove(at: 2)
        lines.append(lines[2].replacing("ami-0f23ba2844a91dbea", with: "ami-00000000000000001"))
        try tree.write("shares/expected-alerts.jsonl", lines.joined(separator: "\n"))
        let result = try Binary.run("test", tree.path)
        #expect(result.status == 3)
        #expect(
            result.output == """
                differs  \(tree.path)/shares
                  alert 1: ami-shared-with-untrusted-account  open  ami-0f23ba2844a91dbea  123456123456  2026-03-17T07:00:00Z
                      severity
                        - "low"
                        + "high"
                      none
                        - 1
                        + (no such key)
                  + not expected: ami-shared-with-untrusted-account  resolved  ami-0f23ba2844a91dbea  123456123456  2026-03-17T08:00:00Z
                  - missing: ami-shared-publicly  open  ami-00000000000000001  all  2026-03-17T09:00:00Z
                1 fixture: 0 as expected, 1 differing

                """
        )
        #expect(try Binary.run("test", "--update", tree.path).status == 0)
        #expect(try Binary.run("test", tree.path).output.hasPrefix("ok "))
    }

    @Test("No fixture, no expected alerts, events that cannot be read, a broken policy: said in words")
    func wrong() throws {
        try FileManager.default.removeItem(atPath: "\(tree.path)/shares/expected-alerts.jsonl")
        let missing = try Binary.run("test", tree.path)
        #expect(missing.status == 3)
        #expect(missing.output.contains("expected-alerts.jsonl is missing; --update writes it"))
        #expect(try Binary.run("test", "--update", tree.path).status == 0)

        let events = try tree.read("shares/events.jsonl")
        try tree.write("shares/events.jsonl", events + "{\n")
        let broken = try Binary.run("test", "--update", tree.path)
        #expect(broken.status == 3)
        #expect(broken.output.contains("events.jsonl, record 7: truncated"))
        try tree.write("shares/events.jsonl", events)

        try tree.write("shares/options.txt", "--until never\n")
        #expect(try Binary.run("test", tree.path).errors.contains("--until never is not a valid time"))
        try tree.write("shares/options.txt", "--findings\n")
        let options = try Binary.run("test", tree.path)
        #expect(options.status == 1)
        #expect(options.errors.contains("options.txt:1: --findings is none of --until TIME"))
        try tree.write("shares/options.txt", "")

        try tree.write("shares/policy.yaml", "version: 2\n")
        #expect(try Binary.run("test", tree.path).status == 1)
        try FileManager.default.createDirectory(
            atPath: "\(tree.path)/none",
            withIntermediateDirectories: true
        )
        let none = try Binary.run("test", "\(tree.path)/none")
        #expect(none.status == 1)
        #expect(
            none.errors
                == "amiwatch: \(tree.path)/none: no fixture there, which is a folder with events.jsonl\n"
        )
    }

    @Test("--until in options.txt lets a deadline pass")
    func until() throws {
        let fixture = "\(tree.path)/grace"
        let image = SampleDay.records.first {
            $0.contains(#""name":"web-debug""#) && $0.contains("CreateImage")
        }
        try tree.write("grace/events.jsonl", try #require(image))
        try tree.write(
            "grace/policy.yaml",
            "version: 1\nrequired_tags:\n  - {resource: image, key: CostCenter, grace_minutes: 15}\n"
        )
        try tree.write("grace/expected-alerts.jsonl", "")
        #expect(!(try Binary.run("test", fixture).output.contains("ami-created-without-required-tags")))
        try tree.write("grace/options.txt", "--until 2026-03-17\n")
        #expect(try Binary.run("test", fixture).output.contains("ami-created-without-required-tags"))
    }

    @Test("An event is told in short; a key that is none is named with its line")
    func short() throws {
        let fixture = "\(tree.path)/short"
        let share =
            #"{"at": "09:00", "call": "ModifyImageAttribute", "by": "role/deploy", "region": "eu-west-1", "#
        let request =
            #"{"imageId": "ami-0abcdef0000000001", "launchPermission": {"add": {"items": [{"group": "all"}]}}}"#
        try tree.write("short/events.jsonl", share + #""request": \#(request)}"# + "\n")
        #expect(try Binary.run("test", "--update", fixture).status == 0)
        let alert = try tree.read("short/expected-alerts.jsonl")
        for part in [
            #""rule_id":"ami-shared-publicly""#, #""region":"eu-west-1""#, #""time":"2026-03-02T09:00:00Z""#,
            "arn:aws:sts::111122223333:assumed-role/deploy/session",
        ] {
            #expect(alert.contains(part))
        }
        let refused = share + #""request": \#(request), "error": "Client.UnauthorizedOperation"}"# + "\n"
        try tree.write("short/events.jsonl", refused)
        #expect(try Binary.run("test", fixture).output.contains("- missing: ami-shared-publicly"))
        try tree.write("short/events.jsonl", "\n" + share + #""imageId": "ami-0abcdef0000000001"}"# + "\n")
        let wrong = try Binary.run("test", fixture)
        #expect(wrong.status == 1)
        #expect(
            wrong.errors.contains(
                "short/events.jsonl:2: imageId is none of an event's keys (account, at, by,"
            )
        )
    }
}
