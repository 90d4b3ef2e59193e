internal import CLibrdkafka

extension Consumer {
    /// Whether this user may join the consumer's group and commit its offsets: `Read` on the group.
    ///
    /// Found out by trying to commit for a partition that the topic does not have. A broker looks at the permission
    /// first, then at the partition, and the group hears nothing of it. It goes the way of every consumer: what an
    /// `Admin` commits ends librdkafka 2.0.2 by an assertion where the group's coordinator is not there yet.
    ///
    /// - Parameters:
    ///   - topic: any topic; it need not exist, and nothing need be permitted with it.
    ///   - timeout: the time limit.
    /// - Returns: false when the permission is missing.
    /// - Throws: ``KafkaError`` when there is no answer in time.
    package func mayCommit(topic: String, timeout: Duration = .seconds(10)) throws(KafkaError) -> Bool {
        client.assertOwned()
        let operation = "trying to commit for the group"
        guard let answers = rd_kafka_queue_new(client.raw) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, operation)
        }
        defer { rd_kafka_queue_destroy(answers) }
        let list = PartitionList([PartitionOffset(TopicPartition(topic, .max), .at(0))])
        try check(list.with { rd_kafka_commit_queue(client.raw, $0, answers, nil, nil) }, operation)
        let deadline = ContinuousClock.now + timeout
        while ContinuousClock.now < deadline {
            if let event = rd_kafka_queue_poll(answers, 20) {
                defer { rd_kafka_event_destroy(event) }
                if rd_kafka_event_type(event) == RD_KAFKA_EVENT_OFFSET_COMMIT { return try isAllowed(event) }
            }
            // Who may not even see the group is not told who coordinates it.
            let isRefused = poll(maxMessages: 1, timeout: .milliseconds(20)) { batch in
                batch.failures.contains { $0.error.code == .groupAuthorization }
            }
            if isRefused { return false }
        }
        throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, operation)
    }

    private func isAllowed(_ answer: OpaquePointer) throws(KafkaError) -> Bool {
        let code = rd_kafka_event_error(answer)
        let partitions = rd_kafka_event_topic_partition_list(answer)
        let codes = [code] + (partitions?.pointee.buffer.map(\.err) ?? [])
        if codes.contains(RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED) { return false }
        // That the partition is not there, or may not be read, is said once the group is allowed.
        let refusals = [
            RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_NO_ERROR,
        ]
        guard codes.allSatisfy(refusals.contains) else {
            throw KafkaError(code, "trying to commit for the group")
        }
        return true
    }
}
