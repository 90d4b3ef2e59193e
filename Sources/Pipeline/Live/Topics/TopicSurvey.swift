import Glibc
import Kafka

package struct TopicRow: Sendable {
    /// What is to be said of a topic in one word.
    package enum State: String, Sendable {
        /// As amiwatch needs it.
        case ok
        /// Created just now, as amiwatch needs it.
        case created
        /// Good enough for trying things.
        case warning
        /// Loses or blocks messages: `run` does not start with it.
        case invalid
        /// There is none.
        case missing
        /// The cluster does not let this user see it, or create it.
        case denied
    }

    package let name: String
    package let purpose: String
    /// The properties that matter most, as in force: `cleanup.policy=compact`.
    package internal(set) var properties: [String] = []
    package internal(set) var faults: [TopicFault] = []
    /// Whether it was created just now.
    package internal(set) var isNew = false
    /// Whether the cluster refused to tell or to do something.
    var isDenied = false
    /// What the cluster says of it; nil when there is none, or it must not be seen.
    var description: TopicDescription?
    /// The largest batch that it takes; nil when that must not be seen.
    var messageBytes: Int?
    /// How long it keeps what says that something is gone; nil when that must not be seen.
    var tombstoneMilliseconds: Int64?

    /// Its partitions; nil when there is none, or it must not be seen.
    package var partitions: Int? { description?.partitions.count }
    /// The replicas of each; nil when there is none, or it must not be seen.
    package var replication: Int? { description?.replication }
    /// What `run` does not start with.
    package var errors: [TopicFault] { faults.filter { $0.severity == .error } }
    /// What will do for trying things.
    package var warnings: [TopicFault] { faults.filter { $0.severity == .warning } }

    /// All of it in one word.
    package var state: State {
        if isDenied { return .denied }
        if description == nil { return .missing }
        if !errors.isEmpty { return .invalid }
        return isNew ? .created : warnings.isEmpty ? .ok : .warning
    }
}

/// The topics of a configuration, looked at one by one.
struct TopicSurvey {
    let plans: [TopicPlan]
    private(set) var rows: [TopicRow]
    let commands: MendingCommands
    private let admin: Admin
    private let brokers: [Int32]
    /// Why the properties of topics could not be asked for, where that is let pass.
    private(set) var unread: KafkaError?
    private let properties: Properties
    /// The first refusal to tell of a topic.
    private(set) var denial: KafkaError?

    /// What the table shows of a topic's properties.
    private static let shown = [
        "cleanup.policy", "retention.ms", "delete.retention.ms", "min.insync.replicas", "max.message.bytes",
    ]

    /// What is asked about the properties of topics.
    enum Properties {
        /// Those that must not be seen are faults.
        case demanded
        /// Those that must not be seen, or are not told, are let pass.
        case wanted
        /// Nothing: the embedded broker has none, and never answers.
        case unasked
    }

    /// Asks the cluster; a topic that must not be seen is a fault of its row.
    init(_ clients: KafkaClients, _ admin: Admin, _ properties: Properties) throws(KafkaError) {
        plans = TopicPlan.all(clients)
        commands = MendingCommands(clients)
        self.admin = admin
        self.properties = properties
        brokers = try admin.brokers()
        rows = plans.map { TopicRow(name: $0.name, purpose: $0.purpose.rawValue) }
        for index in rows.indices { try look(at: index) }
    }

    var brokerCount: Int { brokers.count }

    // MARK: Looking

    private mutating func look(at index: Int) throws(KafkaError) {
        let plan = plans[index]
        var row = TopicRow(name: plan.name, purpose: plan.purpose.rawValue)
        do throws(KafkaError) {
            row.description = try admin.describeTopic(plan.name)
        } catch {
            guard error.code == .topicAuthorization else { throw error }
            denial = denial ?? error
            let operations = plan.purpose.operations
            row.isDenied = true
            row.faults.append(
                TopicFault(
                    .error,
                    "this user may not see it: grant \(operations.joined(separator: " and ")), which "
                        + "\(operations.count == 1 ? "includes" : "include") Describe",
                    command: commands.allow(operations, on: plan.name)
                )
            )
        }
        if let topic = row.description {
            try admin.logInToLeaders(of: [topic])
            if let properties = try properties(plan, &row) {
                row.properties = Self.shown.filter { plan.purpose.isCompacted || $0 != "delete.retention.ms" }
                    .filter { !plan.purpose.isCompacted || $0 != "retention.ms" }
                    .compactMap { name in properties[name].map { "\(name)=\($0)" } }
                row.tombstoneMilliseconds = properties["delete.retention.ms"].flatMap { Int64($0) }
                row.messageBytes = properties["max.message.bytes"].flatMap { Int($0) }
                row.faults += TopicAssessment.faults(of: plan, topic, properties, brokers: brokers, commands)
            }
        }
        rows[index] = row
    }

    private mutating func properties(
        _ plan: TopicPlan,
        _ row: inout TopicRow
    ) throws(KafkaError) -> [String: String]? {
        // A cluster that has not answered for one topic would be waited for as long for each.
        let isAsked = properties == .demanded || properties == .wanted && unread?.code != .timedOut
        guard isAsked else { return nil }
        do throws(KafkaError) {
            return try admin.topicProperties(plan.name)
        } catch {
            guard properties == .demanded else {
                unread = unread ?? error
                return nil
            }
            guard error.code == .topicAuthorization else { throw error }
            row.isDenied = true
            row.faults.append(
                TopicFault(
                    .error,
                    "this user may not read its properties: grant DescribeConfigs",
                    command: commands.allow(["DescribeConfigs"], on: plan.name)
                )
            )
            return nil
        }
    }

    // MARK: Creating

    /// Creates what is missing.
    ///
    /// `partitions` counts unless the topics that accounts are spread over have a number already.
    mutating func create(partitions: Int, replication: Int) throws(KafkaError) {
        let count = accountPartitions ?? partitions
        let missing = rows.indices.filter { rows[$0].state == .missing }
        let topics = missing.map { index in
            var topic = NewTopic(name: plans[index].name, partitions: count, replication: replication)
            topic.properties = plans[index].properties(replication: replication)
            return topic
        }
        let outcomes = try admin.createTopics(topics)
        for (index, outcome) in zip(missing, outcomes) {
            switch outcome?.code {
            case nil, .topicAlreadyExists?:
                try lookAtNew(index)
                rows[index].isNew = outcome == nil
            case .topicAuthorization?, .clusterAuthorization?:
                rows[index].isDenied = true
                rows[index].faults.append(
                    TopicFault(
                        .error,
                        "this user may not create it: grant Create",
                        command: commands.allow(["Create", "DescribeConfigs"], on: plans[index].name)
                    )
                )
            case _?:
                if let outcome { rows[index].faults.append(TopicFault(.error, "\(outcome)")) }
            }
        }
    }

    /// What the topics that accounts are spread over have already.
    private var accountPartitions: Int? {
        let keyed = plans.contains { $0.purpose == .events } ? TopicPlan.Purpose.events : .input
        for purpose in [keyed, .state] {
            for index in plans.indices where plans[index].purpose == purpose {
                if let partitions = rows[index].partitions { return partitions }
            }
        }
        return nil
    }

    /// Brokers hear of a new topic one after the other.
    private mutating func lookAtNew(_ index: Int) throws(KafkaError) {
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            do throws(KafkaError) {
                try look(at: index)
                if rows[index].state != .missing || ContinuousClock.now >= deadline { return }
            } catch {
                let isUnknown = error.code == .unknownTopicOrPartition || error.isRetriable
                guard isUnknown, ContinuousClock.now < deadline else { throw error }
            }
            usleep(50_000)
        }
    }

    // MARK: Access

    /// Notes what a worker does with a topic and this user may not.
    mutating func assessAccess(_ clients: KafkaClients, log: @escaping KafkaLogSink) throws(KafkaError) {
        let candidates = rows.indices.compactMap { index -> TopicAccess.Candidate? in
            guard !rows[index].isDenied, let topic = rows[index].description,
                let messageBytes = rows[index].messageBytes
            else { return nil }
            return .init(
                topic: topic,
                operations: plans[index].purpose.operations,
                messageBytes: messageBytes
            )
        }
        let denied = try TopicAccess(clients: clients, log: log).denied(of: candidates)
        for index in rows.indices {
            guard let operations = denied[rows[index].name] else { continue }
            rows[index].isDenied = true
            let words = operations.map { $0 == "Read" ? "read" : "write to" }.joined(separator: " or ")
            rows[index].faults.append(
                TopicFault(
                    .error,
                    "this user may not \(words) it: grant \(operations.joined(separator: " and "))",
                    command: commands.allow(operations, on: rows[index].name)
                )
            )
        }
    }

    // MARK: Judging all together

    /// Notes topics that are missing, and numbers of partitions that do not fit each other.
    mutating func assess(asked: Int? = nil) throws(KafkaError) {
        for index in rows.indices where rows[index].state == .missing && rows[index].errors.isEmpty {
            rows[index].faults.append(TopicFault(.error, "there is no such topic", command: commands.create))
        }
        let isKeyed = !plans.contains { $0.purpose == .events }
        let purpose: TopicPlan.Purpose = isKeyed ? .input : .events
        guard let source = plans.firstIndex(where: { $0.purpose == purpose }),
            let topic = rows[source].description
        else { return }
        for index in plans.indices where index != source {
            let mustMatch = plans[index].purpose == .state || (isKeyed && plans[index].purpose == .input)
            guard mustMatch, let other = rows[index].description,
                other.partitions.count != topic.partitions.count
            else { continue }
            rows[index].faults.append(try mismatch(other, topic, isKeyed: isKeyed))
        }
        if let asked, asked != topic.partitions.count, !rows[source].isNew {
            rows[source].faults.append(
                TopicFault(
                    .warning,
                    "it has \(topic.partitions.count) partitions, which cannot be changed to \(asked): accounts would "
                        + "move to partitions that do not have their state"
                )
            )
        }
    }

    /// State lies under the number of the partition that it was made from.
    private func mismatch(
        _ topic: TopicDescription,
        _ source: TopicDescription,
        isKeyed: Bool
    ) throws(KafkaError) -> TopicFault {
        let message =
            "\(topic.partitions.count) partitions, and \(source.name) has \(source.partitions.count): they must have "
            + "the same number, for an account's state lies on the partition of its records"
        if !isKeyed || plans.contains(where: { $0.name == topic.name && $0.purpose == .state }) {
            if try admin.isEmpty(topic) {
                return TopicFault(.error, message, command: commands.recreate(topic.name))
            }
            if !isKeyed, try admin.isEmpty(source) {
                return TopicFault(.error, message, command: commands.recreate(source.name))
            }
        }
        return TopicFault(
            .error,
            message
                + "; both hold messages, so name new topics in the configuration, or delete these two and let "
                + "'\(commands.create)' create them"
        )
    }
}
