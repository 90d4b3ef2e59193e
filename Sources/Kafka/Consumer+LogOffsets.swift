internal import CLibrdkafka

extension Consumer {
    /// An end of a partition's log.
    public enum LogEnd: Sendable {
        /// The first offset that is kept.
        case start
        /// The offset behind the last message: at `read_uncommitted` of all, the high watermark; at `read_committed`
        /// of those that no open transaction holds back, the last stable offset.
        case end
    }

    /// One end of each partition's log, with one request to each broker that leads some of them.
    ///
    /// - Throws: ``KafkaError`` when the time limit passes or a broker refuses: nothing is then known of any.
    public func logOffsets(
        _ end: LogEnd,
        of partitions: [TopicPartition],
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        client.assertOwned()
        if partitions.isEmpty { return [:] }
        let topics = Set(partitions.map(\.topic)).sorted().joined(separator: ", ")
        let operation = "querying the log \(end == .start ? "start" : "end") offsets of \(topics)"
        // In a request for the offset of a time these two stand for the ends (Kafka's protocol, ListOffsets).
        let asked = end == .start ? RD_KAFKA_OFFSET_BEGINNING : RD_KAFKA_OFFSET_END
        let list = PartitionList(partitions, at: Int64(asked))
        return try list.with { list throws(KafkaError) in
            let code = rd_kafka_offsets_for_times(client.raw, list, timeout.milliseconds)
            // 2.0.2 says "bad message" whenever there is no answer, also when the connection is gone.
            try check(code == RD_KAFKA_RESP_ERR__BAD_MSG ? RD_KAFKA_RESP_ERR__TRANSPORT : code, operation)
            var result: [TopicPartition: Int64] = [:]
            for element in list.pointee.buffer {
                let partition = TopicPartition(element)
                try check(element.err, "\(operation): partition \(partition.partition)")
                if element.offset >= 0 { result[partition] = element.offset }
            }
            return result
        }
    }
}
