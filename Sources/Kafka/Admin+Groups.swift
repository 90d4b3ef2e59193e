internal import CLibrdkafka

extension Admin {
    /// Whether this user may join a consumer group and commit its offsets: `Read` on the group.
    ///
    /// Found out by trying to commit for a partition that the topic does not have. A broker looks at the permission
    /// first, then at the partition, and the group hears nothing of it.
    ///
    /// - Parameters:
    ///   - group: the group, which need not exist.
    ///   - topic: any topic; it need not exist, and nothing need be permitted with it.
    ///   - timeout: the time limit.
    /// - Returns: whether it may; true also when the broker refuses for another reason.
    /// - Throws: ``KafkaError`` when there is no answer.
    public func mayJoin(
        _ group: String,
        topic: String,
        timeout: Duration = .seconds(10)
    ) throws(KafkaError) -> Bool {
        client.assertOwned()
        let operation = "trying to commit for the group \(group)"
        let deadline = ContinuousClock.now + timeout
        try connect(until: deadline)
        let list = PartitionList([PartitionOffset(topic, .max, 0)])
        var native = list.with { rd_kafka_AlterConsumerGroupOffsets_new(group, $0) }
        defer { rd_kafka_AlterConsumerGroupOffsets_destroy(native) }
        let event: OpaquePointer
        do throws(KafkaError) {
            event = try request(operation, RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, until: deadline) {
                rd_kafka_AlterConsumerGroupOffsets(client.raw, &native, 1, $0, queue)
            }
        } catch {
            // Who may not even see the group is not told who coordinates it.
            if error.code == .groupAuthorization { return false }
            throw error
        }
        defer { rd_kafka_event_destroy(event) }
        var count = 0
        let groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(
            rd_kafka_event_AlterConsumerGroupOffsets_result(event),
            &count
        )
        guard count == 1, let result = groups?[0] else {
            throw KafkaError(RD_KAFKA_RESP_ERR__BAD_MSG, operation)
        }
        if let error = rd_kafka_group_result_error(result),
            rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED
        {
            return false
        }
        let partitions = rd_kafka_group_result_partitions(result)
        return partitions?.pointee.buffer.allSatisfy {
            $0.err != RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED
        } ?? true
    }
}
