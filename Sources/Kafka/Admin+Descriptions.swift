internal import CLibrdkafka

/// A cluster as it describes itself.
public struct ClusterDescription: Sendable, Equatable {
    /// One broker.
    public struct Broker: Sendable, Equatable {
        /// Its `node.id`.
        public let id: Int32
        /// The host it advertises.
        public let host: String
        /// The port it advertises.
        public let port: Int
    }

    /// The cluster's id; nil where the broker tells none.
    public let id: String?
    /// The brokers that are up, by id.
    public let brokers: [Broker]
}

/// A topic as the cluster describes it.
public struct TopicDescription: Sendable, Equatable {
    /// One partition.
    public struct Partition: Sendable, Equatable {
        /// Its number.
        public let id: Int32
        /// The leading broker's id; nil while there is none.
        public let leader: Int32?
        /// The brokers that hold a copy.
        public let replicas: [Int32]
        /// Those of them that are in step.
        public let inSync: [Int32]
    }

    /// The topic's name.
    public let name: String
    /// Its partitions, by number.
    public let partitions: [Partition]

    /// The least number of copies over all partitions; 0 when there are no partitions.
    public var replication: Int { partitions.map(\.replicas.count).min() ?? 0 }

    static func partitions(of topic: rd_kafka_metadata_topic) -> [Partition] {
        UnsafeBufferPointer(start: topic.partitions, count: Int(topic.partition_cnt)).map {
            Partition(
                id: $0.id,
                leader: $0.leader < 0 ? nil : $0.leader,
                replicas: Array(UnsafeBufferPointer(start: $0.replicas, count: Int($0.replica_cnt))),
                inSync: Array(UnsafeBufferPointer(start: $0.isrs, count: Int($0.isr_cnt)))
            )
        }
        .sorted { $0.id < $1.id }
    }
}

/// A topic to create.
public struct NewTopic: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// How many partitions.
    public var partitions: Int
    /// How many copies of each; nil takes the broker's default.
    public var replication: Int?
    /// Topic properties (`cleanup.policy`, …), in order.
    public var properties: [KafkaConfiguration.Property]

    /// A topic to create.
    public init(
        name: String,
        partitions: Int,
        replication: Int? = nil,
        properties: KeyValuePairs<String, String> = [:]
    ) {
        self.name = name
        self.partitions = partitions
        self.replication = replication
        self.properties = properties.map { KafkaConfiguration.Property(name: $0.key, value: $0.value) }
    }
}

/// One property of a topic, as in force.
public struct TopicProperty: Sendable, Equatable {
    /// Its value; nil for a secret one.
    public let value: String?
    /// Whether it is the default (the broker's or Kafka's), and not set for this topic.
    public let isDefault: Bool
}
