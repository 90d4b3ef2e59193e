import Configuration
import Kafka

/// How the topics of a run are cut, as found at its start.
struct TopicLayout: Sendable, Equatable {
    /// Partitions that accounts are spread over: of the events, or of an input that is keyed by account.
    let accountPartitions: Int
    /// Partitions of the catalogue.
    let cataloguePartitions: Int
    /// The partitions of the input.
    let input: [TopicPartition]
    /// Those that detectors read: of the events, or of an input that is keyed by account.
    let records: [TopicPartition]
    /// The partitions of alerts and dead letters.
    let published: [TopicPartition]

    /// The partitions of every topic of a run.
    func all(of configuration: RunConfiguration) -> [TopicPartition] {
        let topics = configuration.topics
        return Set(input + records).sorted() + published
            + Self.partitions(of: topics.state, count: accountPartitions)
            + Self.partitions(of: topics.catalogue, count: cataloguePartitions)
    }

    /// Looks at the topics that a configuration names.
    ///
    /// - Throws: `RunFailure` that names all topics that are missing or do not fit, and the command that helps.
    static func find(_ configuration: RunConfiguration, _ admin: Admin) throws -> TopicLayout {
        let topics = configuration.topics
        var missing: [String] = []
        var found: [TopicDescription] = []
        func partitions(_ name: String) throws -> Int {
            let description: TopicDescription?
            do throws(KafkaError) { description = try admin.describeTopic(name) } catch {
                throw Trouble.failure(error)
            }
            if let description { found.append(description) } else { missing.append(name) }
            return description?.partitions.count ?? 0
        }
        let inputs = try configuration.input.topics.map { ($0, try partitions($0)) }
        let isKeyed = configuration.input.isKeyedByAccount
        let events = isKeyed ? inputs.first?.1 ?? 0 : try partitions(topics.events)
        let state = try partitions(topics.state)
        let catalogue = try partitions(topics.catalogue)
        let published = try [topics.alerts, topics.deadLetters].map { ($0, try partitions($0)) }
        guard missing.isEmpty else {
            let names = missing.joined(separator: ", ")
            // Told by name: `topics` knows nothing of the option that named it here.
            let input = configuration.input.topics.filter(missing.contains).map { " --input \($0)" }.joined()
            throw RunFailure(
                "missing topic\(missing.count == 1 ? "" : "s") \(names): 'amiwatch topics --create\(input)' makes "
                    + (missing.count == 1 ? "it" : "them")
            )
        }
        do throws(KafkaError) { try admin.logInToLeaders(of: found) } catch { throw Trouble.failure(error) }
        if isKeyed, let other = inputs.first(where: { $0.1 != events }) {
            throw RunFailure(
                "\(other.0) has \(other.1) partitions and \(inputs[0].0) \(events): topics that are keyed by account "
                    + "must have the same number"
            )
        }
        guard state == events else {
            throw RunFailure(
                "\(topics.state) has \(state) partitions and \(isKeyed ? inputs[0].0 : topics.events) \(events): they "
                    + "must have the same number, because a partition's state lies under its own number; see 'amiwatch topics'"
            )
        }
        let input = inputs.flatMap { Self.partitions(of: $0, count: $1) }
        return TopicLayout(
            accountPartitions: events,
            cataloguePartitions: catalogue,
            input: input,
            records: isKeyed ? input : Self.partitions(of: topics.events, count: events),
            published: published.flatMap { Self.partitions(of: $0, count: $1) }
        )
    }

    private static func partitions(of topic: String, count: Int) -> [TopicPartition] {
        (0..<Int32(clamping: count)).map { TopicPartition(topic, $0) }
    }
}
