import Configuration
import Kafka

/// One topic as amiwatch wants it.
struct TopicPlan: Sendable {
    enum Purpose: String, Sendable {
        case input
        case events
        case state
        case catalogue
        case alerts
        case findings
        case deadLetters = "dead letters"

        /// Whether it keeps the latest value of each key, and nothing else.
        var isCompacted: Bool { self == .state || self == .catalogue || self == .findings }

        /// What a worker does with it, as Kafka's access lists call it; each includes Describe.
        var operations: [String] {
            switch self {
            case .input: ["Read"]
            case .events, .state, .catalogue: ["Read", "Write"]
            case .alerts, .findings, .deadLetters: ["Write"]
            }
        }
    }

    let name: String
    let purpose: Purpose
    /// The most bytes of a batch that amiwatch writes to it, with the batch's own frame.
    let batchBytes: Int

    /// The topics of a configuration, the input first.
    static func all(_ clients: KafkaClients) -> [TopicPlan] {
        let (input, topics) = (clients.configuration.input, clients.configuration.topics)
        let (forwarded, published) = (
            clients.forwarding.messageBytes, clients.transactional(id: "").messageBytes
        )
        func plan(_ name: String, _ purpose: Purpose, _ messageBytes: Int) -> TopicPlan {
            // Saturating, as the number comes from a file.
            TopicPlan(name: name, purpose: purpose, batchBytes: min(messageBytes, .max - 512) + 512)
        }
        var plans = input.topics.map { plan($0, .input, forwarded) }
        if !input.isKeyedByAccount { plans.append(plan(topics.events, .events, forwarded)) }
        return plans + [
            plan(topics.state, .state, published), plan(topics.catalogue, .catalogue, published),
        ]
            + clients.configuration.alerts.formats.map {
                plan(clients.configuration.topic(of: $0), .alerts, published)
            } + [
                plan(topics.findings, .findings, published),
                plan(topics.deadLetters, .deadLetters, max(forwarded, published)),
            ]
    }

    /// What a new topic gets; everything that the check looks at is given, for a broker's defaults may be anything.
    func properties(replication: Int) -> [KafkaConfiguration.Property] {
        let retention = purpose == .alerts || purpose == .deadLetters ? 30 * Wanted.day : 7 * Wanted.day
        let keeping =
            purpose.isCompacted
            ? [("cleanup.policy", "compact"), ("delete.retention.ms", String(Wanted.deleteRetention))]
            : [("cleanup.policy", "delete"), ("retention.ms", String(retention)), ("retention.bytes", "-1")]
        let safety = [
            ("min.insync.replicas", String(Wanted.inSync(of: replication))),
            ("unclean.leader.election.enable", "false"),
            ("max.message.bytes", String(Wanted.messageBytes(for: batchBytes))),
        ]
        return (keeping + safety).map { .init(name: $0, value: $1) }
    }

    /// The values that new topics get, and that the commands which mend a topic set.
    enum Wanted {
        /// Milliseconds.
        static let day = 86_400_000
        /// Milliseconds.
        static let deleteRetention = 7 * day
        /// The brokers' own default.
        static let usualMessageBytes = 1_048_588

        static func inSync(of replication: Int) -> Int { replication >= 3 ? 2 : 1 }

        static func messageBytes(for batchBytes: Int) -> Int { max(usualMessageBytes, batchBytes) }
    }
}
