import Configuration
import Glibc
import Kafka

/// The configurations of all Kafka clients of a run: what amiwatch wants, over it what the user says, over it what
/// must be.
struct KafkaClients: Sendable {
    let configuration: RunConfiguration
    let bootstrapServers: String
    /// Whether ends of logs are waited for, and should be told soon.
    var endsWhenRead = false

    init(configuration: RunConfiguration, bootstrapServers: String, endsWhenRead: Bool = false) {
        (self.configuration, self.bootstrapServers) = (configuration, bootstrapServers)
        self.endsWhenRead = endsWhenRead
    }

    /// The clients of a command that has no broker of its own.
    ///
    /// - Throws: `RunFailure` when no brokers are named.
    init(_ configuration: RunConfiguration) throws(RunFailure) {
        guard let servers = configuration.kafka.bootstrapServers else {
            throw RunFailure("kafka.bootstrap_servers is not set: name your brokers with --bootstrap-servers")
        }
        self.init(configuration: configuration, bootstrapServers: servers)
    }

    /// Connects to ask and to create.
    ///
    /// librdkafka's own lines are left out: whoever asks throws what fails.
    func openAdmin(_ log: RunLog) throws(KafkaError) -> Admin {
        try Admin(admin, log: log.kafkaSink("admin", isQuiet: true))
    }

    /// For asking and creating.
    var admin: KafkaConfiguration { merge([:], [], [:]) }

    /// What is served of librdkafka's statistics is asked for as often as it is looked at.
    private var statistics: KafkaConfiguration {
        configuration.http == nil ? [:] : ["statistics.interval.ms": "10000"]
    }

    /// A member of a group.
    func member(of group: String) -> KafkaConfiguration {
        let hasPatterns = configuration.input.topics.contains { $0.hasPrefix("^") }
        // For a pattern a broker lists all topics of the cluster each time.
        let rare: KafkaConfiguration =
            hasPatterns ? ["topic.metadata.refresh.interval.ms": "30000"] : [:]
        return merge(
            rare.merging(statistics).merging([
                // A crashed worker's partitions are taken over after this; a static member's wait for its restart.
                "session.timeout.ms": configuration.kafka.hasStaticMembership ? "45000" : "10000",
                "heartbeat.interval.ms": "2000",
                // How long a broker waits for the first new record: only ends are told later for it.
                "fetch.wait.max.ms": endsWhenRead ? "50" : "500",
            ]),
            configuration.kafka.consumer,
            instance.merging([
                "group.id": group,
                // Eager and stateless. Before 2.6 librdkafka's sticky assignor may give one partition to two
                // members of one generation, and a broker would take both their transactions.
                "partition.assignment.strategy": "range",
                "auto.offset.reset": "error",
                "enable.partition.eof": "true",
                "isolation.level": "read_committed",
            ])
        )
    }

    /// The name by which a static member keeps its place: a worker has one member in each of its groups.
    private var instance: KafkaConfiguration {
        guard configuration.kafka.hasStaticMembership, let id = configuration.instanceID else { return [:] }
        return ["group.instance.id": id]
    }

    /// What brokers, and whoever looks at the group, know this worker by.
    private var clientID: String {
        if let id = configuration.instanceID { return id }
        var name = [CChar](repeating: 0, count: 256)
        let isKnown = gethostname(&name, name.count - 1) == 0
        let host =
            isKnown
            ? String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) : ""
        return "amiwatch-\(host.isEmpty ? "" : host + "-")\(getpid())"
    }

    /// Reads partitions that it is told; in no group, though librdkafka wants one to be named.
    func reader(isolation: String = "read_committed", group: String? = nil) -> KafkaConfiguration {
        merge(
            // A partition that is added waits until the broker has answered for the others.
            ["fetch.wait.max.ms": "100"],
            configuration.kafka.consumer,
            [
                "group.id": group ?? configuration.groupID,
                "auto.offset.reset": "error",
                "enable.partition.eof": "true",
                "isolation.level": isolation,
            ]
        )
    }

    /// Hands candidates on: each once and in order as long as the process lives.
    var forwarding: KafkaConfiguration {
        merge(
            // On a backlog few large requests: while one is on its way and more is due, librdkafka's thread turns
            // without a pause. Where the input pauses, the intake does not wait for it.
            statistics.merging(["linger.ms": "100", "compression.type": "lz4"]),
            configuration.kafka.producer,
            ["partitioner": "murmur2_random", "enable.idempotence": "true"]
        )
    }

    /// Publishes alerts with the state that led to them.
    func transactional(id: String) -> KafkaConfiguration {
        merge(
            statistics.merging([
                "linger.ms": "0",
                // A broker that still writes the last transaction's markers is asked again soon.
                "retry.backoff.ms": "5",
                "transaction.timeout.ms": "10000",
                "compression.type": "lz4",
            ]),
            configuration.kafka.producer,
            [
                "transactional.id": id, "partitioner": "murmur2_random", "enable.idempotence": "true",
            ]
        )
    }

    private func merge(
        _ wanted: KafkaConfiguration,
        _ chosen: [RunConfiguration.Property],
        _ required: KafkaConfiguration
    ) -> KafkaConfiguration {
        var merged = KafkaConfiguration([.init(name: "client.id", value: clientID)]).merging(wanted)
            .merging(properties(configuration.kafka.properties)).merging(properties(chosen))
            .merging(required).merging(["bootstrap.servers": bootstrapServers])
        merged.tokenFile = configuration.kafka.tokenFile
        return merged
    }

    private func properties(_ given: [RunConfiguration.Property]) -> KafkaConfiguration {
        KafkaConfiguration(given.map { .init(name: $0.name, value: $0.value.value) })
    }
}

extension KafkaConfiguration {
    /// The most bytes that a message may have; unless it is set, librdkafka's default, a little below the brokers'.
    var messageBytes: Int { self["message.max.bytes"].flatMap { Int($0) } ?? Self.usualMessageBytes }

    static let usualMessageBytes = 1_000_000
}
