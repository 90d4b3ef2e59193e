import Kafka
import KafkaTestSupport
import Testing
import TestSupport

// What the program says where a log-in or a permission is missing.

extension SecuredClusterTests {
    /// Log-ins that cannot come about.
    func doorsThatStayClosed(_ cluster: SecuredCluster) throws {
        let port = cluster.broker.port(of: "LOGIN")
        var wrongPort = cluster.login()
        wrongPort.servers = cluster.broker.bootstrapServers
        let scram = KafkaLibrary.hasScramOfKafka4 ? ["AUTHORIZATION"] : ["_AUTHENTICATION", "SCRAM", "2.6.1"]
        let cases: [(Settings, [String])] = [
            (cluster.login(["sasl.mechanism": "SCRAM-SHA-512"]), scram),
            (cluster.login(["sasl.mechanism": "SCRAM-SHA-256"]), ["_AUTHENTICATION", "sasl.mechanism"]),
            (cluster.login(["sasl.username": "nobody"]), ["_AUTHENTICATION", "sasl.username"]),
            (
                cluster.login(["ssl.ca.location": try cluster.stranger()]),
                ["nobody who is trusted", "ssl.ca.location"]
            ),
            (cluster.login(host: "localhost"), ["localhost:\(port)", "other host names"]),
            (cluster.certificate(at: "EXPIRED"), ["expired"]),
            (
                cluster.login(["security.protocol": "PLAINTEXT"]),
                ["127.0.0.1:\(port)", "security.protocol"]
            ),
            (wrongPort, ["speaks TLS"]),
            (
                cluster.certificate([
                    "ssl.certificate.location": "", "ssl.key.location": "", "ssl.key.password_file": "",
                ]), ["ssl.certificate.location"]
            ),
            (
                cluster.certificate(["ssl.key.password_file": "", "ssl.key.password": "${PASSWORD}"]),
                ["ssl.key.location", "ssl.key.password"]
            ),
        ]
        var login = cluster.login()
        login.isVerbose = true
        let wrong = try cluster.start(login, ["topics"], password: "pass-that-is-wrong")
        let running = try cases.map { try cluster.start($0.0, ["topics"]) }
        expect(cluster.result(of: wrong), says: "_AUTHENTICATION", "sasl.password")
        for (running, (_, words)) in zip(running, cases) { expect(cluster.result(of: running), says: words) }
    }

    /// Topics that the user may only know of.
    static let forbidden = [
        "forbidden.input", "forbidden.events", "forbidden.state", "forbidden.alerts",
    ]

    /// Topics that the user may do one thing with, and not the other.
    static let halfPermitted = [
        "seen.alerts": "Describe", "read.state": "Read", "written.events": "Write",
    ]

    /// What beside topics a worker needs: its name, what the user may not do with it, what suffices, and the options that
    /// name it.
    static func notTopics(
        _ group: String
    ) -> [(name: String, verb: String, grant: String, resource: String)] {
        [
            ("consumer group \(group)", "join it", "Read", "--group \(group)"),
            ("consumer group \(group)-intake", "join it", "Read", "--group \(group)-intake"),
            (
                "transactional ids with the prefix \(group)-", "use them", "Write",
                "--transactional-id \(group)- --resource-pattern-type prefixed"
            ),
        ]
    }

    /// Groups and ids that the user may only know of.
    static let described = [
        "--resource-pattern-type", "prefixed", "--group", "described", "--transactional-id", "described",
    ]

    /// `topics` tells what a worker would fail with.
    func whatIsHalfPermitted(_ cluster: SecuredCluster) throws {
        var described = cluster.login()
        described.group = "described"
        let denied = try cluster.run(described, "topics")
        expect(denied, says: ["denied: "] + Self.notTopics("described").map(\.name))
        for (name, verb, grant, _) in Self.notTopics("described") {
            #expect(
                denied.output.contains("error: \(name): this user may not \(verb): grant \(grant)\n"),
                "\(denied)"
            )
        }
        described.roles = ["intake"]
        let intake = try cluster.run(described, "topics")
        expect(intake, says: "denied: consumer group described-intake; ")
        for (purpose, name, fault, grant) in [
            ("alerts", "seen.alerts", "write to", "Write"), ("state", "read.state", "write to", "Write"),
            ("events", "written.events", "read", "Read"),
        ] {
            var settings = cluster.login()
            settings.topics[purpose] = name
            let topics = try cluster.run(settings, "topics")
            expect(topics, says: "denied: \(name)")
            #expect(
                topics.output.contains("error: \(name): this user may not \(fault) it: grant \(grant)\n")
                    && topics.output.contains("--operation \(grant) --topic \(name)\n"),
                "\(topics)"
            )
            #expect(try readAll(name, at: cluster.broker.bootstrapServers).isEmpty)
        }
    }

    /// Each permission that is missing is named, with whose it is.
    func whatIsNotPermitted(_ cluster: SecuredCluster) throws {
        var running: [(Running, [String])] = []
        // Each has a group of its own, since one that fails does not leave it in order; and only one of them is a
        // whole run, since the topics are the same.
        func start(
            _ group: String,
            _ roles: [String],
            _ words: String...,
            change: (inout Settings) -> Void = { _ in }
        ) throws {
            var settings = cluster.login()
            (settings.group, settings.roles) = (group, roles)
            change(&settings)
            let arguments = ["run", "--policy", SampleDay.policy, "--until-end"]
            running.append((try cluster.start(settings, arguments), words))
        }
        try start(
            "strangers",
            ["intake"],
            "group strangers",
            "grant Read on consumer group strangers-intake;"
        )
        try start(
            "idle-1",
            ["detector"],
            "transactional id idle-1-",
            "grant Write on transactional ids with the prefix idle-1-"
        )
        try start(
            "amiwatch-1",
            ["intake"],
            "reading forbidden.input",
            "grant Read (includes Describe) on topic forbidden.input;"
        ) {
            $0.input = "forbidden.input"
        }
        // All that is needed at once: what is granted then leads to no next line.
        for (purpose, roles, needed) in [
            ("events", ["intake"], "Write (includes Describe)"),
            ("state", ["detector"], "Read and Write (they include Describe)"),
            ("alerts", ["intake", "detector"], "Write (includes Describe)"),
        ] {
            let name = "forbidden.\(purpose)"
            try start("amiwatch-\(purpose)", roles, name, "grant \(needed) on topic \(name);") {
                $0.topics[purpose] = name
            }
        }
        for (running, words) in running { expect(cluster.result(of: running), says: words) }
        var settings = cluster.login()
        settings.topics["alerts"] = "amiwatch.new"
        let topics = try cluster.run(settings, "topics", "--create")
        expect(topics, says: "denied: amiwatch.new")
        #expect(
            topics.output.contains("error: amiwatch.new: this user may not see it: grant Write"),
            "\(topics)"
        )
    }
}
