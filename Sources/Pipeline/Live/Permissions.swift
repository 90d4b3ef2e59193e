import Configuration
import Kafka

/// What a user has to be allowed to do, as `Deploy/acls.sh` gives it: all of it at once, so that the next line is not
/// about the next permission.
struct Permissions: Sendable {
    /// By topic, in Kafka's words; Read and Write include Describe.
    private let topics: [String: [String]]
    let groups: [String]
    let transactionalIDPrefix: String

    static func run(
        _ configuration: RunConfiguration,
        feeds: Bool = false,
        showsAlerts: Bool = false
    ) -> Permissions {
        let (topics, input) = (configuration.topics, configuration.input)
        let isDetector = configuration.roles.contains(.detector)
        let hasIntake = configuration.hasIntake
        var needed: [String: [String]] = [:]
        func add(_ topic: String, read: Bool, write: Bool) {
            needed[topic] = (read ? ["Read"] : []) + (write ? ["Write"] : [])
        }
        for topic in input.topics {
            add(topic, read: hasIntake || (isDetector && input.isKeyedByAccount), write: feeds)
        }
        if !input.isKeyedByAccount { add(topics.events, read: isDetector, write: hasIntake) }
        add(topics.state, read: isDetector, write: isDetector)
        add(topics.catalogue, read: isDetector, write: true)
        for topic in configuration.outputTopics {
            add(topic, read: isDetector && showsAlerts && topic == topics.alerts, write: isDetector)
        }
        add(topics.deadLetters, read: false, write: true)
        return Permissions(
            topics: needed,
            groups: (isDetector ? [configuration.groupID] : [])
                + (hasIntake ? [configuration.groupID + "-intake"] : []),
            transactionalIDPrefix: configuration.groupID + "-"
        )
    }

    static func inventory(_ configuration: RunConfiguration) -> Permissions {
        let (topics, input) = (configuration.topics, configuration.input)
        var needed: [String: [String]] = [:]
        // It looks how they are all cut.
        for topic in input.topics + [topics.state, topics.catalogue, topics.deadLetters]
            + configuration.outputTopics
        {
            needed[topic] = []
        }
        needed[input.isKeyedByAccount ? input.topics[0] : topics.events] = ["Write"]
        return Permissions(topics: needed, groups: [], transactionalIDPrefix: configuration.groupID + "-")
    }

    /// What reading topics needs; librdkafka asks for the group, though nobody joins it.
    static func reading(_ topics: [String], _ configuration: RunConfiguration) -> Permissions {
        Permissions(
            topics: Dictionary(topics.map { ($0, ["Read"]) }) { $1 },
            groups: [configuration.groupID],
            transactionalIDPrefix: configuration.groupID + "-"
        )
    }

    /// What publishing open findings again needs.
    static func republish(_ configuration: RunConfiguration, to targets: [String]) -> Permissions {
        let topics = configuration.topics
        var needed = [topics.state: ["Read"], topics.catalogue: ["Read"]]
        for target in targets { needed[target] = ["Write"] }
        return Permissions(
            topics: needed,
            groups: [configuration.groupID],
            transactionalIDPrefix: configuration.groupID + "-"
        )
    }

    /// What publishing a replay's alerts needs.
    static func publishing(_ configuration: RunConfiguration) -> Permissions {
        Permissions(
            topics: Dictionary(configuration.outputTopics.map { ($0, ["Write"]) }) { $1 },
            groups: [],
            transactionalIDPrefix: configuration.groupID + "-"
        )
    }

    /// What putting dead letters into the input again needs.
    static func redrive(_ configuration: RunConfiguration) -> Permissions {
        var needed = [configuration.topics.deadLetters: ["Read", "Write"]]
        for topic in configuration.input.topics { needed[topic] = ["Read", "Write"] }
        return Permissions(
            topics: needed,
            groups: [configuration.groupID],
            transactionalIDPrefix: configuration.groupID + "-"
        )
    }

    /// What to grant where an error says that something is not allowed; nil when it does not say of what.
    func advice(_ error: KafkaError, _ fact: String) -> String? {
        switch error.code {
        case .topicAuthorization:
            let named = topics.keys.filter { fact.names($0) }.sorted()
            guard !named.isEmpty else { return nil }
            return "grant \(named.map(grant).joined(separator: ", ")); see Deploy/acls.sh"
        case .groupAuthorization where !groups.isEmpty:
            let names = groups.joined(separator: " and ")
            return "grant Read on consumer group\(groups.count == 1 ? "" : "s") \(names); see Deploy/acls.sh"
        case .transactionalIDAuthorization:
            return
                "grant Write on transactional ids with the prefix \(transactionalIDPrefix); see Deploy/acls.sh"
        default: return nil
        }
    }

    private func grant(_ topic: String) -> String {
        let operations = topics[topic] ?? []
        return switch operations.count {
        case 0: "Describe on topic \(topic)"
        case 1: "\(operations[0]) (includes Describe) on topic \(topic)"
        default: "\(operations.joined(separator: " and ")) (they include Describe) on topic \(topic)"
        }
    }
}

extension String {
    /// Whether a topic's name stands in this text, and not only as a part of another name.
    func names(_ topic: String) -> Bool {
        split { !($0.isLetter || $0.isNumber || "._-".contains($0)) }.contains { $0 == topic }
    }
}
