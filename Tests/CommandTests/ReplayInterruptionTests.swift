import Foundation
import KafkaTestSupport
import TestSupport
import Testing

/// Replays that end early, and files that are not what they seem.
struct ReplayInterruptionTests {
    private let tree: TestFolder

    init() throws { tree = try TestFolder() }

    @Test("Ctrl-C: what was read is told, what was written is whole and beside the file, 130")
    func interrupted() throws {
        let trail = try tree.write("events.jsonl", SampleDay.records.joined(separator: "\n"))
        let kept = try tree.write("alerts.jsonl", "of before\n")
        let pipe = tree.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        let errors = tree.path + "/errors"
        // Nobody writes into the pipe, so the replay waits there with the file read.
        let replay = try ChildProcess(
            [Binary.path, "replay", "--policy", SampleDay.policy, trail, pipe, "--output", kept],
            errors: errors
        )
        // It has come to the pipe when that can be opened for writing; the file before it is read meanwhile.
        var writer: Int32 = -1
        defer { if writer >= 0 { close(writer) } }
        #expect(
            becomes {
                writer = open(pipe, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
                return writer >= 0
            }
        )
        usleep(1_000_000)
        try #require(replay.exitStatus() == nil)
        replay.signal(SIGINT)
        #expect(replay.wait(timeout: .seconds(20)) == 130)
        let said = try tree.read("errors")
        #expect(said.contains("interrupted: what follows is about what was read until then"), "\(said)")
        #expect(said.contains("read \(SampleDay.records.count) = "), "\(said)")
        #expect(try tree.read("alerts.jsonl") == "of before\n")
        let names = try FileManager.default.contentsOfDirectory(atPath: tree.path)
        let partial = try #require(names.first { $0.hasSuffix(".partial") })
        #expect(said.contains(partial))
        let alerts = try tree.lines(partial)
        #expect(alerts.count > 10 && alerts.allSatisfy { SampleDay.object($0)["alert_id"] is String })
        #expect(try tree.read(partial).hasSuffix("}\n"))
    }

    @Test("An output of one letter is a file like any other, and foresees nobody's names")
    func names() throws {
        let trail = try tree.write("events.jsonl", SampleDay.records[0])
        let other = try tree.write("q.partial", "mine\n")
        let target = try tree.write("target", "mine\n")
        try FileManager.default.createSymbolicLink(
            atPath: tree.path + "/p.partial",
            withDestinationPath: target
        )
        for name in ["q", "p"] {
            let result = try Binary.script("cd '\(tree.path)' && \"$0\" replay '\(trail)' -o \(name)")
            #expect(result.status == 0, "\(result.errors)")
        }
        #expect(FileManager.default.fileExists(atPath: tree.path + "/q"))
        #expect(try String(contentsOfFile: other, encoding: .utf8) == "mine\n")
        #expect(try String(contentsOfFile: target, encoding: .utf8) == "mine\n")
        let policy = try tree.write("policy.yaml", "version: 1\n")
        let refused = try Binary.run("replay", trail, "--policy", policy, "-o", policy)
        #expect(refused.status == 2 && refused.errors.contains("is a file that is read"))
        #expect(try tree.read("policy.yaml") == "version: 1\n")
    }

    @Test(
        "A name that is not UTF-8 is passed over with a word; empty files are told"
    )
    func oddFiles() throws {
        let trail = tree.path + "/trail"
        try tree.write("trail/a.jsonl", SampleDay.records[0])
        try tree.write("trail/empty.json.gz", "")
        let result = try Binary.script("printf '{}' > '\(trail)'/$'\\xff.json'; \"$0\" replay '\(trail)'")
        #expect(result.status == 0, "\(result.errors)")
        #expect(
            result.errors.contains("passed over: \(trail): a name in it is not UTF-8"),
            "\(result.errors)"
        )
        #expect(result.errors.contains("without any record: \(trail)/empty.json.gz\n"), "\(result.errors)")
    }

    @Test(
        "A policy may come through a pipe; one that nobody writes into is told, and not waited for for ever"
    )
    func pipes() throws {
        let trail = try tree.write("events.jsonl", SampleDay.records[0])
        let through = try Binary.script("\"$0\" replay '\(trail)' --policy <(echo 'version: 1')")
        #expect(through.status == 0, "\(through.errors)")
        let pipe = tree.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        let silent = try Binary.run("replay", trail, "--policy", pipe)
        #expect(silent.status == 1)
        #expect(silent.errors.contains("nobody has written into this pipe"), "\(silent.errors)")
    }

    @Test("Of a file that is no JSON nothing is shown")
    func secrets() throws {
        try tree.write("secret", "root:hunter2:19000:0\n")
        let text = "version: 1\nbaseline:\n  allowed_images: {state: enabled, criteria_file: secret}\n"
        let result = try Binary.run("check", "--policy", tree.write("policy.yaml", text))
        #expect(result.status == 1)
        #expect((result.output + result.errors).contains("this is no JSON"), "\(result.output)")
        #expect(!(result.output + result.errors).contains("hunter2"))
    }
}
