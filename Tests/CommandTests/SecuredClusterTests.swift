import Foundation
import Kafka
import KafkaTestSupport
import Testing
import TestSupport

/// The program against a broker that wants TLS, a log-in and permissions.
@Suite(.needsKafkaHome, .ownThread, .serialized)
struct SecuredClusterTests {
    /// One test, because its broker takes longer to start than everything that is tried with it.
    @Test("A cluster that asks who is there lets the program in as it should, or the program says why not")
    func secured() throws {
        let cluster = try SecuredCluster()
        defer { cluster.broker.stop() }
        let plain = cluster.broker.bootstrapServers
        let made = try Binary.run("topics", "--create", "--partitions", "2", "--bootstrap-servers", plain)
        try #require(made.status == 0, "\(made.output)\(made.errors)")
        for name in Self.forbidden + Self.halfPermitted.keys {
            try cluster.broker.makeTopic(named: name, partitions: 2)
        }
        let records = SampleDay.records
        try produce(
            records.enumerated().map { TestMessage($1, partition: Int32($0 % 2)) },
            to: "cloudtrail",
            at: plain
        )
        try produce(records.prefix(9).map { TestMessage($0) }, to: "forbidden.input", at: plain)

        // Nothing is permitted yet, and all of it is told at once.
        let look = try timed { try cluster.run(cluster.login(), "topics") }
        #expect(look.elapsed < .seconds(60), "a session of 45 seconds for each group is not waited for")
        let nothing = look.value
        expect(nothing, says: ["denied: "] + Self.topics)
        for topic in Self.topics {
            #expect(nothing.output.contains("error: \(topic): this user may not see it: grant"), "\(nothing)")
            #expect(
                nothing.output.contains("--allow-principal User:amiwatch --operation")
                    && nothing.output.contains("--topic \(topic)\n"),
                "\(nothing)"
            )
        }
        for (name, verb, grant, resource) in Self.notTopics("amiwatch") {
            #expect(nothing.errors.contains(name), "\(nothing)")
            #expect(
                nothing.output.contains("error: \(name): this user may not \(verb): grant \(grant)\n")
                    && nothing.output.contains("--operation \(grant) \(resource)\n"),
                "\(nothing)"
            )
        }
        let groups = ["--resource-pattern-type", "prefixed", "--group", "amiwatch-", "--group", "idle-"]
        let permitting =
            [
                try cluster.startPermitting(),
                try cluster.startPermitting("Read", groups),
                try cluster.startPermitting("Describe", Self.described),
                try cluster.startPermitting(
                    "Describe",
                    Self.forbidden.flatMap { ["--topic", $0] }
                ),
            ]
            + (try Self.halfPermitted.map { name, operation in
                try cluster.startPermitting(operation, ["--operation", "DescribeConfigs", "--topic", name])
            })
        try doorsThatStayClosed(cluster)
        for result in permitting.map({ $0.result() }) { try #require(result.status == 0, "\(result)") }
        // The name that is given here is right; the one that the broker gives is not.
        expect(
            try cluster.run(cluster.login(at: "ELSEWHERE"), "topics"),
            says: "leader of",
            "localhost:",
            "other host names",
            "advertised.listeners"
        )
        #expect(cluster.proxy.connections > 2, "the first two were dropped")
        // So late that something else is asked already.
        cluster.proxy.drop(4)
        expect(
            try cluster.run(cluster.login(at: "ELSEWHERE"), "topics"),
            says: "localhost:",
            "other host names"
        )
        try whatIsNotPermitted(cluster)
        try wholeJob(cluster, records)
        try whatIsHalfPermitted(cluster)
        try environmentAlone(cluster)

        #expect(
            cluster.printed.contains("\"facility\":\"CONNECT\""),
            "librdkafka's own log is to be looked at too"
        )
        for secret in SecuredCluster.secrets {
            #expect(!cluster.printed.contains(secret), "\(secret) was printed")
        }
    }

    /// Alerts come out, and the findings are those of a replay; with nothing permitted but what the script lists.
    private func wholeJob(_ cluster: SecuredCluster, _ records: [String]) throws {
        var settings = cluster.login()
        settings.isVerbose = true
        for arguments in [["check"], ["check", "--format", "json"]] {
            let file = try cluster.folder.write("check.yaml", settings.yaml)
            let result = try runCommand(
                [Binary.path] + arguments + ["--config", file],
                environment: ["PASSWORD": "pass-of-amiwatch"]
            )
            #expect(result.status == 0 && !(result.output + result.errors).contains("pass-of"), "\(result)")
        }
        func messages() throws -> [Int] {
            try Self.topics.map { try readAll($0, at: cluster.broker.bootstrapServers).count }
        }
        let before = try messages()
        let topics = try cluster.run(settings, "topics")
        #expect(topics.status == 0, "\(topics.output)\(topics.errors.suffix(2000))")
        #expect(try messages() == before, "to look writes nothing")
        let found = [
            try cluster.broker.tool("kafka-consumer-groups.sh", ["--list"]),
            try cluster.broker.tool("kafka-transactions.sh", ["list"]),
        ]
        for result in found {
            #expect(result.status == 0 && !result.output.contains("permission-check"), "\(result)")
        }
        #expect(!found[0].output.split(separator: "\n").contains("amiwatch"), "to look makes no group")
        let run = try cluster.run(settings, "run", "--policy", SampleDay.policy, "--until-end")
        #expect(run.status == 0, "\(run.errors.suffix(2000))")
        let alerts = try readAll("amiwatch.alerts", at: cluster.broker.bootstrapServers).map {
            $0.value ?? ""
        }
        #expect(!alerts.isEmpty && Set(alerts).count == alerts.count)
        let trail = try cluster.folder.write("trail.jsonl", records.joined(separator: "\n"))
        let replay = try Binary.run("replay", "--findings", "--policy", SampleDay.policy, trail)
        #expect(Self.told(alerts) == Self.told(replay.output.split(separator: "\n").map(String.init)))

        // The same user with a certificate, whose key's password stands in a file: there is nothing left to say.
        settings = cluster.certificate()
        settings.isVerbose = true
        let again = try cluster.run(settings, "run", "--policy", SampleDay.policy, "--until-end")
        #expect(again.status == 0, "\(again.errors.suffix(2000))")
        #expect(try readAll("amiwatch.alerts", at: cluster.broker.bootstrapServers).count == alerts.count)
        let inventory = try cluster.run(
            cluster.login(["sasl.password": "", "sasl.password_file": "password"]),
            "inventory",
            SampleDay.folder + "/inventory/images.json"
        )
        #expect(inventory.status == 0, "\(inventory.errors)")
        try openFindingsAgain(cluster, alerts)
    }

    /// Nothing more is needed to publish what is open once more; into a topic that others own it is not.
    private func openFindingsAgain(_ cluster: SecuredCluster, _ alerts: [String]) throws {
        var settings = cluster.login()
        let again = try cluster.run(settings, "republish", "--policy", SampleDay.policy)
        #expect(again.status == 0, "\(again)")
        let lines = try readAll("amiwatch.alerts", at: cluster.broker.bootstrapServers).map { $0.value ?? "" }
        let open = Self.told(alerts).values.filter { $0[0] == "open" }
        #expect(!open.isEmpty && lines.count == alerts.count + open.count)
        #expect(Self.told(lines) == Self.told(alerts))
        settings.topics["alerts"] = "forbidden.alerts"
        let denied = try cluster.run(settings, "republish", "--policy", SampleDay.policy)
        expect(
            denied,
            says:
                "nothing was published; grant Write (includes Describe) on topic forbidden.alerts; see Deploy/acls.sh"
        )
    }

    /// No file and no option: the environment says everything.
    private func environmentAlone(_ cluster: SecuredCluster) throws {
        let settings = cluster.login(["sasl.password": ""])
        var environment = [
            "AMIWATCH_KAFKA_BOOTSTRAP_SERVERS": settings.servers, "AMIWATCH_POLICY": SampleDay.policy,
            "AMIWATCH_KAFKA_SASL_PASSWORD_FILE": cluster.folder.path + "/password",
            "AMIWATCH_KAFKA_PRODUCER_LINGER_MS": "1", "AMIWATCH_TEST_BOOTSTRAP": "nowhere:1",
        ]
        for (name, value) in settings.properties where !value.isEmpty {
            environment["AMIWATCH_KAFKA_" + name.uppercased().replacing(".", with: "_")] = value
        }
        func run(_ arguments: String..., changing changes: [String: String] = [:]) throws -> CommandResult {
            let environment = environment.merging(changes) { $1 }.filter { !$0.value.isEmpty }
            return cluster.result(of: try Running([Binary.path] + arguments, environment, in: cluster.folder))
        }
        let topics = try run("topics")
        #expect(topics.status == 0, "\(topics)")
        let job = try run("run", "--until-end")
        #expect(job.status == 0, "\(job.errors)")
        let inventory = try run("inventory", SampleDay.folder + "/inventory/images.json")
        #expect(inventory.status == 0, "\(inventory.errors)")
        // What is misspelt would be a connection in plain text.
        for command in ["topics", "run"] {
            for name in ["AMIWATCH_KAFKA_PROPERTIES_SECURITY_PROTOCOL", "AMIWATCH_KAFKA_SECURTY_PROTOCOL"] {
                let changes = [name: "SASL_SSL", "AMIWATCH_KAFKA_SECURITY_PROTOCOL": ""]
                let misspelt = try run(command, changing: changes)
                #expect(misspelt.status == 1)
                #expect(
                    misspelt.errors.contains("\(name): error: librdkafka ")
                        && misspelt.errors.contains("write AMIWATCH_KAFKA_SECURITY_PROTOCOL "),
                    "\(misspelt)"
                )
            }
        }
        let wrong = try run(
            "topics",
            changing: ["AMIWATCH_KAFKA_SASL_PASSWORD_FILE": cluster.folder.path + "/wrong"]
        )
        #expect(
            wrong.status == 1 && wrong.errors.contains("AMIWATCH_KAFKA_SASL_PASSWORD_FILE: error: "),
            "\(wrong)"
        )
    }

    private static let topics = [
        "cloudtrail", "amiwatch.events", "amiwatch.state", "amiwatch.catalogue", "amiwatch.alerts",
        "amiwatch.findings", "amiwatch.deadletters",
    ]

    /// What the alerts leave of each finding: of how often it was seen they say only what matters.
    private static func told(_ lines: [String]) -> [String: [String?]] {
        var last: [String: (revision: Int, told: [String?])] = [:]
        for line in lines {
            let alert = SampleDay.object(line)
            let told = ["status", "verdict", "severity", "rule_id", "account_id"].map { alert[$0] as? String }
            for about in alert["instances"] as? [[String: Any]] ?? [alert] {
                let (id, revision) = (about["finding_id"] as? String ?? "", about["revision"] as? Int ?? 1)
                if revision > last[id]?.revision ?? 0 { last[id] = (revision, told) }
            }
        }
        return last.mapValues { $0.told[0] == "updated" ? ["open"] + $0.told.dropFirst() : $0.told }
            .filter { $0.value[0] != "retracted" }
    }

    /// One line on standard error with these words, beside what is logged, and exit status 1.
    func expect(
        _ result: CommandResult,
        says words: String...,
        at location: SourceLocation = #_sourceLocation
    ) {
        expect(result, says: words, at: location)
    }

    func expect(
        _ result: CommandResult,
        says words: [String],
        at location: SourceLocation = #_sourceLocation
    ) {
        // A run says it in its log.
        let lines = result.errors.split(separator: "\n").filter {
            !$0.hasPrefix("{") || $0.contains("\"exit_status\"")
        }
        #expect(result.status == 1, "\(result)", sourceLocation: location)
        #expect(lines.count == 1, "\(result)", sourceLocation: location)
        for word in words {
            #expect(lines.first?.contains(word) == true, "\(word): \(result)", sourceLocation: location)
        }
    }
}
