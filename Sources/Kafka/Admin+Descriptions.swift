internal import CLibrdkafka

/// A topic as the cluster describes it.
package struct TopicDescription: Sendable, Equatable {
    package struct Partition: Sendable, Equatable {
        package let id: Int32
        /// The leading broker's id; nil while there is none.
        package let leader: Int32?
        /// The brokers that hold a copy.
        package let replicas: [Int32]
        /// Those of them that are in step.
        package let inSync: [Int32]
    }

    package let name: String
    package let partitions: [Partition]

    /// The least number of copies over all partitions; 0 when there are no partitions.
    package var replication: Int { partitions.map(\.replicas.count).min() ?? 0 }

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

package struct NewTopic: Sendable, Equatable {
    package var name: String
    package var partitions: Int
    /// How many copies of each; nil takes the broker's default.
    package var replication: Int?
    /// Topic properties (`cleanup.policy`, …), in order.
    package var properties: [KafkaConfiguration.Property]

    package init(
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
