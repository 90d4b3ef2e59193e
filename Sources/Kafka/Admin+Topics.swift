import Glibc

internal import CLibrdkafka

extension Admin {
    /// Creates topics, and waits until the broker that answers this client knows them.
    ///
    /// - Parameters:
    ///   - topics: what to create.
    ///   - timeout: the limit for all of it.
    /// - Returns: for each topic, in order, nil or why not (`.topicAlreadyExists`, say).
    /// - Throws: ``KafkaError`` when the request as a whole fails: no connection, not supported.
    package func createTopics(
        _ topics: [NewTopic],
        timeout: Duration = .seconds(30)
    ) throws(KafkaError) -> [KafkaError?] {
        client.assertOwned()
        if topics.isEmpty { return [] }
        let deadline = ContinuousClock.now + timeout
        try connect(until: deadline)
        var natives: [OpaquePointer?] = []
        defer { rd_kafka_NewTopic_destroy_array(&natives, natives.count) }
        for topic in topics { natives.append(try makeNative(topic)) }
        let event = try request("creating topics", RD_KAFKA_ADMIN_OP_CREATETOPICS, until: deadline) {
            options in
            rd_kafka_CreateTopics(client.raw, &natives, natives.count, options, queue)
        }
        defer { rd_kafka_event_destroy(event) }
        var count = 0
        let results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)
        let outcomes = outcomes(of: topics.map(\.name), results, count, "creating the topic")
        for (topic, error) in zip(topics, outcomes) where error == nil {
            try waitUntilKnown(topic.name, until: deadline)
        }
        return outcomes
    }

    /// The controller answers before the other brokers, and its own broker role, have heard of a new topic.
    private func waitUntilKnown(_ name: String, until deadline: ContinuousClock.Instant) throws(KafkaError) {
        while try describeTopic(name, timeout: deadline - .now) == nil {
            guard ContinuousClock.now < deadline else {
                throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, "waiting for the new topic \(name)")
            }
            usleep(5000)
        }
    }

    /// A topic's properties as in force: `cleanup.policy`, `retention.ms`, `min.insync.replicas` and so on; without
    /// those that the broker keeps secret.
    ///
    /// - Throws: ``KafkaError``, also when the topic does not exist.
    package func topicProperties(
        _ name: String,
        timeout: Duration = .seconds(10)
    ) throws(KafkaError) -> [String: String] {
        client.assertOwned()
        let operation = "reading the properties of the topic \(name)"
        let deadline = ContinuousClock.now + timeout
        try connect(until: deadline)
        var resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name)
        defer { rd_kafka_ConfigResource_destroy(resource) }
        let event = try request(operation, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, until: deadline) { options in
            rd_kafka_DescribeConfigs(client.raw, &resource, 1, options, queue)
        }
        defer { rd_kafka_event_destroy(event) }
        var count = 0
        let resources = rd_kafka_DescribeConfigs_result_resources(
            rd_kafka_event_DescribeConfigs_result(event),
            &count
        )
        guard count == 1, let described = resources?[0] else {
            throw KafkaError(RD_KAFKA_RESP_ERR__BAD_MSG, operation)
        }
        try check(rd_kafka_ConfigResource_error(described), operation)
        let entries = rd_kafka_ConfigResource_configs(described, &count)
        var result: [String: String] = [:]
        for case let entry? in UnsafeBufferPointer(start: entries, count: count) {
            guard let name = rd_kafka_ConfigEntry_name(entry) else { continue }
            result[String(cString: name)] = rd_kafka_ConfigEntry_value(entry).map { String(cString: $0) }
        }
        return result
    }

    /// Whether no partition of a topic holds a message.
    ///
    /// - Throws: ``KafkaError``: no answer from a leader within the time limit.
    package func isEmpty(
        _ topic: TopicDescription,
        timeout: Duration = .seconds(10)
    ) throws(KafkaError) -> Bool {
        client.assertOwned()
        let operation = "asking where the topic \(topic.name) ends"
        let deadline = ContinuousClock.now + timeout
        for partition in topic.partitions {
            let partition = TopicPartition(topic.name, partition.id)
            var offsets: [Int64] = []
            for end in [StartOffset.beginning, .end] {
                let remaining = max(1, (deadline - .now).milliseconds)
                let answer = logOffset(end, of: partition, milliseconds: remaining)
                try check(answer.code, operation)
                offsets.append(answer.offset)
            }
            if offsets[1] > offsets[0] { return false }
        }
        return true
    }
}

extension Admin {
    private func makeNative(_ topic: NewTopic) throws(KafkaError) -> OpaquePointer {
        let operation = "creating the topic \(topic.name)"
        let (native, text) = withErrorText { buffer in
            let native = rd_kafka_NewTopic_new(
                topic.name,
                Int32(clamping: topic.partitions),
                Int32(clamping: topic.replication ?? -1),
                buffer.baseAddress,
                buffer.count
            )
            return (native, string(buffer))
        }
        guard let native else { throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, operation, message: text) }
        for property in topic.properties {
            let code = rd_kafka_NewTopic_set_config(native, property.name, property.value)
            if code != RD_KAFKA_RESP_ERR_NO_ERROR {
                rd_kafka_NewTopic_destroy(native)
                throw KafkaError(code, operation, message: "the property \(property.name) is invalid")
            }
        }
        return native
    }

    /// Sends a request and waits for its answer; the caller destroys the event.
    private func request(
        _ operation: String,
        _ kind: rd_kafka_admin_op_t,
        until deadline: ContinuousClock.Instant,
        _ send: (OpaquePointer?) -> Void
    ) throws(KafkaError) -> OpaquePointer {
        let options = rd_kafka_AdminOptions_new(client.raw, kind)
        defer { rd_kafka_AdminOptions_destroy(options) }
        let remaining = max(1, (deadline - .now).milliseconds)
        _ = rd_kafka_AdminOptions_set_request_timeout(options, remaining, nil, 0)
        // How long brokers wait until the change is known everywhere; not every request takes it.
        _ = rd_kafka_AdminOptions_set_operation_timeout(options, remaining, nil, 0)
        send(options)
        // The answer always comes, at the latest as a time-out; the margin is for librdkafka's own clock.
        guard let event = rd_kafka_queue_poll(queue, remaining &+ 2000) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, operation)
        }
        let code = rd_kafka_event_error(event)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            let text = rd_kafka_event_error_string(event).map { String(cString: $0) }
            rd_kafka_event_destroy(event)
            // Why there was no answer, where a broker refuses this client, or is refused by it.
            rd_kafka_poll(client.raw, 0)
            if let refusal = client.context.takeErrors().first(where: \.isRefusedLogin) {
                throw refusal.during(operation)
            }
            throw KafkaError(code, operation, message: text)
        }
        return event
    }

    private func outcomes(
        of names: [String],
        _ results: UnsafeMutablePointer<OpaquePointer?>?,
        _ count: Int,
        _ operation: String
    ) -> [KafkaError?] {
        var errors: [String: KafkaError] = [:]
        for case let result? in UnsafeBufferPointer(start: results, count: count) {
            let code = rd_kafka_topic_result_error(result)
            guard code != RD_KAFKA_RESP_ERR_NO_ERROR, let name = rd_kafka_topic_result_name(result) else {
                continue
            }
            errors[String(cString: name)] = KafkaError(
                code,
                "\(operation) \(String(cString: name))",
                message: rd_kafka_topic_result_error_string(result).map { String(cString: $0) }
            )
        }
        return names.map { errors[$0] }
    }
}
