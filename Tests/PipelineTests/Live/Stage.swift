import CloudTrail
import Detection
import Foundation
import Kafka
import KafkaTestSupport
import TestSupport

@testable import Alerts
@testable import Configuration
@testable import Pipeline

/// A set of topics of its own on the shared broker, and everything a test does with them.
struct Stage {
    let broker: RealBroker
    var configuration = RunConfiguration()
    let policy: Policy

    var input: String { configuration.input.topics[0] }
    var topics: RunConfiguration.Topics { configuration.topics }

    init(
        partitions: Int = 4,
        formats: [AlertFormat] = [.native],
        on other: RealBroker? = nil
    ) throws {
        broker = try other ?? RealBroker.shared()
        policy = try Self.readPolicy()
        let name = uniqueName("live")
        configuration.kafka.bootstrapServers = broker.bootstrapServers
        configuration.groupID = name
        configuration.instanceID = "worker"
        configuration.input.topics = ["\(name)-input"]
        configuration.topics.events = "\(name)-events"
        configuration.topics.state = "\(name)-state"
        configuration.topics.catalogue = "\(name)-catalogue"
        configuration.topics.alerts = "\(name)-alerts"
        configuration.topics.findings = "\(name)-findings"
        configuration.topics.deadLetters = "\(name)-deadletters"
        configuration.alerts.formats = formats
        let check = try TopicCheck(
            configuration,
            creates: true,
            partitions: partitions,
            log: RunLog(level: .error)
        )
        guard check.isSound else { throw ReadFailure(message: "\(check.rows)") }
    }

    /// The test's policy, and librdkafka's properties for workers that others shall take over from soon.
    static let folder: String = {
        do {
            let folder = try temporaryFolder("amiwatch-stage")
            try """
            version: 1
            required_tags:
              - {resource: image, key: Role, grace_minutes: 15}
            """.write(toFile: folder + "/policy.yaml", atomically: true, encoding: .utf8)
            try """
            kafka:
              consumer:
                session.timeout.ms: 1500
                heartbeat.interval.ms: 300
            policy: policy.yaml
            """.write(toFile: folder + "/amiwatch.yaml", atomically: true, encoding: .utf8)
            return folder
        } catch { return "" }
    }()

    static func readPolicy() throws -> Policy { try PolicyReader.read(path: folder + "/policy.yaml").policy }

    // MARK: In

    /// Puts records into the input, spread over its partitions by nothing in particular.
    func produce(_ events: some Sequence<History.Event>, partitions: Int32 = 4) throws {
        try KafkaTestSupport.produce(
            events.enumerated().map { TestMessage($1.json, partition: Int32($0) % partitions) },
            to: input,
            at: broker.bootstrapServers
        )
    }

    /// Records at a steady pace, each with an alert of its own.
    func flow(every pause: Duration) throws -> AlertFlow {
        AlertFlow(
            at: broker.bootstrapServers,
            input: input,
            partitions: Int32(try description(of: input).partitions.count),
            alerts: try description(of: topics.alerts),
            every: pause
        )
    }

    /// What the cluster says of a topic.
    func description(of topic: String) throws -> TopicDescription {
        let admin = try Admin(["bootstrap.servers": broker.bootstrapServers])
        guard let description = try admin.describeTopic(topic) else {
            throw ReadFailure(message: "no topic \(topic)")
        }
        return description
    }

    // MARK: Running

    /// Runs to the end of what is there, in this process.
    @discardableResult
    func runToEnd(log: RunLog = RunLog(level: .error)) throws -> LiveRun.Summary {
        var options = LiveRun.Options()
        options.endsWhenRead = true
        return try LiveRun(configuration, policy: policy, options: options, log: log).run()
    }

    // MARK: Out

    /// The alerts that a read_committed reader sees.
    func alerts() throws -> [ReadMessage] {
        try readAll(topics.alerts, at: broker.bootstrapServers)
    }

    /// What the alerts leave of each finding in the end, whatever the order in which its partitions are read.
    func findings() throws -> [String: String] {
        var last: [String: (revision: Int, alert: JSONTree)] = [:]
        for message in try alerts() {
            guard let alert = JSONTree(Array((message.value ?? "").utf8)) else {
                throw ReadFailure(message: "no alert: \(message)")
            }
            let instances = alert["instances"]?.elements ?? []
            for about in instances.isEmpty ? [alert] : instances {
                guard let id = about["finding_id"]?.text, let revision = about["revision"]?.integer else {
                    throw ReadFailure(message: "no alert: \(message)")
                }
                if revision > last[id]?.revision ?? 0 { last[id] = (revision, alert) }
            }
        }
        return last.compactMapValues { $0.alert["status"]?.text == "retracted" ? nil : told($0.alert) }
    }

    /// The final form of each finding, by its id, as the state has it.
    func finalForms() throws -> [String: String] {
        let engine = try restoredEngine()
        return finalFormsOf(engine)
    }

    /// The engine that the state and the catalogue give.
    func restoredEngine() throws -> Engine {
        var engine = Engine(policy: policy, settings: .live(configuration.detector, endsWhenRead: true))
        for topic in [topics.catalogue, topics.state] {
            try readBytes(topic) { key, value in
                guard let first = key.first, first < 0x20 else { return }
                try engine.restore(key: key[...], value: value.map { $0[...] })
            }
        }
        return engine
    }

    /// Every message of a topic, as bytes.
    func readBytes(_ topic: String, _ body: (_ key: [UInt8], _ value: [UInt8]?) throws -> Void) throws {
        let servers = broker.bootstrapServers
        let consumer = try Consumer([
            "bootstrap.servers": servers, "group.id": uniqueName("reader"), "enable.partition.eof": "true",
        ])
        let partitions = try Admin(["bootstrap.servers": servers]).describeTopic(topic)?.partitions ?? []
        try consumer.assign(partitions.map { PartitionOffset(TopicPartition(topic, $0.id), .beginning) })
        var waiting = Set(partitions.map(\.id))
        let deadline = ContinuousClock.now + patience
        while !waiting.isEmpty {
            guard ContinuousClock.now < deadline else { throw ReadFailure(message: "no end of \(topic)") }
            try consumer.poll(maxMessages: 1000, timeout: .milliseconds(100)) { batch in
                for message in batch.messages {
                    try body(message.key.map { Array($0) } ?? [], message.payload.map { Array($0) })
                }
                for end in batch.ends { waiting.remove(end.partition) }
            }
        }
        try consumer.close()
    }
}

/// What the same records give without Kafka.
struct Expected {
    private(set) var alerts: [[UInt8]] = []
    private(set) var engine: Engine

    init(_ events: some Sequence<History.Event>, policy: Policy, settings: Engine.Settings = .init()) {
        engine = Engine(policy: policy, settings: settings)
        let reader = RecordReader()
        var encoder = NativeAlert()
        var pending: [Alert] = []
        for event in events {
            var json = event.json
            json.withUTF8 { bytes in
                reader.read(message: UnsafeRawBufferPointer(bytes)) { reading in
                    guard case .record(let found, _) = reading else { return }
                    _ = engine.process(found.decoded(), into: &pending)
                }
            }
            alerts += pending.map { encoder.encode($0) }
            pending.removeAll()
            engine.commit()
        }
    }

    /// What of each finding is always told, by its id.
    var findings: [String: String] {
        finalForms.mapValues { told(JSONTree(Array($0.utf8)) ?? .null) }
    }

    /// Each finding's final form, by its id.
    var finalForms: [String: String] { finalFormsOf(engine) }
}

private func finalFormsOf(_ engine: Engine) -> [String: String] {
    var encoder = NativeAlert()
    let found = engine.findings().map { id, finding in
        (
            id,
            String(
                decoding: encoder.encode(finding, findingID: id, policyHash: engine.policy.hash),
                as: UTF8.self
            )
        )
    }
    return Dictionary(found) { $1 }
}

/// What of a finding is always told: how often it was seen, and by what, only when that matters.
func told(_ alert: JSONTree) -> String {
    let status = alert["status"]?.text == "updated" ? "open" : alert["status"]?.text
    let others = ["verdict", "severity", "rule_id", "account_id", "region"].map { alert[$0]?.text }
    return ([status] + others).map { $0 ?? "?" }.joined(separator: " ")
}

struct ReadFailure: Error, CustomStringConvertible {
    let message: String
    var description: String { message }
}
