import Glibc

internal import CLibrdkafka

// Where logs begin and end. A question goes to a partition's leader as this client knows it, which may be the one of
// before: what fails is asked again of whoever leads then.

extension Consumer {
    /// Where the group stands in partitions, and where those end; without a commit it stands at the first message.
    ///
    /// - Throws: ``KafkaError`` when a question's time limit passes or a partition does not exist.
    package func groupPositions(
        in partitions: [TopicPartition],
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: GroupPosition] {
        let committed = try committed(partitions, timeout: timeout)
        let ends = try watermarks(of: partitions, timeout: timeout)
        var positions: [TopicPartition: GroupPosition] = [:]
        for (partition, end) in ends {
            let offset = max(end.low, committed[partition].flatMap(\.self) ?? end.low)
            positions[partition] = GroupPosition(offset: offset, end: end.high)
        }
        return positions
    }

    /// The ends of one partition: see ``watermarks(of:timeout:)``.
    package func watermarks(
        _ partition: TopicPartition,
        timeout: Duration
    ) throws(KafkaError) -> (low: Int64, high: Int64) {
        let ends = try watermarks(of: [partition], timeout: timeout)
        return ends[partition] ?? (0, 0)
    }

    /// The first offset that is kept, and the end: the offset behind the last message (at `read_committed`:
    /// behind the last one that no open transaction holds back), of each partition.
    ///
    /// Asks the brokers, all leaders at once. While a partition has no leader, or another one than this client knows,
    /// it is asked for again.
    ///
    /// - Throws: ``KafkaError`` that names a partition, when the time limit passes or the partition does not exist.
    package func watermarks(
        of partitions: [TopicPartition],
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: (low: Int64, high: Int64)] {
        client.assertOwned()
        let deadline = ContinuousClock.now + timeout
        let lows = try logOffsets(.beginning, of: partitions, timeout: timeout)
        let highs = try logOffsets(.end, of: partitions, timeout: deadline - .now)
        var result: [TopicPartition: (low: Int64, high: Int64)] = [:]
        for (partition, high) in highs { result[partition] = (min(lows[partition] ?? high, high), high) }
        return result
    }

    /// One end of each partition's log: as ``watermarks(of:timeout:)``, with half the questions.
    ///
    /// - Throws: ``KafkaError`` that names a partition.
    package func logOffsets(
        _ end: StartOffset,
        of partitions: [TopicPartition],
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        client.assertOwned()
        let deadline = ContinuousClock.now + timeout
        // Topics that are held are looked for by librdkafka too, once a second, while their leader is away.
        for topic in Set(partitions.map(\.topic)) { _ = index(of: topic) }
        var result: [TopicPartition: Int64] = [:]
        var missing = partitions
        // One leader that does not answer spoils the answers of all: then each partition is asked for by itself.
        var isOneByOne = false
        // A broker that is gone, or frozen, may no longer be the one to ask. But one that holds a fetch of this client
        // back, until there is something new, answers only after `fetch.wait.max.ms`: half a second.
        var limit = AnswerLimit(.seconds(1))
        while !missing.isEmpty {
            var failure: KafkaError?
            for group in isOneByOne ? missing.map({ [$0] }) : [missing] {
                let problem = ask(end, of: group, limit.milliseconds(until: deadline), &result)
                failure = failure ?? problem
            }
            missing.removeAll { result[$0] != nil }
            guard let failure, !missing.isEmpty else { continue }
            guard failure.isRetriable, ContinuousClock.now < deadline else { throw failure }
            client.refreshMetadata()
            limit.grow()
            isOneByOne = true
            usleep(20_000)
        }
        return result
    }

    /// Asks once; what comes is added to `result`.
    ///
    /// - Returns: why some are missing.
    private func ask(
        _ end: StartOffset,
        of partitions: [TopicPartition],
        _ milliseconds: Int32,
        _ result: inout [TopicPartition: Int64]
    ) -> KafkaError? {
        let list = PartitionList(partitions, at: end.rawValue)
        return list.with { list in
            let code = rd_kafka_offsets_for_times(client.raw, list, milliseconds)
            var failure: KafkaError?
            for element in list.pointee.buffer {
                let partition = TopicPartition(element)
                if code == RD_KAFKA_RESP_ERR_NO_ERROR, element.err == RD_KAFKA_RESP_ERR_NO_ERROR,
                    element.offset >= 0
                {
                    result[partition] = element.offset
                    continue
                }
                // Of partitions without a leader alone librdkafka says that they are unknown.
                let cause = element.err == RD_KAFKA_RESP_ERR_NO_ERROR ? code : element.err
                failure =
                    failure
                    ?? KafkaError(
                        cause == RD_KAFKA_RESP_ERR_NO_ERROR ? RD_KAFKA_RESP_ERR__TIMED_OUT : cause,
                        "querying the log offsets of \(partition)"
                    )
            }
            return failure
        }
    }

    /// Asks a broker anew who leads the partitions that are read, without waiting for the answer.
    ///
    /// More than four times a second it does nothing.
    package func refreshMetadata() { client.refreshMetadata() }

    /// The ends as of the last fetch, without asking the broker: good for measuring lag.
    ///
    /// Nil while unknown.
    package func cachedWatermarks(_ partition: TopicPartition) -> (low: Int64, high: Int64)? {
        var low: Int64 = -1
        var high: Int64 = -1
        let code = rd_kafka_get_watermark_offsets(
            client.raw,
            partition.topic,
            partition.partition,
            &low,
            &high
        )
        return code == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0 ? (max(0, low), high) : nil
    }
}
