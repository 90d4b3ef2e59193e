import Configuration
import Kafka
import KafkaTestSupport
import Testing

/// What a running cluster's topics tell, beside workers that notice nothing.
@Suite(.needsKafkaHome, .ownThread, .serialized)
struct ClusterStateTests {
    private static let sample = Worker.checkout + "/Deploy/sample"
    private static let policy = sample + "/policy.yaml"

    private static func ask(
        _ stage: Stage,
        _ arguments: [String],
        _ changes: [String: String] = [:]
    ) throws -> CommandResult {
        try runCommand(
            [Worker.binary] + arguments,
            environment: stage.environment.merging(changes) { $1 },
            timeout: patience
        )
    }

    @Test("Beside a worker, findings are those of the same files; afterwards nothing has changed")
    func besideAWorker() throws {
        let stage = try Stage()
        let worker = try Worker(stage, ["--policy", Self.policy, "--feed", Self.sample + "/trail"])
        // What was retracted on the way depends on the order; what stands or stood does not.
        let ask = [
            "findings", "--policy", Self.policy, "--status", "open,resolved", "--format", "json",
        ]
        let expected = try runCommand([Worker.binary] + ask + ["--trail", Self.sample + "/trail"])
        try #require(expected.status == 0 && expected.output.split(separator: "\n").count > 30)
        var last = expected
        let isSame = try becomes {
            last = try Self.ask(stage, ask)
            return last.output == expected.output
        }
        #expect(isSame, "\(last)")
        #expect(last.status == 0 && last.errors.contains("read up to \(stage.topics.catalogue)[0]="))
        let table = ["findings", "--policy", Self.policy]
        let fromFiles = try runCommand([Worker.binary] + table + ["--trail", Self.sample + "/trail"])
        #expect(try Self.ask(stage, table).output == fromFiles.output)

        for question in [
            [], ["--account", "777788889999"], ["--image", "ami-08fcb05a94dd68fdf"],
            ["--image", "ami-08fcb05a94dd68fdf", "--at", "2026-03-17T11:30:00Z"],
            ["--instance", "i-0df7c7f4144ef8cee"], ["--members"],
            ["--principal", "arn:aws:sts::777788889999:assumed-role/developer/anna@example.com"],
        ] {
            let ask = ["state", "--policy", Self.policy, "--format", "json"] + question
            let expected = try runCommand([Worker.binary] + ask + ["--trail", Self.sample + "/trail"])
            let found = try Self.ask(stage, ask)
            #expect(expected.status == 0 && found.status == 0, "\(question): \(found)")
            #expect(found.output == expected.output, "\(question)")
        }

        let (assigned, alerts) = (worker.count(of: Worker.assigned), try stage.alerts())
        for _ in 0..<3 { #expect(try Self.ask(stage, table).status == 0) }
        #expect(worker.count(of: Worker.assigned) == assigned, "nobody has joined the group")
        #expect(try stage.alerts() == alerts)
        worker.end(within: .seconds(20))
    }

    @Test("A topic that is missing, empty or somebody else's is named, with what to do")
    func refusals() throws {
        let stage = try Stage()
        let ask = ["findings", "--policy", Self.policy]
        func refuses(_ words: String, _ changes: [String: String] = [:], _ options: [String] = []) throws {
            let result = try Self.ask(stage, ask + options, changes)
            #expect(result.status == 1 && result.output.isEmpty, "\(result)")
            #expect(result.errors.contains(words), "\(result)")
        }
        try refuses("\(stage.topics.state) is empty: no worker has written any state there; give --config")
        try refuses("missing topic nowhere: ", ["AMIWATCH_TOPICS_STATE": "nowhere"])

        for (key, words) in [
            (nil, "holds 1 messages without a key, and no state"),
            ("key", "key was written by a newer amiwatch or by something else"),
        ] as [(String?, String)] {
            let other = try stage.broker.makeTopic("other")
            let producer = try Producer(["bootstrap.servers": stage.broker.bootstrapServers])
            try producer.produce(
                to: try producer.topic(other),
                key: key.map { Array($0.utf8) },
                value: [0x7B]
            )
            try producer.flush(timeout: patience)
            try refuses(words, ["AMIWATCH_TOPICS_STATE": other])
        }

        let run = try runCommand(
            [Worker.binary, "run", "--until-end", "--policy", Self.policy, "--feed", Self.sample + "/trail"],
            environment: stage.environment,
            timeout: patience
        )
        try #require(run.status == 0, "\(run.errors)")
        let other = try Self.ask(stage, ["findings", "--policy", Stage.folder + "/policy.yaml"])
        #expect(other.status == 1 && other.errors.contains("give --policy the policy of the workers"))
    }
}
