import Foundation
import KafkaTestSupport
import TestSupport
import Testing

/// Names that hold orders for browsers, terminals, spreadsheets, shells and parsers, through every output.
struct HostileNamesTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures/hostile").path

    private let tree: TestFolder
    private let trail: String
    private let policy: String

    init() throws {
        tree = try TestFolder()
        (trail, policy) = (tree.path + "/trail", tree.path + "/policy.yaml")
        let made = try runCommand(["python3", "\(Self.folder)/make-trail.py", tree.path])
        try #require(made.status == 0, "\(made.errors)")
    }

    /// Runs the program, and reads its output as its readers do.
    @discardableResult
    private func check(
        _ kind: String,
        _ arguments: [String],
        harmless: String? = nil,
        status: Int32 = 0
    ) throws -> String {
        let result = try runCommand([Binary.path] + arguments)
        #expect(result.status == status, "\(arguments): \(result.errors.prefix(300))")
        #expect(!result.output.isEmpty, "\(arguments)")
        try check(kind, try tree.write("output", result.output), "\(arguments)", harmless: harmless)
        try check("text", try tree.write("errors", result.errors), "errors of \(arguments)")
        return result.output
    }

    private func check(_ kind: String, _ file: String, _ what: String, harmless: String? = nil) throws {
        let command = ["python3", "\(Self.folder)/check.py", kind, file] + (harmless.map { [$0] } ?? [])
        let result = try runCommand(command)
        #expect(result.status == 0, "\(what): \(result.output.prefix(1000))\(result.errors.prefix(1000))")
    }

    private var judged: [String] { ["--policy", policy, trail] }
    private var known: [String] { ["--policy", policy, "--trail", trail] }

    @Test("Alerts and findings in every format", arguments: [[], ["--findings"]])
    func formats(form: [String]) throws {
        let replay = ["replay"] + judged + form
        for format in ["native", "ocsf", "ecs", "asff", "splunk", "asim", "udm"] {
            try check("json", replay + ["--format", format])
        }
        try check("csv", replay + ["--format", "csv"])
        try check("text", replay + ["--format", "text"])
        let sample = try Binary.run(
            "replay",
            "--policy",
            SampleDay.policy,
            SampleDay.trail,
            "--format",
            "cef"
        )
        let harmless = try tree.write("harmless", sample.output)
        try check("cef", replay + ["--format", "cef"], harmless: harmless)
    }

    @Test("The names come to stand in alerts at all")
    func presence() throws {
        let alerts = try Binary.run("replay", "--policy", policy, trail).output
        let texts = alerts.split(separator: "\n").flatMap { Self.texts(in: SampleDay.object(String($0))) }
        let all = texts.joined(separator: "\u{0}")
        for name in [
            "<script>alert(1)</script>", "=HYPERLINK(", "\u{1B}[2J", "\u{9B}2J", "$(touch PWNED)",
            "\u{202E}img", "${jndi:",
        ] {
            #expect(all.contains(name), "\(name.debugDescription)")
        }
    }

    private static func texts(in value: Any) -> [String] {
        switch value {
        case let text as String: [text]
        case let list as [Any]: list.flatMap(texts)
        case let object as [String: Any]: object.values.flatMap(texts)
        default: []
        }
    }

    @Test("The report: nothing but the writer's own elements, and nothing that runs")
    func report() throws {
        let path = tree.path + "/report.html"
        try check("json", ["replay"] + judged + ["--report", path])
        let faults = try ReportCheck.faults(of: path)
        #expect(faults.isEmpty, "\(faults)")
        let page = try tree.read("report.html")
        // As text they are there.
        for name in [
            "&lt;script&gt;alert(1)&lt;/script&gt;", "<span class=\"steers\">\\u{1b}</span>[2J",
            "<span class=\"steers\">\\u{202e}</span>img-nedlog", "more characters)",
        ] { #expect(page.contains(name), "\(name)") }
    }

    @Test("Summary, dead letters, and the two policies' differences")
    func others() throws {
        let (summary, letters) = (tree.path + "/summary.json", tree.path + "/dead.jsonl")
        try check("json", ["replay"] + judged + ["--summary", summary, "--dead-letters", letters])
        try check("json", summary, "summary")
        try check("json", letters, "dead letters")
        #expect(try tree.lines("dead.jsonl").count > 50)
        let diff = ["diff", "--policy", tree.path + "/old-policy.yaml"] + judged
        try check("text", diff, status: 3)
        try check("json", diff + ["--format", "json", "--alerts"], status: 3)
    }

    @Test("What is known, of everything that has such a name")
    func state() throws {
        for (kind, form) in [("text", [String]()), ("json", ["--format", "json"])] {
            try check(kind, ["state"] + known + form)
            try check(kind, ["state"] + known + ["--members"] + form)
            try check(kind, ["state"] + known + ["--account", "777788889999", "--history"] + form)
            for image in [
                "ami-00000000000000000", "ami-<script>alert(1)</script>", "ami-\u{1B}[2J",
                "ami-\u{202E}img-nedlog",
            ] {
                try check(kind, ["state"] + known + ["--image", image, "--history"] + form)
            }
            for instance in ["i-00000000000000029", "i-\u{9B}2J"] {
                try check(kind, ["state"] + known + ["--instance", instance] + form)
            }
            let principal = "arn:aws:sts::777788889999:assumed-role/developer/\u{1B}[2J"
            try check(kind, ["state"] + known + ["--principal", principal] + form)
        }
        for form in ["table", "text"] {
            try check("text", ["findings"] + known + ["--all", "--format", form])
        }
        try check("json", ["findings"] + known + ["--all", "--format", "json"])
        try check("csv", ["findings"] + known + ["--all", "--format", "csv"])
        for (kind, form) in [("text", "table"), ("json", "json"), ("csv", "csv")] {
            try check(kind, ["findings"] + known + ["--count-by", "resource,region", "--format", form])
        }
    }

    @Test("Explanations, and the commands of alerts pasted into a shell")
    func explanations() throws {
        let alerts = tree.path + "/alerts.jsonl"
        #expect(try runCommand([Binary.path, "replay", "-o", alerts] + judged).status == 0)
        let all = try tree.lines("alerts.jsonl").map { SampleDay.object($0) }
        for alert in all.enumerated().filter({ $0.offset.isMultiple(of: 70) }).map(\.element) {
            let id = try #require(alert["alert_id"] as? String)
            try check("text", ["explain", id, "--alerts", alerts])
            try check("json", ["explain", id, "--alerts", alerts, "--format", "json"])
        }
        let commands = Set(all.flatMap { $0["remediation"] as? [String] ?? [] }).sorted()
        #expect(commands.count > 300)
        for shell in [["bash"], ["dash"], ["bash", "-i"]] {
            let pasted = try PastedCommands(
                commands,
                shell: ["/bin/" + shell[0]] + shell.dropFirst(),
                before: "touch() { : > PWNED; }"
            )
            #expect(pasted.files.isEmpty, "\(shell): \(pasted.files)")
            #expect(pasted.calls.count == commands.count, "\(shell): \(pasted.errors.prefix(500))")
            #expect(
                pasted.calls.allSatisfy { ["ec2", "cloudtrail", "organizations"].contains($0.first) },
                "\(shell)"
            )
        }
    }

    @Test("A live run's log, and the alerts that it shows")
    func live() throws {
        let run = try Binary.run(
            "run",
            "--embedded",
            "--until-end",
            "--print-alerts",
            "--policy",
            policy,
            "--feed",
            trail
        )
        #expect(run.status == 0)
        try check("json", try tree.write("log", run.errors), "log")
        try check("text", try tree.write("shown", run.output), "alerts shown")
        #expect(run.output.count > 1000)
    }
}
