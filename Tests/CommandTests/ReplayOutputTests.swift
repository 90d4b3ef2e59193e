import Foundation
import KafkaTestSupport
import Testing
import TestSupport

/// What becomes of the files that `replay` writes when something goes wrong.
struct ReplayOutputTests {
    private let tree: TestFolder

    init() throws { tree = try TestFolder() }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: tree.path).sorted() }
    }

    @Test("A file that is read is never overwritten, whatever it is called")
    func evidence() throws {
        let trail = try tree.write("trail/events.jsonl", SampleDay.records[0])
        let inventory = try tree.write("images.json", #"{"Images": []}"#)
        let link = tree.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: trail)
        let cases = [
            ("--output", trail), ("--summary", link), ("--dead-letters", inventory), ("--report", trail),
        ]
        for (option, path) in cases {
            let before = try String(contentsOfFile: path, encoding: .utf8)
            let result = try Binary.run(
                "replay",
                tree.path + "/trail",
                "--inventory",
                inventory,
                option,
                path
            )
            #expect(
                result.errors
                    == "amiwatch: replay: \(option) \(path) is a file that is read, and would be overwritten "
                    + "(see 'amiwatch replay --help')\n"
            )
            #expect(result.status == 2)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == before)
        }
    }

    @Test("Nor is a policy, nor a file that it includes", arguments: ["policy.yaml", "deny.json", "link"])
    func policies(name: String) throws {
        let trail = try tree.write("trail/events.jsonl", SampleDay.records[0])
        try tree.write(
            "policies/deny.json",
            #"{"Effect": "Deny", "Action": "ec2:DeregisterImage", "Resource": "*"}"#
        )
        let policy = try tree.write(
            "policies/policy.yaml",
            "version: 1\niam_statements: [{file: deny.json}]\n"
        )
        let path = "\(tree.path)/policies/\(name)"
        if name == "link" {
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "deny.json")
        }
        let before = try String(contentsOfFile: path, encoding: .utf8)
        for option in ["--output", "--summary", "--dead-letters", "--report"] {
            let result = try Binary.run("replay", trail, "--policy", policy, option, path)
            #expect(result.status == 2)
            #expect(result.errors.contains("\(option) \(path) is a file that is read"), "\(result.errors)")
            #expect(try String(contentsOfFile: path, encoding: .utf8) == before)
        }
    }

    @Test("Two outputs whose names Unicode calls equivalent are two files")
    func equivalentNames() throws {
        let trail = try tree.write("events.jsonl", SampleDay.records[0])
        let (one, other) = (tree.path + "/caf\u{E9}", tree.path + "/cafe\u{301}")
        let result = try Binary.run("replay", trail, "--output", one, "--dead-letters", other)
        #expect(result.status == 0, "\(result.errors)")
        #expect(try names.count == 3)
    }

    @Test("Two outputs into one file are refused; a device may take both")
    func sameFile() throws {
        let trail = try tree.write("events.jsonl", SampleDay.records[0])
        let (one, same) = (tree.path + "/out", tree.path + "/./out")
        let result = try Binary.run("replay", trail, "--output", one, "--dead-letters", same)
        #expect(result.errors.hasPrefix("amiwatch: replay: --output and --dead-letters are the same file"))
        #expect(result.status == 2)
        #expect(try names == ["events.jsonl"])
        let none = "/dev/null"
        let dropped = try Binary.run("replay", trail, "-o", none, "--dead-letters", none, "--summary", none)
        #expect(dropped.status == 0)
    }

    @Test("What an earlier run wrote stays when a later one fails, and no half of a file is left")
    func failing() throws {
        let trail = try tree.write("events.jsonl", SampleDay.records[0])
        let kept = try tree.write("alerts.jsonl", "of before\n")
        let inventory = ["--inventory", "/no/inventory.json"]
        for output in [kept, tree.path + "/new.jsonl"] {
            let result = try runCommand([Binary.path, "replay", trail, "--output", output] + inventory)
            #expect(result.status == 1)
        }
        #expect(try tree.read("alerts.jsonl") == "of before\n")
        #expect(try names == ["alerts.jsonl", "events.jsonl"])
        #expect(chmod(kept, 0o600) == 0)
        #expect(try Binary.run("replay", SampleDay.trail, "--output", kept).status == 0)
        #expect(try tree.lines("alerts.jsonl").count > 10)
        #expect(try FileManager.default.attributesOfItem(atPath: kept)[.posixPermissions] as? Int == 0o600)
        #expect(try names == ["alerts.jsonl", "events.jsonl"])
    }

    @Test(
        "An interrupted replay leaves what was there, and ends by the signal",
        arguments: [SIGINT, SIGTERM]
    )
    func interrupted(signal: Int32) throws {
        let kept = try tree.write("alerts.jsonl", "of before\n")
        let pipe = tree.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        // Nobody writes into the pipe, so the replay waits for its first record.
        let replay = try ChildProcess([Binary.path, "replay", pipe, "--output", kept])
        while try names.count < 3 {
            try #require(replay.exitStatus() == nil)
            usleep(10_000)
        }
        let between = try #require(try names.first { $0.hasSuffix(".partial") })
        #expect(between.hasPrefix("alerts.jsonl."))
        #expect(between != "alerts.jsonl.partial")
        replay.signal(signal)
        while replay.exitStatus() == nil { usleep(10_000) }
        #expect(replay.exitStatus() == 128 + signal)
        #expect(try names == ["alerts.jsonl", "pipe"])
        #expect(try tree.read("alerts.jsonl") == "of before\n")
    }
}
