public import Configuration
import Glibc
import Kafka

/// Compares the topics of a cluster with what amiwatch needs, and makes those that are missing.
public struct TopicCheck: Sendable {
    /// One topic, as it is.
    public struct Row: Sendable, Hashable {
        /// Its name.
        public let name: String
        /// What it is for.
        public let purpose: String
        /// Its partitions; nil when it does not exist.
        public var partitions: Int?
        /// Copies of each; nil when it does not exist.
        public var replication: Int?
        /// The properties that matter, as in force: `cleanup.policy=compact`.
        public var properties: [String] = []
        /// What is wrong, each with what to do.
        public var errors: [String] = []
        /// What will do for trying things.
        public var warnings: [String] = []
        /// Whether it was made just now.
        public var isNew = false
    }

    /// One row a topic, the input first.
    public let rows: [Row]

    /// Whether everything is fit for work.
    public var isSound: Bool { rows.allSatisfy(\.errors.isEmpty) }

    /// Asks the cluster.
    ///
    /// - Parameters:
    ///   - configuration: says which topics, and where Kafka is.
    ///   - creates: makes what is missing.
    ///   - partitions: of new topics; nil takes what the topics of accounts have already, else 12.
    ///   - replication: of new topics; nil takes 3, or as many as there are brokers.
    ///   - log: takes librdkafka's lines.
    /// - Throws: `RunFailure`: no connection, no permission.
    public init(
        _ configuration: RunConfiguration,
        creates: Bool,
        partitions: Int? = nil,
        replication: Int? = nil,
        log: RunLog
    ) throws {
        guard let servers = configuration.kafka.bootstrapServers else {
            throw RunFailure("kafka.bootstrap_servers is not set: name your brokers with --bootstrap-servers")
        }
        let clients = KafkaClients(configuration: configuration, bootstrapServers: servers)
        do throws(KafkaError) {
            let admin = try Admin(clients.admin, log: log.kafkaSink("admin", isQuiet: true))
            let brokers = try admin.cluster().brokers.count
            let copies = replication ?? min(3, max(1, brokers))
            let plans = TopicPlan.all(configuration, replication: copies)
            var rows = try plans.map { (plan) throws(KafkaError) in try Self.look(at: plan, admin) }
            if creates {
                let known = Self.accountPartitions(plans, rows)
                try Self.create(plans, &rows, known ?? partitions ?? 12, copies, admin)
            }
            for index in rows.indices { Self.judge(plans[index], &rows[index]) }
            Self.compare(plans, &rows, asked: partitions)
            self.rows = rows
        } catch { throw Trouble.failure(error) }
    }

    private static func look(at plan: TopicPlan, _ admin: Admin) throws(KafkaError) -> Row {
        var row = Row(name: plan.name, purpose: plan.purpose.rawValue)
        guard let topic = try admin.describeTopic(plan.name) else { return row }
        row.partitions = topic.partitions.count
        row.replication = topic.replication
        try admin.logInToLeaders(of: [topic])
        let properties = try admin.topicProperties(plan.name)
        row.properties = plan.wishes.compactMap { wish in
            properties[wish.name]?.value.map { "\(wish.name)=\($0)" }
        }
        return row
    }

    /// Brokers hear of a new topic one after the other.
    private static func lookAtNew(_ plan: TopicPlan, _ admin: Admin) throws(KafkaError) -> Row {
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            do throws(KafkaError) {
                let row = try look(at: plan, admin)
                if row.partitions != nil || ContinuousClock.now >= deadline { return row }
            } catch {
                let isUnknown = error.code == .unknownTopicOrPartition || error.isRetriable
                guard isUnknown, ContinuousClock.now < deadline else { throw error }
            }
            usleep(50_000)
        }
    }

    /// What the topics that accounts are spread over have already.
    private static func accountPartitions(_ plans: [TopicPlan], _ rows: [Row]) -> Int? {
        let isKeyed = !plans.contains { $0.purpose == .events }
        let source: TopicPlan.Purpose = isKeyed ? .input : .events
        for purpose in [source, .state] {
            for index in plans.indices where plans[index].purpose == purpose {
                if let partitions = rows[index].partitions { return partitions }
            }
        }
        return nil
    }

    private static func create(
        _ plans: [TopicPlan],
        _ rows: inout [Row],
        _ partitions: Int,
        _ replication: Int,
        _ admin: Admin
    ) throws(KafkaError) {
        let missing = rows.indices.filter { rows[$0].partitions == nil }
        let topics = missing.map { index in
            var topic = NewTopic(name: rows[index].name, partitions: partitions, replication: replication)
            topic.properties = plans[index].wishes.map { .init(name: $0.name, value: $0.value) }
            return topic
        }
        let outcomes = try admin.createTopics(topics)
        for (index, outcome) in zip(missing, outcomes) {
            if let error = outcome, error.code != .topicAlreadyExists {
                rows[index].errors.append(Trouble.failure(error).description)
            } else {
                rows[index] = try lookAtNew(plans[index], admin)
                rows[index].isNew = outcome == nil
            }
        }
    }

    private static func judge(_ plan: TopicPlan, _ row: inout Row) {
        guard let replication = row.replication else {
            if row.errors.isEmpty { row.errors.append("missing: 'amiwatch topics --create' makes it") }
            return
        }
        for wish in plan.wishes {
            guard let property = row.properties.first(where: { $0.hasPrefix(wish.name + "=") }) else {
                continue
            }
            let value = String(property.dropFirst(wish.name.count + 1))
            guard !wish.accepts(value) else { continue }
            let line = "\(property): \(wish.reason); set \(wish.name)=\(wish.value)"
            if wish.isRequired { row.errors.append(line) } else { row.warnings.append(line) }
        }
        if replication < 3, plan.purpose != .input {
            row.warnings.append(
                "\(replication) cop\(replication == 1 ? "y" : "ies") of each record: fine for trying, lost with "
                    + "\(replication == 1 ? "its broker" : "two brokers"); 3 keeps the promise of exactly once"
            )
        }
    }

    /// State lies under the number of the partition that it was made from.
    private static func compare(_ plans: [TopicPlan], _ rows: inout [Row], asked: Int?) {
        let isKeyed = !plans.contains { $0.purpose == .events }
        guard let source = plans.firstIndex(where: { $0.purpose == (isKeyed ? .input : .events) }),
            let count = rows[source].partitions
        else { return }
        for index in plans.indices where rows[index].partitions != nil {
            let mustMatch = plans[index].purpose == .state || (isKeyed && plans[index].purpose == .input)
            guard mustMatch, let own = rows[index].partitions, own != count else { continue }
            rows[index].errors.append(
                "\(own) partitions, and \(rows[source].name) has \(count): both must have the same; delete the emptier "
                    + "one and let 'amiwatch topics --create' make it"
            )
        }
        if let asked, asked != count, !rows[source].isNew {
            rows[source].warnings.append(
                "it has \(count) partitions, which cannot be changed to \(asked) any more"
            )
        }
    }
}
