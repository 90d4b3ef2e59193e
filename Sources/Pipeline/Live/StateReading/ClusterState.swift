import CloudTrail
package import Configuration
package import Detection
import Kafka

/// What the workers of a running cluster know: their state and catalogue, read once to their present ends.
///
/// It joins no group and writes nothing; workers notice nothing of it.
package struct ClusterState {
    /// The engine that the workers' own entries give back; all accounts are its own.
    package var engine: Engine
    /// Where the partitions of both topics ended: `amiwatch.state[0]=17`.
    package let offsets: [String]

    /// How many partitions were judged by each policy, by the first 16 digits of its hash; none of an older version's.
    package let judges: [String: Int]

    /// Connects, and reads both topics.
    ///
    /// `policy` is the workers'.
    /// - Throws: `RunFailure`, also when no worker has ever written there.
    package init(_ configuration: RunConfiguration, policy: Policy, log: RunLog) throws {
        let clients = try KafkaClients(configuration)
        let advice = FailureAdvice(
            clients,
            .reading([configuration.topics.state, configuration.topics.catalogue], configuration)
        )
        self = try advice.completing {
            let topics = try StateDescriptions(clients, clients.openAdmin(log))
            let state = try ClusterState(clients, topics, policy: policy, log: log)
            guard !state.isEmpty else {
                throw RunFailure(
                    "\(topics.state.name) is empty: no worker has written any state there",
                    advice: "give --config and the environment of the workers",
                    cause: nil
                )
            }
            return state
        }
    }

    /// Reads both topics, whatever is in them.
    init(_ clients: KafkaClients, _ topics: StateDescriptions, policy: Policy, log: RunLog) throws {
        engine = Engine(
            policy: policy,
            settings: .live(clients.configuration.detector, endsWhenRead: true)
        )
        var judged: [Int32: UInt64] = [:]
        var time = EventTime.distantPast
        let ends = try StateReading(clients, log: log).read(
            state: topics.state,
            catalogue: topics.catalogue,
            into: &engine
        ) { partition, entry in
            switch entry {
            case .policy(let hash): judged[partition] = hash
            case .time(let entryTime): time = max(time, entryTime)
            default: break
            }
        }
        engine.catchUpStreamTime(to: time)
        judges = judged.values.reduce(into: [:]) { $0[Policy.digits($1), default: 0] += 1 }
        offsets = ends.sorted { $0.key < $1.key }.map { "\($0.key.name)=\($0.value)" }
        isEmpty = !ends.contains { $0.key.topic == topics.state.name && $0.value > 0 }
    }

    /// Whether nothing was ever written to the state.
    private let isEmpty: Bool

    /// Refuses what the given policy would say otherwise than the workers' has.
    ///
    /// - Throws: `RunFailure`.
    static func refuse(findings count: Int, of all: Int, judgedByOtherThan policy: Policy) throws {
        guard count > 0 else { return }
        throw RunFailure(
            "\(count) of \(all) open findings were published by another policy than "
                + "\(policy.hash.prefix(12)), and would be others by this one",
            advice: "give --policy the policy of the workers; if it is, wait until they have judged by it",
            cause: nil
        )
    }

    /// Every finding that the workers have published and still keep.
    ///
    /// - Throws: `RunFailure` when the policy is not the workers', and would say something else.
    package mutating func findings() throws -> KeptFindings {
        let kept = engine.keptFindings()
        try Self.refuse(
            findings: kept.judgedByOther,
            of: kept.all.count,
            judgedByOtherThan: engine.policy
        )
        return kept
    }
}
