import Configuration
import Kafka
import KafkaTestSupport
import Testing

@testable import Pipeline

/// A state that holds less than the group's offsets promise: its end was told by a leader of before, or somebody has
/// moved the offsets.
@Suite("State behind the group", .needsRealBroker, .ownThread, .serialized)
struct StateEndTests {
    private let stage: Stage
    private let worker: Worker

    private static let warning = "committed offset is ahead of the state"

    /// A worker whose group has read a record that the state knows nothing of.
    init() throws {
        stage = try Stage(partitions: 1)
        let servers = stage.broker.bootstrapServers
        try produce([TestMessage(nil, key: "k", partition: 0)], to: stage.topics.events, at: servers)
        let member = try Consumer([
            "bootstrap.servers": servers, "group.id": stage.configuration.groupID,
        ])
        try member.commit([CommittedOffset(TopicPartition(stage.topics.events, 0), 1)])
        worker = try Worker(stage, environment: ["AMIWATCH_LOG_LEVEL": "debug"])
        let words = "\(stage.topics.state)[0] to hold the committed offset 1 of \(stage.topics.events)[0]"
        try #require(worker.logs(words), "\(worker.lines)")
    }

    @Test("What is missing is read when it comes, and only then the state counts as restored")
    func late() throws {
        #expect(!worker.lines.contains("state restored"))
        let entry = LedgerEntry.position(TopicPartition(stage.topics.events, 0), 1)
        let producer = try Producer(["bootstrap.servers": stage.broker.bootstrapServers])
        let topic = try producer.topic(stage.topics.state)
        try producer.produce(to: topic, partition: 0, key: entry.key, value: entry.value)
        try producer.flush(timeout: patience)
        #expect(worker.logs("state restored"), "\(worker.lines)")
        #expect(!worker.lines.contains(Self.warning), "\(worker.lines)")
        worker.end()
    }

    @Test("What does not come was moved by hand: that is said, and the work goes on")
    func moved() throws {
        #expect(worker.logs("state restored"), "\(worker.lines)")
        #expect(worker.count(of: Self.warning) == 1, "\(worker.lines)")
        worker.end()
        // The state and the group agree from then on.
        let next = try Worker(stage)
        #expect(next.logs("state restored"), "\(next.lines)")
        #expect(!next.lines.contains(Self.warning), "\(next.lines)")
        next.end()
    }
}
