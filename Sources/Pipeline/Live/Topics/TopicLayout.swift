import Configuration
import Kafka

/// How the topics of a run are cut, as found at its start.
struct TopicLayout: Sendable, Equatable {
    /// Partitions that accounts are spread over: of the events, or of an input that is keyed by account.
    let accountPartitions: Int
    let cataloguePartitions: Int
    let input: [TopicPartition]
    /// Those that detectors read: of the events, or of an input that is keyed by account.
    let records: [TopicPartition]
    /// The partitions of alerts, findings and dead letters.
    let published: [TopicPartition]
    /// How long state and catalogue keep what says that something is gone (`delete.retention.ms`); Kafka's default where that
    /// must not be seen.
    var tombstoneMilliseconds: Int64 = 86_400_000

    /// The partitions of every topic of a run.
    func all(of configuration: RunConfiguration) -> [TopicPartition] {
        let topics = configuration.topics
        return Set(input + records).sorted() + published
            + Self.partitions(of: topics.state, count: accountPartitions)
            + Self.partitions(of: topics.catalogue, count: cataloguePartitions)
    }

    /// Looks at the topics that a configuration names.
    ///
    /// Their properties count as far as this user may see them.
    /// - Throws: `RunFailure` that names all topics that are missing, denied, or would lose or block messages, and
    ///   the command that helps.
    static func find(
        _ clients: KafkaClients,
        _ admin: Admin,
        isEmbedded: Bool = false,
        log: RunLog,
        then next: String = "restart"
    ) throws -> TopicLayout {
        var survey = try TopicSurvey(clients, admin, isEmbedded ? .unasked : .wanted)
        if let denial = survey.denial {
            let names = survey.rows.filter { $0.state == .denied }.map(\.name)
            throw Trouble.failure(denial, about: names.joined(separator: ", "))
        }
        let missing = survey.rows.filter { $0.state == .missing }.map(\.name)
        guard missing.isEmpty else {
            throw RunFailure(
                "missing topic\(missing.count == 1 ? "" : "s") \(missing.joined(separator: ", ")): "
                    + MendingCommands.first(survey.commands.create, then: next)
            )
        }
        try survey.assess()
        let faults = survey.rows.flatMap { row in
            row.errors.map { fault in
                "\(row.name): \(fault.message)"
                    + (fault.command.map { "; " + MendingCommands.first($0, then: next) } ?? "")
            }
        }
        guard faults.isEmpty else { throw RunFailure(faults.joined(separator: "; ")) }
        if let error = survey.unread {
            let advice =
                error.code == .topicAuthorization
                ? ": grant DescribeConfigs (Deploy/acls.sh with CHECKS=1)" : ""
            log.info(
                "the properties of the topics are not checked\(advice)",
                ["error": .text("\(error)")]
            )
        }
        return TopicLayout(survey)
    }

    private static func partitions(of topic: String, count: Int) -> [TopicPartition] {
        (0..<Int32(clamping: count)).map { TopicPartition(topic, $0) }
    }
}

extension TopicLayout {
    private init(_ survey: TopicSurvey) {
        func partitions(_ purpose: TopicPlan.Purpose) -> [TopicPartition] {
            zip(survey.plans, survey.rows).filter { $0.0.purpose == purpose }.flatMap { _, row in
                (row.description?.partitions ?? []).map { TopicPartition(row.name, $0.id) }
            }
        }
        let (input, events) = (partitions(.input), partitions(.events))
        self.init(
            accountPartitions: partitions(.state).count,
            cataloguePartitions: partitions(.catalogue).count,
            input: input,
            // Without events the detector reads an input that is keyed by account.
            records: events.isEmpty ? input : events,
            published: partitions(.alerts) + partitions(.findings) + partitions(.deadLetters)
        )
        let kept = zip(survey.plans, survey.rows).filter { [.state, .catalogue].contains($0.0.purpose) }
            .map { $0.1.tombstoneMilliseconds }
        if let least = kept.compactMap(\.self).min(), !kept.contains(nil) { tombstoneMilliseconds = least }
    }
}
