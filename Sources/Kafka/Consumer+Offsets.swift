import Glibc

internal import CLibrdkafka

// MARK: What to read, and from where

extension Consumer {
    /// Reads exactly these partitions from these places, in no group.
    ///
    /// An empty list stops reading.
    ///
    /// - Throws: ``KafkaError``, also for a consumer that has subscribed.
    package func assign(_ offsets: [PartitionOffset]) throws(KafkaError) {
        client.assertOwned()
        for place in offsets { _ = index(of: place.partition.topic) }
        unpauseAssigned()
        let list = PartitionList(offsets)
        try check(list.with { rd_kafka_assign(client.raw, $0) }, "assigning partitions")
    }

    /// Reads these partitions too, and goes on with the ones that are assigned already.
    ///
    /// - Throws: ``KafkaError``, also when one of them is assigned already.
    package func addAssignment(_ offsets: [PartitionOffset]) throws(KafkaError) {
        client.assertOwned()
        for place in offsets { _ = index(of: place.partition.topic) }
        let list = PartitionList(offsets)
        try check(list.with { rd_kafka_incremental_assign(client.raw, $0) }, "assigning more partitions")
    }

    /// Stops reading these partitions, and goes on with the others.
    ///
    /// - Throws: ``KafkaError``, also when one of them is not assigned.
    package func removeAssignment(_ partitions: [TopicPartition]) throws(KafkaError) {
        client.assertOwned()
        let list = PartitionList(partitions, at: Int64(RD_KAFKA_OFFSET_INVALID))
        // A pause outlives the assignment (librdkafka 2.0.2), and would still hold when they are assigned again.
        list.with { _ = rd_kafka_resume_partitions(client.raw, $0) }
        try check(list.with { rd_kafka_incremental_unassign(client.raw, $0) }, "unassigning partitions")
    }

    private func unpauseAssigned() {
        var list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
        guard rd_kafka_assignment(client.raw, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return }
        rd_kafka_resume_partitions(client.raw, list)
        rd_kafka_topic_partition_list_destroy(list)
    }

    /// Makes each partition go on from the given place.
    ///
    /// What had been fetched before is never handed over afterwards.
    ///
    /// - Throws: ``KafkaError`` for the first partition that cannot: not assigned (`.unknownPartition`), or not
    ///   ready within the time limit.
    package func seek(_ offsets: [PartitionOffset], timeout: Duration = .seconds(10)) throws(KafkaError) {
        client.assertOwned()
        try requireAssigned(offsets)
        let deadline = ContinuousClock.now + timeout
        var waiting = offsets
        while let first = waiting.first {
            let list = PartitionList(waiting)
            let remaining = max(1, (deadline - .now).milliseconds)
            // 2.0.2 takes these milliseconds for microseconds; right since 2.1.0.
            let scaled =
                rd_kafka_version() < 0x0201_0000 ? remaining.multipliedReportingOverflow(by: 1000) : nil
            let limit = scaled.map { $0.overflow ? Int32.max : $0.partialValue } ?? remaining
            let overall = list.with { rd_kafka_seek_partitions(client.raw, $0, limit) }
            let late = ContinuousClock.now >= deadline
            do { try check(overall, "seeking in \(first.partition)") } catch {
                if late || !error.isRetriable { throw error }
            }
            waiting = try stillWaiting(list, late: late)
            if !waiting.isEmpty { usleep(2000) }
        }
    }

    /// librdkafka answers for a partition that is not assigned as for one that is about to start: seeking would
    /// wait for it until the time limit.
    private func requireAssigned(_ offsets: [PartitionOffset]) throws(KafkaError) {
        var list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
        try check(rd_kafka_assignment(client.raw, &list), "seeking")
        guard let list else { return }
        defer { rd_kafka_topic_partition_list_destroy(list) }
        let assigned = Set(list.pointee.buffer.map { TopicPartition($0) })
        if let other = offsets.first(where: { !assigned.contains($0.partition) }) {
            throw KafkaError(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, "seeking in \(other.partition)")
        }
    }

    /// The partitions whose fetcher has not started yet (just assigned: librdkafka says `_STATE`).
    private func stillWaiting(
        _ list: borrowing PartitionList,
        late: Bool
    ) throws(KafkaError) -> [PartitionOffset] {
        try list.with { list throws(KafkaError) in
            var waiting: [PartitionOffset] = []
            for element in list.pointee.buffer where element.err != RD_KAFKA_RESP_ERR_NO_ERROR {
                let error = KafkaError(element.err, "seeking in \(TopicPartition(element))")
                guard error.isRetriable || error.code == .state, !late else { throw error }
                waiting.append(
                    PartitionOffset(TopicPartition(element), StartOffset(rawValue: element.offset))
                )
            }
            return waiting
        }
    }

    /// Stops fetching these partitions; they stay owned.
    ///
    /// What was fetched already is dropped.
    ///
    /// - Throws: ``KafkaError`` for the first partition that is not assigned.
    package func pause(_ partitions: [TopicPartition]) throws(KafkaError) {
        client.assertOwned()
        let list = PartitionList(partitions, at: Int64(RD_KAFKA_OFFSET_INVALID))
        try check(list.with { rd_kafka_pause_partitions(client.raw, $0) }, "pausing partitions")
        try checkEach(list, "pausing")
    }

    /// Fetches these partitions (again), from the given places.
    ///
    /// - Throws: as ``seek(_:timeout:)``.
    package func resume(at offsets: [PartitionOffset], timeout: Duration = .seconds(10)) throws(KafkaError) {
        client.assertOwned()
        let list = PartitionList(offsets.map(\.partition), at: Int64(RD_KAFKA_OFFSET_INVALID))
        try check(list.with { rd_kafka_resume_partitions(client.raw, $0) }, "resuming partitions")
        try checkEach(list, "resuming")
        // Behind resume, which in 2.0.2 goes back to a place of librdkafka's own choosing.
        try seek(offsets, timeout: timeout)
    }

    private func checkEach(_ list: borrowing PartitionList, _ operation: String) throws(KafkaError) {
        try list.with { list throws(KafkaError) in
            for element in list.pointee.buffer where element.err != RD_KAFKA_RESP_ERR_NO_ERROR {
                throw KafkaError(element.err, "\(operation) \(TopicPartition(element))")
            }
        }
    }
}

// MARK: What the group and the log say

extension Consumer {
    /// The group's committed offsets, nil where there is none.
    ///
    /// At `read_committed` they are *stable*: while a transaction is pending that could still move them, the call
    /// waits (KIP-447).
    /// - Throws: ``KafkaError`` when the time limit passes, or for the first partition that has an error of its own.
    package func committed(
        _ partitions: [TopicPartition],
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64?] {
        try committedOffsets(partitions, timeout: timeout).mapValues { $0?.offset }
    }

    /// The group's committed offsets with what was committed beside them: see ``committed(_:timeout:)``.
    ///
    /// - Throws: ``KafkaError``.
    package func committedOffsets(
        _ partitions: [TopicPartition],
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: CommittedOffset?] {
        client.assertOwned()
        let deadline = ContinuousClock.now + timeout
        while true {
            let remaining = max(1, (deadline - .now).milliseconds)
            do { return try askForCommitted(partitions, remaining) } catch {
                guard error.isRetriable, ContinuousClock.now < deadline else { throw error }
                usleep(5000)
            }
        }
    }

    private func askForCommitted(
        _ partitions: [TopicPartition],
        _ milliseconds: Int32
    ) throws(KafkaError) -> [TopicPartition: CommittedOffset?] {
        let operation = "asking for committed offsets"
        let list = PartitionList(partitions, at: Int64(RD_KAFKA_OFFSET_INVALID))
        return try list.with { list throws(KafkaError) in
            try check(rd_kafka_committed(client.raw, list, milliseconds), operation)
            var result: [TopicPartition: CommittedOffset?] = [:]
            for element in list.pointee.buffer {
                let partition = TopicPartition(element)
                try check(element.err, "\(operation) of \(partition)")
                result[partition] = .some(element.offset < 0 ? nil : CommittedOffset(element))
            }
            return result
        }
    }

    /// Commits these offsets, each with a text beside it, for the group, outside any transaction.
    ///
    /// - Parameters:
    ///   - offsets: of the next message to read.
    ///   - wait: true waits for the answer; false only hands the request over, and its outcome is not told.
    /// - Throws: ``KafkaError``: `.illegalGeneration` or `.unknownMember` when the group has moved on, also for the
    ///   first partition with an error of its own.
    package func commit(_ offsets: [CommittedOffset], wait: Bool = true) throws(KafkaError) {
        client.assertOwned()
        if offsets.isEmpty { return }
        let list = PartitionList(offsets)
        let code = list.with { rd_kafka_commit(client.raw, $0, wait ? 0 : 1) }
        if code != RD_KAFKA_RESP_ERR_NO_ERROR {
            let topics = Set(offsets.map(\.partition.topic)).sorted()
            throw client.error(code, "committing the positions of \(topics.joined(separator: ", "))")
        }
        if wait { try checkEach(list, "committing the position of") }
    }
}

extension StartOffset {
    fileprivate init(rawValue: Int64) {
        switch rawValue {
        case Int64(RD_KAFKA_OFFSET_BEGINNING): self = .beginning
        case Int64(RD_KAFKA_OFFSET_END): self = .end
        default: self = .at(rawValue)
        }
    }
}
