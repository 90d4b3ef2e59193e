import Alerts
import Configuration
import Detection
import Foundation
import Glibc
import Kafka
import KafkaTestSupport
import Testing
import TestSupport

@testable import Pipeline

/// What an operator meets: missing topics, closed doors, broken records, and no Kafka at all.
@Suite(.needsRealBroker, .ownThread, .serialized)
struct OperationTests {
    @Test("A broken record is a dead letter, and its neighbours are judged")
    func poison() throws {
        let history = History(seed: 31)
        let stage = try Stage(partitions: 1)
        let poison = [
            "{\"eventName\":\"RunInstances\"", "\u{0}\u{1}not json RunInstances",
            "{\"Records\":[{\"eventName\":5}]}",
            "{\"eventName\":\"RunInstances\",\"eventSource\":\"ec2.amazonaws.com\",\"eventTime\":\"never\"}",
        ]
        var messages = history.events.map { TestMessage($0.json, partition: 0) }
        for (index, text) in poison.enumerated() {
            messages.insert(TestMessage(text, partition: 0), at: index * 50)
        }
        // Half of a container is broken, and so is one that tells nothing.
        let whole = history.events[0].json
        messages.append(
            TestMessage("{\"Records\":[\(whole),{\"eventName\":\"CreateImage\",}]}", partition: 0)
        )
        messages.append(TestMessage(nil, key: "tombstone", partition: 0))
        messages.append(TestMessage("", partition: 0))
        try produce(messages, to: stage.input, at: stage.broker.bootstrapServers)
        let summary = try stage.runToEnd()
        let letters = try readAll(stage.topics.deadLetters, at: stage.broker.bootstrapServers)
        #expect(letters.count == summary.intake.deadLettered)
        #expect(letters.count >= poison.count)
        for letter in letters {
            let tree = try #require(JSONTree(Array((letter.value ?? "").utf8)))
            let place = ["topic", "partition", "offset", "record_index"].map { key in
                let part = tree["source"]?[key]
                return part?.text ?? part?.integer.map(String.init) ?? "?"
            }
            #expect(letter.key == place.joined(separator: "/"))
            #expect(tree["sha256"]?.text?.count == 64)
            #expect(tree["reason"]?.text?.isEmpty == false)
        }
        #expect(Set(letters.map(\.key)).count == letters.count)
        let intake = summary.intake
        #expect(intake.read == intake.ignored + intake.forwarded + intake.deadLettered)
        #expect(try stage.findings() == Expected(history.sorted, policy: stage.policy).findings)
    }

    @Test("Messages of the events topic that cannot be read are dead letters of the detector")
    func poisonedEvents() throws {
        let history = History(seed: 32)
        let stage = try Stage(partitions: 1)
        try produce(
            [TestMessage("{broken", key: "100000000010")],
            to: stage.topics.events,
            at: stage.broker.bootstrapServers
        )
        try stage.produce(history.events, partitions: 1)
        let summary = try stage.runToEnd()
        #expect(summary.detector.run.deadLettered == 1)
        #expect(summary.detector.run.read == summary.intake.forwarded + 1)
        #expect(try stage.findings() == Expected(history.sorted, policy: stage.policy).findings)
    }

    @Test("A policy that changes is put in force as if it had always been, and a broken one is not")
    func anotherPolicy() throws {
        let history = History(seed: 37)
        let stage = try Stage()
        try stage.produce(history.events)
        let folder = try temporaryFolder("amiwatch-policy")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/policy.yaml"
        func write(_ text: String) throws { try text.write(toFile: path, atomically: true, encoding: .utf8) }
        func findings() throws -> Set<String> {
            let policy = try PolicyReader.read(path: path).policy
            return Set(Expected(history.sorted, policy: policy).findings.keys)
        }
        func comesTo(_ wanted: Set<String>) throws -> Bool {
            try becomes { try Set(stage.findings().keys) == wanted }
        }
        let tagged = "version: 1\nrequired_tags: [{resource: image, key: Role, grace_minutes: 15}]\n"
        try write(tagged)
        let first = try findings()
        let worker = try Worker(stage, ["--policy", path, "--max-change", "100%"])
        #expect(try comesTo(first))

        try write("version: 1\nrequired_tag: []\n")
        worker.process.signal(SIGHUP)
        try #require(worker.logs("\(path):2:1: error: "))
        try #require(worker.logs("policy invalid; previous policy stays active"))

        try write(tagged + "rules: {ami-shared-publicly: {enabled: false}}\n")
        let second = try findings()
        #expect(second.isStrictSubset(of: first))
        #expect(try comesTo(second))

        try write(tagged)
        worker.process.signal(SIGHUP)
        #expect(try comesTo(first))
        let ids = try stage.alerts().compactMap { JSONTree(Array(($0.value ?? "").utf8))?["alert_id"]?.text }
        #expect(Set(ids).count == ids.count)
        worker.end(within: .seconds(20))
    }

    @Test("A policy that would change too much is held back, also at a start, until it says what it replaces")
    func heldPolicy() throws {
        let history = History(seed: 37)
        let stage = try Stage()
        try stage.produce(history.events)
        let folder = try temporaryFolder("amiwatch-policy")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (path, next) = (folder + "/policy.yaml", folder + "/next.yaml")
        func write(_ text: String, to path: String) throws -> (hash: String, findings: Set<String>) {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            let policy = try PolicyReader.read(path: path).policy
            return (policy.hash, Set(Expected(history.sorted, policy: policy).findings.keys))
        }
        func comesTo(_ wanted: Set<String>) throws -> Bool {
            try becomes { try Set(stage.findings().keys) == wanted }
        }
        func asks() throws -> (status: Int32?, against: JSONTree) {
            let result = try runCommand(
                [Worker.binary, "check", "--policy", next, "--against", "cluster", "--format", "json"],
                environment: stage.environment,
                timeout: patience
            )
            let tree = try #require(JSONTree(Array(result.output.utf8))?["against"], "\(result)")
            return (result.status, tree)
        }
        let wide = "version: 1\nrequired_tags: [{resource: image, key: Role, grace_minutes: 15}]\n"
        let off = ["ami-shared-publicly", "ami-created-without-required-tags", "allowed-amis-not-in-use"]
        let narrow = wide + "rules: {\(off.map { "\($0): {enabled: false}" }.joined(separator: ", "))}\n"

        let first = try write(wide, to: path)
        let worker = try Worker(stage, ["--policy", path])
        #expect(try comesTo(first.findings))
        let before = try stage.alerts().count

        // What is asked before is what a worker counts.
        _ = try write(narrow, to: next)
        let asked = try asks()
        let closed = try #require(asked.against["closed"]?.integer)
        #expect(asked.status == 3 && closed > 10 && asked.against["opened"]?.integer == 0, "\(asked)")
        // What was resolved is taken back, too.
        let moved = closed + (asked.against["changed"]?.integer ?? 0)
        #expect(asked.against["findings"]?.elements.count == moved)
        let judges = asked.against["judged_by"]?.elements ?? []
        #expect(judges.map { $0["policy"]?.text } == [String(first.hash.prefix(16))])

        let second = try write(narrow, to: path)
        #expect(second.findings.isStrictSubset(of: first.findings))
        worker.process.signal(SIGHUP)
        try #require(worker.logs("policy held back"), "\(worker.lines)")
        #expect(worker.lines.contains("\"would_close\":\(closed),"), "\(worker.lines)")
        #expect(worker.lines.contains("replaces: \\\"\(first.hash.prefix(16))\\\""), "\(worker.lines)")
        worker.process.signal(SIGHUP)
        #expect(becomes { worker.count(of: "policy held back") == 2 })
        #expect(try stage.alerts().count == before)

        let replaced = wide.replacing(
            "1\n",
            with: "1\nreplaces: \"\(first.hash.prefix(16))\"\n",
            maxReplacements: 1
        )
        let confirmed = try write(replaced + narrow.dropFirst(wide.count), to: path)
        worker.process.signal(SIGHUP)
        #expect(try comesTo(confirmed.findings))
        #expect(confirmed.findings == second.findings)
        #expect(try stage.alerts().count == before + moved)
        worker.end(within: .seconds(20))

        // Nobody is there who could go on with the policy of before.
        _ = try write(wide, to: path)
        let refused = try Worker(stage, ["--policy", path])
        #expect(refused.process.wait(timeout: patience) == 1, "\(refused.lines)")
        #expect(
            refused.lines.contains("nothing was published; give the policy of before"),
            "\(refused.lines)"
        )
        #expect(refused.lines.contains("replaces: \\\"\(confirmed.hash.prefix(16))\\\""), "\(refused.lines)")
        #expect(try stage.alerts().count == before + moved)
        let forced = try Worker(stage, ["--policy", path, "--max-change", "100"])
        #expect(try comesTo(first.findings))
        forced.end(within: .seconds(20))
    }

    @Test("An input that is keyed by account needs no intake")
    func keyedByAccount() throws {
        let history = History(seed: 33)
        var stage = try Stage()
        stage.configuration.input.isKeyedByAccount = true
        stage.configuration.input.partitioner = .murmur2
        let partitioner = Partitioner(count: 4)
        func partition(_ account: String) -> Int32 {
            Array(account.utf8).withUnsafeBytes { partitioner.partition(of: $0) }
        }
        try produce(
            history.events.map { TestMessage($0.json, key: $0.account, partition: partition($0.account)) },
            to: stage.input,
            at: stage.broker.bootstrapServers
        )
        let summary = try stage.runToEnd()
        let balance = summary.detector.run
        #expect(balance.read == history.events.count)
        #expect(balance.read == balance.ignored + balance.applied + balance.duplicate + balance.deadLettered)
        #expect(try stage.findings() == Expected(history.sorted, policy: stage.policy).findings)

        // One record on the wrong partition, and it stops with a line that says what to check.
        let event = try #require(history.events.first { $0.json.contains("ec2.amazonaws.com") })
        try produce(
            [TestMessage(event.json, key: event.account, partition: (partition(event.account) + 1) % 4)],
            to: stage.input,
            at: stage.broker.bootstrapServers
        )
        let failure = #expect(throws: RunFailure.self) { try stage.runToEnd() }
        #expect(failure?.description.contains("input.partitioner") == true)
        // A run that fails leaves its group: the next one need not wait until it is missed, 10 seconds later.
        let again = timed { #expect(throws: RunFailure.self) { try stage.runToEnd() } }
        #expect(again.calm < .seconds(8), "\(again)")
    }

    @Test("The partition count is fixed")
    func partitionCount() throws {
        let stage = try Stage(partitions: 2)
        try stage.produce(History(seed: 34).events, partitions: 2)
        try stage.runToEnd()
        for topic in [stage.topics.events, stage.topics.state] {
            let result = try stage.broker.tool(
                "kafka-topics.sh",
                ["--alter", "--topic", topic, "--partitions", "4"]
            )
            #expect(result.status == 0, "\(result.errors)")
            // The controller answers before every broker knows.
            let admin = try Admin(["bootstrap.servers": stage.broker.bootstrapServers])
            #expect(try becomes { try admin.describeTopic(topic)?.partitions.count == 4 })
        }
        let failure = #expect(throws: RunFailure.self) { try stage.runToEnd() }
        #expect(failure?.description.contains("built with 2") == true, "\(String(describing: failure))")
    }

    @Test("Closed port, missing topics: one line each, at once")
    func closedDoors() throws {
        var stage = try Stage(partitions: 1)
        stage.configuration.topics.alerts += "-missing"
        let missing = #expect(throws: RunFailure.self) { try stage.runToEnd() }
        #expect(missing?.description.contains("run 'amiwatch topics --create") == true)
        #expect(missing?.description.contains(stage.topics.alerts) == true)
        stage.configuration.input.topics = [stage.input + "-missing"]
        let input = #expect(throws: RunFailure.self) { try stage.runToEnd() }
        #expect(
            input?.description.contains(
                "run 'amiwatch topics --create --bootstrap-servers \(stage.broker.bootstrapServers) --input \(stage.input)"
            ) == true
        )
        let port = try freePorts(1)[0]
        stage.configuration.kafka.bootstrapServers = "127.0.0.1:\(port)"
        let closed = timed { #expect(throws: RunFailure.self) { try stage.runToEnd() } }
        #expect(closed.value?.description.contains("127.0.0.1:\(port)") == true)
        #expect(closed.value?.description.contains("\n") == false)
        #expect(closed.calm < .seconds(15), "\(closed)")
    }

    @Test("Kafka's own console consumer sees every alert once")
    func consoleConsumer() throws {
        let history = History(seed: 35)
        let stage = try Stage()
        try stage.produce(history.events)
        try stage.runToEnd()
        let own = try stage.alerts()
        // A mark behind the last alert of each partition: an alert that came twice would take a mark's place.
        try produce(
            (0..<4).map { TestMessage("end", partition: $0) },
            to: stage.topics.alerts,
            at: stage.broker.bootstrapServers
        )
        let result = try stage.broker.tool(
            "kafka-console-consumer.sh",
            [
                "--topic", stage.topics.alerts, "--isolation-level", "read_committed", "--from-beginning",
                "--max-messages", "\(own.count + 4)", "--timeout-ms", "200000",
                "--property", "print.key=true", "--property", "print.headers=true",
            ]
        )
        #expect(result.output.split(separator: "\n").count { $0.hasSuffix("\tend") } == 4)
        // It says some things of its own, too.
        let lines = result.output.split(separator: "\n").map(String.init).filter { $0.contains("\t{") }
        #expect(lines.count == own.count, "\(result.errors.suffix(500))")
        #expect(lines.allSatisfy { $0.contains("schema:amiwatch.alert/1") && $0.contains("rule_id:") })
        // The names that README documents, in their order.
        let readme = try String(contentsOfFile: Worker.checkout + "/README.md", encoding: .utf8)
        let sentence = try #require(readme.firstMatch(of: /its headers[^.]+ `schema`[^.]+\./)?.output)
        let names = sentence.matches(of: /`([a-z_-]+)`/).map { String($0.output.1) }
        #expect(names.count >= 6 && own.allSatisfy { $0.headers.map(\.name) == names }, "\(names)")
        let values = Set(lines.compactMap { $0.split(separator: "\t", maxSplits: 2).last.map(String.init) })
        #expect(values == Set(own.compactMap(\.value)))
    }

    @Test("topics --create makes what run needs, and says what is unfit")
    func topics() throws {
        var configuration = try Stage(partitions: 3).configuration
        let log = RunLog(level: .error)
        let sound = try TopicCheck(configuration, creates: false, log: log)
        #expect(sound.isSound)
        #expect(sound.rows.allSatisfy { $0.partitions == 3 })
        let stage = try Stage(partitions: 1)
        configuration.topics.state = try stage.broker.makeTopic("unfit", partitions: 2)
        let unfit = try TopicCheck(configuration, creates: true, log: log)
        #expect(!unfit.isSound)
        let errors = unfit.rows.flatMap(\.errors).map(\.message).joined(separator: "\n")
        #expect(errors.contains("cleanup.policy=delete"))
        #expect(errors.contains("2 partitions"))
    }
}

/// A cluster that does not let everybody do everything.
@Suite(.needsKafkaHome, .ownThread, .serialized)
struct PermissionTests {
    @Test("No permission: one line that says for what")
    func denied() throws {
        let broker = try RealBroker(properties: [
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found": "true",
        ])
        defer { broker.stop() }
        func acl(_ arguments: String...) throws {
            let result = try broker.tool("kafka-acls.sh", ["--add"] + arguments)
            #expect(result.status == 0, "\(result.errors)")
        }
        // Whoever is denied one thing may still do all others.
        try acl("--allow-principal", "User:ANONYMOUS", "--operation", "All", "--topic", "*")
        let (write, both) = ("Write (includes Describe)", "Read and Write (they include Describe)")
        for (operation, resource, grant) in [
            ("Write", \Stage.topics.alerts, write), ("Write", \Stage.topics.deadLetters, write),
            ("Read", \Stage.input, "Read (includes Describe)"), ("Write", \Stage.topics.events, both),
            ("Read", \Stage.topics.events, both), ("Describe", \Stage.topics.catalogue, both),
        ] {
            let stage = try Stage(partitions: 1, on: broker)
            let name = stage[keyPath: resource]
            try acl("--deny-principal", "User:ANONYMOUS", "--operation", operation, "--topic", name)
            try produce(
                [TestMessage("{\"eventName\":\"RunInstances\"", partition: 0)],
                to: stage.input,
                at: broker.bootstrapServers
            )
            try stage.produce(History(seed: 41).events, partitions: 1)
            let run = timed {
                #expect(throws: RunFailure.self, "\(operation) \(name)") {
                    try stage.runToEnd(log: RunLog(level: .warning))
                }
            }
            let line = run.value?.description ?? ""
            #expect(line.contains(name) && line.contains("; grant \(grant) on topic \(name); see"), "\(line)")
            #expect(run.calm < .seconds(30), "\(run)")
        }
    }
}

/// The broker inside the program.
@Suite(.ownThread, .serialized)
struct EmbeddedTests {
    @Test("A first run needs nothing but the program")
    func firstRun() throws {
        let result = try runCommand(
            [
                Worker.binary, "run", "--embedded", "--feed", "\(Worker.checkout)/Deploy/sample/trail",
                "--policy",
                "\(Worker.checkout)/Deploy/sample/policy.yaml", "--until-end", "--print-alerts",
            ],
            timeout: patience
        )
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("CRITICAL open  allowed-amis-disabled"))
        #expect(result.errors.contains("\"dead_lettered\":1"))
    }
}
