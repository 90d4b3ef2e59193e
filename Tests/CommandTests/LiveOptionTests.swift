import TestSupport
import Foundation
import KafkaTestSupport
import Testing

/// What the commands that talk to Kafka say when they cannot work; none of it needs a broker.
struct LiveOptionTests {
    private let tree: TestFolder

    init() throws { tree = try TestFolder() }

    /// Expects one line on standard error that begins like this, nothing on standard output, and an exit status.
    private func expect(_ line: String, _ status: Int32, _ arguments: [String]) throws {
        let result = try runCommand([Binary.path] + arguments)
        #expect(Self.says(result.errors, line, arguments, status), "\(arguments): \(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1, "\(arguments): \(result.errors)")
        #expect(result.output.isEmpty, "\(arguments): \(result.output)")
        #expect(result.status == status, "\(arguments)")
    }

    /// Whether what a command prints begins with a line: of its log where it is a run, whose log is JSON, else in plain
    /// words.
    private static func says(
        _ printed: some StringProtocol,
        _ line: String,
        _ arguments: [String],
        _ status: Int32
    ) -> Bool {
        guard arguments.first == "run", status == 1 else { return printed.hasPrefix("amiwatch: \(line)") }
        let object = SampleDay.object(String(printed))
        return object["level"] as? String == "error" && object["time"] as? String != nil
            && (object["message"] as? String)?.hasPrefix(line) == true && object["exit_status"] as? Int == 1
    }

    @Test("Told of another policy while it reads the first one, a run goes on")
    func hangUpAtStart() throws {
        let policy = tree.path + "/policy.yaml"
        // Opening the pipe waits until the program reads it.
        let result = try Binary.script(
            """
            mkfifo \(policy)
            "$0" run --bootstrap-servers 127.0.0.1:1 --policy \(policy) & run=$!
            exec 3>\(policy)
            kill -HUP $run
            echo "version: 1" >&3
            exec 3>&-
            wait $run
            """
        )
        #expect(result.status == 1, "\(result)")
        #expect(result.errors.contains("check kafka.bootstrap_servers"), "\(result)")
    }

    @Test("Wrong usage is exit status 2")
    func usage() throws {
        for command in ["run", "topics", "inventory"] {
            try expect("\(command): unknown option --nonsense ", 2, [command, "--nonsense"])
            let servers = ["--bootstrap-servers", "a:1"]
            try expect(
                "\(command): --bootstrap-servers is given twice ",
                2,
                [command] + servers + servers
            )
        }
        try expect("run: word is not understood: the command takes options only ", 2, ["run", "word"])
        try expect("inventory: FILE is missing ", 2, ["inventory"])
        try expect(
            "inventory: --account 17 is not a valid account id",
            2,
            ["inventory", "--account", "17", "x"]
        )
        try expect("inventory: --time soon is not a valid time", 2, ["inventory", "--time", "soon", "x"])
        try expect("topics: --partitions zero is not a number ", 2, ["topics", "--partitions", "zero"])
    }

    @Test("What is missing or broken is named, before any work")
    func failures() throws {
        let policy = try tree.write("policy.yaml", "version: 1\nimages: 7\n")
        let sound = try tree.write("sound.yaml", "version: 1\n")
        let run = try tree.write("run.yaml", "group_id: [1]\n")
        let list = try tree.write("list.json", #"{"Reservations": 5}"#)
        let settings = try tree.write("settings.json", #"{"State": "enabled", "ImageCriteria": []}"#)
        let servers = ["--bootstrap-servers", "127.0.0.1:1"]
        let empty = try tree.write("empty.json", "\n")
        let secure = try tree.write("secure.yaml", "kafka: {properties: {securty.protocol: SSL}}\n")
        for command in ["run", "topics"] {
            try expect(
                "\(secure):1:22: error: librdkafka",
                1,
                [command, "--config", secure]
            )
        }
        try expect("\(empty): nothing is in it; did the command", 1, ["inventory", empty] + servers)
        try expect("/no/run.yaml: error: no such file", 1, ["run", "--config", "/no/run.yaml"])
        try expect("\(run):1:11: error: group_id must be a string", 1, ["run", "--config", run])
        try expect("/no/p.yaml: error: no such file", 1, ["run", "--policy", "/no/p.yaml"] + servers)
        try expect("\(policy):2:9: error: images must be", 1, ["run", "--policy", policy] + servers)
        try expect(
            "--feed: reading /no/trail: No such file",
            1,
            ["run", "--embedded", "--policy", sound, "--feed", "/no/trail"]
        )
        try expect("kafka.bootstrap_servers is not set", 1, ["run", "--policy", sound])
        try expect("kafka.bootstrap_servers is not set", 1, ["topics"])
        try expect("reading /no/file: No such file or directory", 1, ["inventory", "/no/file"] + servers)
        try expect("reading \(tree.path): Is a directory", 1, ["inventory", tree.path] + servers)
        try expect("\(list): byte 0: unknown document", 1, ["inventory", list] + servers)
        try expect(
            "\(settings): GetAllowedImagesSettings does not say its account: give it with --account",
            1,
            ["inventory", "--time", "2026-03-17T00:00:00Z", settings] + servers
        )
    }

    @Test("A worker that shall keep its place without a name does not start; nobody else minds")
    func unnamedStaticMember() throws {
        let policy = try tree.write("policy.yaml", "version: 1\n")
        let run = try tree.write("run.yaml", "kafka: {static_membership: true}\npolicy: policy.yaml\n")
        let options = ["--config", run, "--bootstrap-servers", "127.0.0.1:\(try freePorts(1)[0])"]
        let result = try runCommand([Binary.path, "run"] + options)
        let lines = result.errors.split(separator: "\n")
        #expect(lines.count == 2 && lines[0].contains("run.yaml:1:28: warning: "), "\(result.errors)")
        let line = "kafka.static_membership needs instance_id, and it is not set"
        #expect(lines.last.map { Self.says($0, line, ["run"], 1) } == true, "\(result.errors)")
        #expect(result.status == 1)
        let check = try runCommand([Binary.path, "check", "--config", run, "--policy", policy])
        #expect(check.status == 0, "\(check.errors)")
    }

    @Test("A port that nobody listens on is named, with what to check")
    func closedPort() throws {
        let servers = "127.0.0.1:\(try freePorts(1)[0])"
        let policy = try tree.write("policy.yaml", "version: 1\n")
        let images = SampleDay.folder + "/inventory/images.json"
        for arguments in [
            ["run", "--policy", policy], ["topics"], ["topics", "--create"], ["inventory", images],
        ] {
            try expect("connecting to \(servers): ", 1, arguments + ["--bootstrap-servers", servers])
        }
    }

    @Test("A file or folder that may not be read is named")
    func forbidden() throws {
        let file = try tree.write("folder/file.json", "{}")
        let policy = try tree.write("policy.yaml", "version: 1\n")
        let folder = tree.path + "/folder"
        for path in [file, policy, folder] { #expect(chmod(path, 0) == 0) }
        defer { chmod(folder, 0o700) }
        // Root may read everything, unless it has given that up.
        let limits = getuid() == 0 ? ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"] : []
        let servers = ["--bootstrap-servers", "127.0.0.1:1"]
        let cases: [([String], String)] = [
            (["check", "--policy", policy], "\(policy): 1 error"),
            (["run", "--policy", policy] + servers, "\(policy): error: no permission to read this file"),
            (["run", "--config", policy], "\(policy): error: no permission to read this file"),
            (["run", "--embedded", "--feed", folder], "--feed: reading \(folder): Permission denied"),
            (["inventory", policy] + servers, "reading \(policy): Permission denied"),
            (["replay", folder], "reading \(folder): Permission denied"),
            (["replay", policy], "reading \(policy): Permission denied"),
            (
                ["replay", SampleDay.trail, "--policy", policy],
                "\(policy): error: no permission to read this file"
            ),
            (["replay", SampleDay.trail, "--inventory", policy], "reading \(policy): Permission denied"),
            (
                ["replay", SampleDay.trail, "--output", folder + "/out"],
                "writing \(folder)/out: Permission denied"
            ),
            (["explain", policy], "reading \(policy): Permission denied"),
            (["test", folder], "reading \(folder): Permission denied"),
        ]
        for (arguments, line) in cases {
            let result = try runCommand(limits + [Binary.path] + arguments)
            let lines = result.errors.split(separator: "\n").filter { !$0.contains("no policy is given") }
            #expect(lines.count == 1, "\(arguments): \(result.errors)")
            #expect(Self.says(lines.first ?? "", line, arguments, 1), "\(arguments): \(result.errors)")
            #expect(result.status == 1, "\(arguments)")
        }
    }
}
