import Glibc

internal import CLibrdkafka

/// Asks a cluster about itself, and creates topics.
///
/// Every call connects first, and says within its time limit why that fails: nothing listens, the name is unknown,
/// the log-in is refused, TLS does not come about. Belongs to the thread that made it.
package final class Admin {
    let client: Client
    let queue: OpaquePointer
    private let servers: String
    private var isConnected = false
    /// The brokers that were tried as leaders.
    private var triedLeaders: Set<Int32> = []

    /// Opens the client; no connection is made here.
    ///
    /// Of the configuration only the connection's properties count.
    ///
    /// - Throws: ``KafkaError`` that names the property librdkafka refuses.
    package init(_ configuration: KafkaConfiguration, log: KafkaLogSink? = nil) throws(KafkaError) {
        let operation = "opening the Kafka administration client"
        // A consumer, because a producer's question about a missing topic may create it.
        var settings = try KafkaConfiguration.failover.merging(configuration)
            .requiring(["allow.auto.create.topics": "false"])
        settings["group.id"] = nil
        client = try Client(RD_KAFKA_CONSUMER, settings, log: log, operation: operation)
        guard let queue = rd_kafka_queue_new(client.raw) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, operation)
        }
        self.queue = queue
        servers = configuration["bootstrap.servers"] ?? configuration["metadata.broker.list"] ?? ""
    }

    deinit { rd_kafka_queue_destroy(queue) }

    /// The ids of the brokers that are up, sorted.
    ///
    /// - Throws: ``KafkaError``: why there is no connection, within the time limit.
    package func brokers(timeout: Duration = .seconds(10)) throws(KafkaError) -> [Int32] {
        client.assertOwned()
        let deadline = ContinuousClock.now + timeout
        try connect(until: deadline)
        return try metadata(nil, until: deadline) { metadata in
            UnsafeBufferPointer(start: metadata.brokers, count: Int(metadata.broker_cnt)).map(\.id).sorted()
        }
    }

    /// One topic; nil when there is none of that name.
    ///
    /// - Throws: ``KafkaError``: no connection, or no permission (`.topicAuthorization`).
    package func describeTopic(
        _ name: String,
        timeout: Duration = .seconds(10)
    ) throws(KafkaError) -> TopicDescription? {
        client.assertOwned()
        let deadline = ContinuousClock.now + timeout
        try connect(until: deadline)
        while true {
            let (code, partitions) = try metadata(name, until: deadline) {
                (metadata) -> (rd_kafka_resp_err_t, [TopicDescription.Partition]) in
                guard metadata.topic_cnt == 1, let topic = metadata.topics?.pointee
                else { return (RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, []) }
                return (topic.err, TopicDescription.partitions(of: topic))
            }
            if code == RD_KAFKA_RESP_ERR_NO_ERROR {
                return TopicDescription(name: name, partitions: partitions)
            }
            let error = KafkaError(code, "describing the topic \(name)")
            if error.code == .unknownTopicOrPartition || error.code == .unknownTopic { return nil }
            // Just created: its leaders are still being chosen.
            guard error.isRetriable, ContinuousClock.now < deadline else { throw error }
            usleep(50_000)
        }
    }
}

// MARK: Connecting

extension Admin {
    /// How long a broker that cannot be reached is tried again before it counts as down.
    private static var patience: Duration { .seconds(2) }

    /// Waits for a broker that answers; throws as soon as it is clear that none will.
    func connect(until deadline: ContinuousClock.Instant) throws(KafkaError) {
        if isConnected { return }
        let operation = "connecting to \(servers.isEmpty ? "Kafka (bootstrap.servers is not set)" : servers)"
        // A broker may just be starting, and one of several may answer yet.
        let patience = ContinuousClock.now + Self.patience
        var last: KafkaError?
        var isDown = false
        var limit = AnswerLimit(.milliseconds(250))
        while true {
            var reply: UnsafePointer<rd_kafka_metadata>?
            let code = rd_kafka_metadata(client.raw, 0, nil, &reply, limit.milliseconds(until: deadline))
            if code == RD_KAFKA_RESP_ERR_NO_ERROR {
                rd_kafka_metadata_destroy(reply)
                isConnected = true
                return
            }
            rd_kafka_poll(client.raw, 0)
            for error in client.context.takeErrors() {
                if error.isRefusedLogin { throw error.during(operation) }
                if error.code == .allBrokersDown { isDown = true } else { last = error }
            }
            let now = ContinuousClock.now
            if now >= deadline || (isDown && now >= patience) {
                throw (last ?? client.error(code, operation)).during(operation)
            }
            switch code {
            // A broker was asked, and takes longer.
            case RD_KAFKA_RESP_ERR__TIMED_OUT: limit.grow()
            // There was none to ask yet.
            case RD_KAFKA_RESP_ERR__TRANSPORT: break
            default: throw KafkaError(code, operation)
            }
        }
    }

    /// Logs in to every broker that leads a partition of these topics, and was not tried by this client before.
    ///
    /// Brokers advertise names of their own, and their certificates may not be for those, or be unlike each other.
    /// A broker that cannot be reached for two seconds is let pass: it may be back soon.
    /// - Throws: ``KafkaError``: why a broker refuses this client, or is refused by it.
    package func logInToLeaders(
        of topics: [TopicDescription],
        timeout: Duration = .seconds(5)
    ) throws(KafkaError) {
        client.assertOwned()
        var partitions: [Int32: TopicPartition] = [:]
        for topic in topics {
            for partition in topic.partitions {
                if let leader = partition.leader {
                    partitions[leader] = TopicPartition(topic.name, partition.id)
                }
            }
        }
        let deadline = ContinuousClock.now + timeout
        for (leader, partition) in partitions.sorted(by: { $0.key < $1.key })
        where triedLeaders.insert(leader).inserted {
            try logIn(toLeaderOf: partition, until: deadline)
        }
    }

    private func logIn(
        toLeaderOf partition: TopicPartition,
        until deadline: ContinuousClock.Instant
    ) throws(KafkaError) {
        // One connection that breaks says nothing yet: the next one may be let in, or refused.
        let patience = ContinuousClock.now + Self.patience
        var isAway = false
        var limit = AnswerLimit(.milliseconds(250))
        while ContinuousClock.now < deadline {
            let code = logOffset(.end, of: partition, milliseconds: limit.milliseconds(until: deadline)).code
            // Whatever it is that a broker says, it has let this client in.
            if code.rawValue >= 0 { return }
            limit.grow()
            rd_kafka_poll(client.raw, 0)
            let errors = client.context.takeErrors()
            if let refusal = errors.first(where: \.isRefusedLogin) {
                throw refusal.during("connecting to the leader of \(partition)")
            }
            // Said once, however often the same goes wrong again.
            if errors.contains(where: { $0.code == .transport || $0.code == .resolve }) { isAway = true }
            if isAway, ContinuousClock.now >= patience { return }
            usleep(10_000)
        }
    }

    /// Where a partition's log begins or ends, and what its leader says, or why it says nothing.
    ///
    /// `rd_kafka_query_watermark_offsets` would wait beyond its time limit for a leader that is away
    /// (librdkafka before 2.3.0, https://github.com/confluentinc/librdkafka/issues/2588).
    func logOffset(
        _ end: StartOffset,
        of partition: TopicPartition,
        milliseconds: Int32
    ) -> (code: rd_kafka_resp_err_t, offset: Int64) {
        PartitionList([partition], at: end.rawValue).with { list in
            let code = rd_kafka_offsets_for_times(client.raw, list, milliseconds)
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let found = list.pointee.buffer.first else {
                return (code, -1)
            }
            return (found.err, found.offset)
        }
    }

    private func metadata<R>(
        _ topic: String?,
        until deadline: ContinuousClock.Instant,
        _ body: (rd_kafka_metadata) -> R
    ) throws(KafkaError) -> R {
        let operation = topic.map { "describing the topic \($0)" } ?? "describing the cluster"
        var handle: OpaquePointer?
        if let topic {
            handle = rd_kafka_topic_new(client.raw, topic, nil)
            if handle == nil { throw KafkaError(rd_kafka_last_error(), operation) }
        }
        defer { if let handle { rd_kafka_topic_destroy(handle) } }
        // Any broker is asked, and that one may be frozen: another one is asked then.
        var limit = AnswerLimit(.seconds(2))
        while true {
            var reply: UnsafePointer<rd_kafka_metadata>?
            let code = rd_kafka_metadata(client.raw, 0, handle, &reply, limit.milliseconds(until: deadline))
            if code == RD_KAFKA_RESP_ERR_NO_ERROR, let reply {
                defer { rd_kafka_metadata_destroy(reply) }
                return body(reply.pointee)
            }
            let error = KafkaError(code, operation)
            guard error.isRetriable, ContinuousClock.now < deadline else { throw error }
            limit.grow()
            usleep(20_000)
        }
    }
}

extension KafkaError {
    /// The same error with another "what was being done".
    func during(_ operation: String) -> KafkaError {
        KafkaError(
            rd_kafka_resp_err_t(rawValue: code.rawValue),
            operation,
            message: message,
            isFatal: isFatal
        )
    }
}
