import Configuration
import Kafka

/// One topic as amiwatch wants it.
struct TopicPlan: Sendable {
    /// A property, and what it has to be.
    struct Wish: Sendable {
        let name: String
        /// What a new topic gets.
        let value: String
        /// Whether a value in force will do.
        let accepts: @Sendable (String) -> Bool
        /// Why not, when it will not.
        let reason: String
        /// Whether exactly once, or what is kept, depends on it.
        let isRequired: Bool
    }

    /// What a topic is for.
    enum Purpose: String, Sendable {
        case input
        case events
        case state
        case catalogue
        case alerts
        case deadLetters = "dead letters"
    }

    let name: String
    let purpose: Purpose
    let wishes: [Wish]

    private static let day = 86_400_000

    /// The topics of a configuration, the input first.
    static func all(_ configuration: RunConfiguration, replication: Int) -> [TopicPlan] {
        let topics = configuration.topics
        let inSync = replication >= 3 ? 2 : 1
        let weekly = retention(days: 7)
        var plans = configuration.input.topics.map {
            TopicPlan(name: $0, purpose: .input, wishes: [weekly])
        }
        if !configuration.input.isKeyedByAccount {
            plans.append(TopicPlan(name: topics.events, purpose: .events, wishes: [weekly] + safety(inSync)))
        }
        plans += [
            TopicPlan(name: topics.state, purpose: .state, wishes: compaction + safety(inSync)),
            TopicPlan(name: topics.catalogue, purpose: .catalogue, wishes: compaction + safety(inSync)),
            TopicPlan(
                name: topics.alerts,
                purpose: .alerts,
                wishes: [retention(days: 30)] + safety(inSync)
            ),
            TopicPlan(
                name: topics.deadLetters,
                purpose: .deadLetters,
                wishes: [retention(days: 30)] + safety(inSync)
            ),
        ]
        return plans
    }

    private static let compaction = [
        Wish(
            name: "cleanup.policy",
            value: "compact",
            accepts: { $0 == "compact" },
            reason: "what is old and still true would be deleted",
            isRequired: true
        ),
        Wish(
            name: "delete.retention.ms",
            value: String(7 * day),
            accepts: { (Int($0) ?? 0) >= 7 * day },
            reason: "a worker that was away for days would not hear what was deleted",
            isRequired: false
        ),
    ]

    private static func retention(days: Int) -> Wish {
        Wish(
            name: "retention.ms",
            value: String(days * day),
            accepts: { Int($0).map { $0 < 0 || $0 >= day } ?? false },
            reason: "less than a day is kept: a worker that stops overnight loses records",
            isRequired: false
        )
    }

    private static func safety(_ inSync: Int) -> [Wish] {
        [
            Wish(
                name: "min.insync.replicas",
                value: String(inSync),
                accepts: { (Int($0) ?? 0) >= inSync },
                reason: "a record could stand on one broker only, and be lost with it",
                isRequired: true
            ),
            Wish(
                name: "unclean.leader.election.enable",
                value: "false",
                accepts: { $0 == "false" },
                reason: "committed alerts could be lost with a broker",
                isRequired: true
            ),
        ]
    }
}
