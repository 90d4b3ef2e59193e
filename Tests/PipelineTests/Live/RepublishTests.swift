import Alerts
import Configuration
import Detection
import Foundation
import Kafka
import KafkaTestSupport
import Testing
import TestSupport

@testable import Pipeline

/// `amiwatch republish` on a real cluster: what is open is said again, and nothing else.
@Suite(.needsKafkaHome, .ownThread, .serialized)
struct RepublishTests {
    private static let sample = Worker.checkout + "/Deploy/sample"
    fileprivate static let policy = sample + "/policy.yaml"

    @Test("An alerts topic that was deleted and made anew gets the findings that are open")
    func newTopic() throws {
        let stage = try Self.sampleDay()
        let before = try Self.lastAlerts(stage.alerts())
        let deleted = try stage.broker.tool("kafka-topics.sh", ["--delete", "--topic", stage.topics.alerts])
        try #require(deleted.status == 0, "\(deleted)")
        try #require(
            try becomes {
                try stage.republish(by: Self.policy).errors.contains("missing topic \(stage.topics.alerts)")
            }
        )
        try stage.broker.makeTopic(named: stage.topics.alerts, partitions: 4)

        let shown = try stage.republish(["--dry-run"], by: Self.policy)
        #expect(shown.status == 0 && shown.output.hasPrefix("SEVERITY "), "\(shown)")
        #expect(try stage.alerts().isEmpty)
        let result = try stage.republish(by: Self.policy)
        #expect(result.status == 0 && result.output.isEmpty, "\(result)")
        #expect(result.errors.contains("read up to \(stage.topics.catalogue)[0]="), "\(result)")
        let messages = try stage.alerts()

        // What a replay of the same files says of what is open in the end; word by word but for what only alerts have.
        let replay = try runCommand(
            [Worker.binary, "replay", "--findings", "--policy", Self.policy, Self.sample + "/trail"]
        )
        try #require(replay.status == 0, "\(replay)")
        let open = replay.output.split(separator: "\n").compactMap { JSONTree(Array($0.utf8)) }
            .filter { $0["status"]?.text == "open" }
        #expect(open.count > 10 && messages.count == open.count, "\(open.count), \(messages.count)")
        #expect(shown.output.split(separator: "\n").count == open.count + 1)
        let alerts = Dictionary(try messages.map { ($0.key ?? "", try Self.tree($0)) }) { $1 }
        for finding in open {
            let id = try #require(finding["finding_id"]?.text)
            let alert = try #require(alerts[id])
            #expect(alert["finding_id"]?.text == id && shown.output.contains(id))
            for member in Self.members(finding) where !["schema", "status"].contains(member.key) {
                #expect(alert[member.key] == member.value, "\(member.key)")
            }
        }
        // Word by word what was last published, but for the marks.
        var same = 0
        for message in messages {
            #expect(message.headers.contains(Header("republished", "true")))
            let (alert, id) = (try Self.tree(message), message.key ?? "")
            let last = try #require(before[id])
            #expect(alert["republished"] == .boolean(true))
            #expect(alert["alert_id"]?.text == last.alertID && alert["revision"]?.integer == last.revision)
            guard last.alert["instances"] == .null else { continue }
            #expect(message.partition == last.message.partition)
            #expect(message.headers.dropLast() == last.message.headers[...])
            // What has come since and was not worth an alert is in it all the same.
            if Self.unmarked(alert) == Self.unmarked(last.alert) { same += 1 }
            for key in ["status", "caused_by", "verdict", "severity", "rule_id", "resource", "policy"] {
                #expect(alert[key] == last.alert[key])
            }
        }
        #expect(same > messages.count / 2, "\(same) of \(messages.count)")

        let worker = try stage.runSampleDay()
        #expect(worker.status == 0, "\(worker.errors)")
        #expect(try stage.alerts().count == messages.count, "a worker says nothing of it twice")
        try filters(stage, messages)
        try refusals(stage)
    }

    /// Each filter by itself, into a topic of another name.
    private func filters(_ stage: Stage, _ all: [ReadMessage]) throws {
        let trees = try all.map(Self.tree)
        let one = try #require(trees.first { $0["severity"]?.text == "high" })
        let time = try #require(one["event"]?["time"]?.text)
        let cases: [([String], (JSONTree) -> Bool)] = [
            (["--rule", one["rule_id"]?.text ?? ""], { $0["rule_id"] == one["rule_id"] }),
            (["--account", one["account_id"]?.text ?? ""], { $0["account_id"] == one["account_id"] }),
            (["--severity", "critical,low"], { ["critical", "low"].contains($0["severity"]?.text) }),
            (
                ["--resource", one["resource"]?["id"]?.text ?? ""],
                { $0["resource"]?["id"] == one["resource"]?["id"] }
            ), (["--since", time], { $0["event"]?["time"]?.text ?? "" >= time }),
        ]
        for (options, isWanted) in cases {
            let wanted = Set(trees.filter(isWanted).compactMap { $0["alert_id"]?.text })
            #expect(!wanted.isEmpty && wanted.count < trees.count, "\(options)")
            let topic = try stage.broker.makeTopic("republished", partitions: 2)
            let result = try stage.republish(["--topic", topic] + options, by: Self.policy)
            #expect(result.status == 0, "\(result)")
            let got = try readAll(topic, at: stage.broker.bootstrapServers).map(Self.tree)
            #expect(got.count == wanted.count && Set(got.compactMap { $0["alert_id"]?.text }) == wanted)
        }
    }

    /// What cannot be done is a line that says what to do, and publishes nothing.
    private func refusals(_ stage: Stage) throws {
        let count = try stage.alerts().count
        let other = Stage.folder + "/policy.yaml"
        for (options, policy, state, status, words) in [
            (["--topic", "nowhere"], Self.policy, nil, 1, "run 'kafka-topics.sh --bootstrap-server "),
            ([], Self.policy, "nowhere", 1, "missing topic nowhere: "),
            ([], other, nil, 1, "give --policy the policy of the workers"),
            (["--rule", "ami-shared-publically"], Self.policy, nil, 2, "did you mean ami-shared-publicly?"),
            (["--since", "yesterday"], Self.policy, nil, 2, "is not a valid time"),
        ] as [([String], String, String?, Int32, String)] {
            let changes = state.map { ["AMIWATCH_TOPICS_STATE": $0] } ?? [:]
            let result = try stage.republish(options, by: policy, changes)
            #expect(result.status == status && result.errors.contains(words), "\(options): \(result)")
        }
        #expect(try stage.alerts().count == count)
    }

    @Test(
        "Beside a worker, twice, and after one that was killed: no live alert twice, no new id, nothing half"
    )
    func besideWorkers() throws {
        let history = History(seed: 51)
        let stage = try Stage()
        let middle = history.events.count / 2
        let own = Stage.folder + "/policy.yaml"
        let worker = try Worker(stage)
        try stage.produce(history.events[..<middle])
        let expected = Expected(history.sorted(history.events[..<middle]), policy: stage.policy).findings
        try #require(try becomes { try stage.findings() == expected })
        let open = expected.values.count { $0.hasPrefix("open") }

        // One that was killed in the middle: what it has sent is undone by the next one.
        let killed = try Producer([
            "bootstrap.servers": stage.broker.bootstrapServers, "transaction.timeout.ms": "600000",
            "transactional.id": "\(stage.configuration.groupID)-republish:\(stage.topics.alerts)",
        ])
        try killed.initTransactions(timeout: patience)
        try killed.beginTransaction()
        try killed.produce(to: try killed.topic(stage.topics.alerts), key: nil, value: Array("half".utf8))
        try killed.flush(timeout: patience)

        for _ in 0..<2 {
            let result = try stage.republish(by: own)
            #expect(
                result.status == 0 && result.errors.contains("\(open) open findings republished"),
                "\(result)"
            )
        }
        #expect(throws: KafkaError.self) { try killed.commitTransaction(timeout: .seconds(30)) }
        try stage.produce(history.events[middle...])
        let whole = Expected(history.sorted, policy: stage.policy).findings
        try #require(try becomes { try stage.findings() == whole })
        #expect(try stage.republish(by: own).status == 0)
        worker.end(within: .seconds(20))

        let alerts = try stage.alerts().map(Self.tree)
        let live = alerts.filter { $0["republished"] == nil }.flatMap(Self.abouts).compactMap {
            $0["alert_id"]?.text
        }
        let again = alerts.filter { $0["republished"] != nil }.compactMap { $0["alert_id"]?.text }
        #expect(Set(live).count == live.count)
        #expect(Set(again).isSubset(of: live), "whoever has seen the live ones drops them all")
        #expect(again.count == 2 * open + whole.values.count { $0.hasPrefix("open") })
        #expect(try stage.findings() == whole)
    }

    @Test(
        "Killed in the middle of a thousand alerts, or at the last: no reader sees any, and the next one says each once"
    )
    func killed() throws {
        let stage = try Stage(partitions: 2)
        let (own, count) = (Stage.folder + "/policy.yaml", 1_000)
        try produce(
            (0..<count).map { TestMessage(BusyAccountTests.share($0, by: "100000000010"), partition: 0) },
            to: stage.input,
            at: stage.broker.bootstrapServers
        )
        try stage.runToEnd()
        let alerts = try stage.alerts()
        let shown = try stage.republish(["--dry-run"], by: own).output.split(separator: "\n").dropFirst()
        let ids = shown.compactMap { $0.split(separator: " ").last.map(String.init) }
        #expect(ids.count >= count)
        let library = try Killer.library()
        func sent() throws -> Int {
            try readAll(
                stage.topics.alerts,
                at: stage.broker.bootstrapServers,
                isolation: "read_uncommitted"
            ).count
        }
        for place in [ids.count / 2, ids.count - 1] {
            let before = try sent()
            let changes = ["LD_PRELOAD": library, "DIES_AT": ids[place], "DIES_AFTER": "500"]
            let dead = try stage.republish(by: own, changes)
            #expect(dead.status == 128 + SIGKILL, "\(dead)")
            #expect(try sent() > before, "a part of it was sent")
            #expect(try stage.alerts() == alerts)
        }
        let whole = try stage.republish(by: own)
        #expect(whole.status == 0, "\(whole)")
        let again = try stage.alerts().filter { !alerts.contains($0) }
        #expect(again.allSatisfy { $0.headers.contains(Header("republished", "true")) })
        #expect(again.count == ids.count && Set(again.compactMap(\.key)) == Set(ids))
    }

    // MARK: Reading

    /// A stage with the sample day judged.
    private static func sampleDay() throws -> Stage {
        let stage = try Stage()
        let result = try stage.runSampleDay("--feed", sample + "/trail")
        try #require(result.status == 0, "\(result.errors)")
        return stage
    }

    private static func tree(_ message: ReadMessage) throws -> JSONTree {
        try #require(JSONTree(Array((message.value ?? "").utf8)))
    }

    private static func members(_ tree: JSONTree) -> [JSONTree.Member] {
        if case .object(let members) = tree { members } else { [] }
    }

    /// The findings that an alert is about.
    private static func abouts(_ alert: JSONTree) -> [JSONTree] {
        let instances = alert["instances"]?.elements ?? []
        return instances.isEmpty ? [alert] : instances
    }

    /// What an alert says, whenever it is said.
    private static func unmarked(_ alert: JSONTree) -> [JSONTree.Member] {
        members(alert).filter { !["raised_at", "republished"].contains($0.key) }
    }

    private struct Last {
        let message: ReadMessage
        let alert: JSONTree
        let alertID: String
        let revision: Int
    }

    /// The last alert of each finding.
    private static func lastAlerts(_ messages: [ReadMessage]) throws -> [String: Last] {
        var last: [String: Last] = [:]
        for message in messages {
            let alert = try tree(message)
            for about in abouts(alert) {
                let id = try #require(about["finding_id"]?.text)
                let found = Last(
                    message: message,
                    alert: alert,
                    alertID: try #require(about["alert_id"]?.text),
                    revision: try #require(about["revision"]?.integer)
                )
                if found.revision > last[id]?.revision ?? 0 { last[id] = found }
            }
        }
        return last
    }
}

extension Stage {
    /// Judges what is there by the sample day's policy.
    fileprivate func runSampleDay(_ options: String...) throws -> CommandResult {
        try runCommand(
            [Worker.binary, "run", "--until-end", "--policy", RepublishTests.policy] + options,
            environment: environment,
            timeout: patience
        )
    }

    /// Republishes by the policy of the workers.
    fileprivate func republish(
        _ options: [String] = [],
        by policy: String,
        _ changes: [String: String] = [:]
    ) throws -> CommandResult {
        try runCommand(
            [Worker.binary, "republish", "--policy", policy] + options,
            environment: environment.merging(changes) { $1 },
            timeout: patience
        )
    }
}
