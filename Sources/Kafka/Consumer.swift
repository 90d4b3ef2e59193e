internal import CLibrdkafka

/// A Kafka consumer, either a member of a group (``subscribe(_:)``) or reading partitions it is told
/// (``assign(_:)``).
///
/// It belongs to the thread that made it and is used by no other; all its callbacks run on that thread inside
/// ``poll(maxMessages:timeout:_:)`` or ``close()``, so what they touch needs no lock. Offsets are never stored or
/// committed unless a method says so: the caller's own position is the only one that counts.
package final class Consumer {
    let client: Client
    private let queue: OpaquePointer
    private let group: String
    private var topics: [OpaquePointer] = []
    private var raw: UnsafeMutableBufferPointer<UnsafeMutablePointer<rd_kafka_message_t>?>
    private var views: UnsafeMutableBufferPointer<Message>
    private var isPolling = false
    var rebalances: UInt64 = 0
    /// The last message that was handed over, until the fetchers were woken for more.
    var lastRead: (topic: TopicIndex, partition: Int32, offset: Int64)?

    /// Called at each change of the assignment, inside ``poll(maxMessages:timeout:_:)`` and ``close()``; see
    /// ``RebalanceEvent`` for what has to be done.
    ///
    /// Do not poll or close in it. Set nil to let go of what it holds.
    package var onRebalance: ((RebalanceEvent) -> Void)?

    /// Opens a consumer; the first connection is made when it subscribes or is assigned something.
    ///
    /// `group.id` must be set, also for manual assignment (librdkafka's rule). Unless set otherwise:
    /// `partition.assignment.strategy` range, `auto.offset.reset` error, `isolation.level`
    /// read_committed, and times that bound a failover. `enable.auto.commit` and `enable.auto.offset.store` stay false.
    ///
    /// - Throws: ``KafkaError`` that names the property librdkafka refuses.
    package init(_ configuration: KafkaConfiguration, log: KafkaLogSink? = nil) throws(KafkaError) {
        let defaults: KafkaConfiguration = [
            "partition.assignment.strategy": "range",
            "auto.offset.reset": "error",
            "isolation.level": "read_committed",
        ]
        let all = try defaults.merging(.failover).merging(Self.fetcherRest).merging(configuration)
            .requiring(["enable.auto.commit": "false", "enable.auto.offset.store": "false"])
        client = try Client(RD_KAFKA_CONSUMER, all, log: log, operation: "opening the consumer") { conf in
            rd_kafka_conf_set_rebalance_cb(conf, rebalanceCallback)
        }
        // Without a group id there is no consumer queue.
        guard let queue = rd_kafka_queue_get_consumer(client.raw) else {
            throw KafkaError(
                RD_KAFKA_RESP_ERR__UNKNOWN_GROUP,
                "opening the consumer",
                message: "group.id is not set"
            )
        }
        self.queue = queue
        group = all["group.id"] ?? ""
        raw = .allocate(capacity: 0)
        views = .allocate(capacity: 0)
        // Errors and rebalances then come through the one queue that is polled.
        try check(rd_kafka_poll_set_consumer(client.raw), "opening the consumer")
        client.context.rebalance = { [unowned self] code, list in rebalance(code, list) }
    }

    deinit {
        client.context.rebalance = nil
        // Topics and queue before the client, or its destruction waits for them.
        for topic in topics { rd_kafka_topic_destroy(topic) }
        rd_kafka_queue_destroy(queue)
        raw.deallocate()
        views.deallocate()
    }

    /// Joins the group `group.id` for these topics.
    ///
    /// - Throws: ``KafkaError`` when the request cannot be made; a missing topic arrives in a batch's failures.
    package func subscribe(_ names: [String]) throws(KafkaError) {
        client.assertOwned()
        for name in names { _ = index(of: name) }
        let list = PartitionList(names.map { TopicPartition($0, -1) }, at: Int64(RD_KAFKA_OFFSET_INVALID))
        try check(
            list.with { rd_kafka_subscribe(client.raw, $0) },
            "subscribing to \(names.joined(separator: ", "))"
        )
    }

    /// Fetches what is there, and serves callbacks, for at most `timeout`.
    ///
    /// Returns at once when something is waiting, else as soon as the first message comes. Messages are destroyed
    /// when `body` returns or throws. A poll in which the assignment changed yields no messages and no ends: see
    /// ``RebalanceEvent``. Call it at least every `max.poll.interval.ms`.
    ///
    /// - Parameters:
    ///   - maxMessages: the most messages to hand over (1,024 is plenty).
    ///   - timeout: how long to wait for the first message, in whole milliseconds.
    ///   - body: gets the batch, always exactly once, also when it is empty. Must not poll.
    /// - Returns: what `body` returned.
    /// - Throws: what `body` threw.
    package func poll<R, E: Error>(
        maxMessages: Int,
        timeout: Duration,
        _ body: (borrowing Batch) throws(E) -> R
    ) throws(E) -> R {
        client.assertOwned()
        precondition(!isPolling, "Consumer.poll was called inside its own closure or callback")
        isPolling = true
        defer { isPolling = false }
        reserve(maxMessages)
        let before = rebalances
        let count = fetch(maxMessages, timeout.milliseconds)
        defer { for index in 0..<count { rd_kafka_message_destroy(raw[index]) } }
        return try body(sort(count, keepMessages: rebalances == before))
    }

    /// Why this static member is none any more: another one has taken its place with its `group.instance.id`.
    ///
    /// What it owned is lost, without a word to ``onRebalance``, and the client is of no use any more.
    package var fenced: KafkaError? {
        guard let error = client.fatalError("working in the group \(group)"), error.code == .fencedInstance
        else { return nil }
        return error
    }

    /// librdkafka's newest statistics since the last call, as JSON
    /// (https://github.com/confluentinc/librdkafka/blob/v2.0.2/STATISTICS.md); nil unless `statistics.interval.ms` is set.
    package func takeStatistics() -> [UInt8]? { client.context.takeStatistics() }

    /// The errors of the client as a whole (connections lost, fatal ones) since the last call.
    package func takeErrors() -> [KafkaError] { client.context.takeErrors() }

    /// Leaves the group (``onRebalance`` is called for what is still owned) and stops fetching.
    ///
    /// Without it the broker waits for the session time-out, as after a crash. A static member stays one: what it owns
    /// waits for the session time-out, or for whoever joins with its `group.instance.id`.
    ///
    /// - Parameter timeout: how long to wait for the broker; what ``onRebalance`` takes is its own affair.
    /// - Throws: ``KafkaError``, also when the consumer has met a fatal error: it then goes without a word. After
    ///   `.timedOut` nothing but its destruction is left to do.
    package func close(timeout: Duration = .seconds(30)) throws(KafkaError) {
        client.assertOwned()
        let operation = "closing the consumer"
        guard let events = rd_kafka_queue_new(client.raw) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, operation)
        }
        defer { rd_kafka_queue_destroy(events) }
        try check(rd_kafka_consumer_close_queue(client.raw, events), operation)
        let deadline = ContinuousClock.now + timeout
        while rd_kafka_consumer_closed(client.raw) == 0 {
            guard ContinuousClock.now < deadline else {
                throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, operation)
            }
            var message: UnsafeMutablePointer<rd_kafka_message_t>?
            if rd_kafka_consume_batch_queue(events, 10, &message, 1) > 0 { rd_kafka_message_destroy(message) }
        }
    }
}

// MARK: Topics

extension Consumer {
    /// The number under which messages of this topic arrive.
    package func index(of name: String) -> TopicIndex {
        if let known = topics.firstIndex(where: { String(cString: rd_kafka_topic_name($0)) == name }) {
            return TopicIndex(rawValue: Int32(truncatingIfNeeded: known))
        }
        // Holding the topic keeps its address from being used for another one.
        guard let topic = rd_kafka_topic_new(client.raw, name, nil) else { return TopicIndex(rawValue: -1) }
        topics.append(topic)
        return TopicIndex(rawValue: Int32(truncatingIfNeeded: topics.count - 1))
    }

    /// The name behind a number that this consumer gave.
    package func name(of index: TopicIndex) -> String {
        guard topics.indices.contains(Int(index.rawValue)) else { return "" }
        return String(cString: rd_kafka_topic_name(topics[Int(index.rawValue)]))
    }

    @inline(__always)
    private func index(of topic: OpaquePointer) -> TopicIndex {
        for position in topics.indices where topics[position] == topic {
            return TopicIndex(rawValue: Int32(truncatingIfNeeded: position))
        }
        return index(of: String(cString: rd_kafka_topic_name(topic)))
    }
}

// MARK: Fetching

extension Consumer {
    private func reserve(_ count: Int) {
        guard raw.count < count else { return }
        raw.deallocate()
        views.deallocate()
        raw = .allocate(capacity: count)
        raw.initialize(repeating: nil)
        views = .allocate(capacity: count)
    }

    /// librdkafka waits its whole time-out to fill the array.
    ///
    /// So: take what is there; if that is nothing, wait for one message, then take what came with it.
    private func fetch(_ count: Int, _ milliseconds: Int32) -> Int {
        guard count > 0, let first = raw.baseAddress else { return 0 }
        var got = max(0, rd_kafka_consume_batch_queue(queue, 0, first, count))
        if got == 0, milliseconds > 0 {
            got = max(0, rd_kafka_consume_batch_queue(queue, milliseconds, first, 1))
            if got > 0, count > got {
                got += max(0, rd_kafka_consume_batch_queue(queue, 0, first + got, count - got))
            }
            if got == 0 { wakeFetchers() }
        }
        return got
    }

    /// Parts messages from what else came as one.
    private func sort(_ count: Int, keepMessages: Bool) -> Batch {
        var kept = 0
        var ends: [PartitionEnd] = []
        var failures: [ConsumerFailure] = []
        var lastTopic: OpaquePointer?
        var lastIndex = TopicIndex(rawValue: -1)
        for position in 0..<count {
            guard let message = raw[position] else { continue }
            if let topic = message.pointee.rkt, topic != lastTopic {
                lastTopic = topic
                lastIndex = index(of: topic)
            }
            if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                if keepMessages {
                    views.initializeElement(at: kept, to: Message(message, topic: lastIndex))
                    kept += 1
                }
            } else if message.pointee.err == RD_KAFKA_RESP_ERR__PARTITION_EOF {
                guard keepMessages else { continue }
                ends.append(
                    PartitionEnd(
                        topic: lastIndex,
                        partition: message.pointee.partition,
                        offset: message.pointee.offset
                    )
                )
            } else {
                failures.append(failure(message.pointee))
            }
        }
        if kept > 0 {
            let last = views[kept - 1]
            lastRead = (last.topic, last.partition, last.offset)
        }
        return Batch(messages: UnsafeBufferPointer(rebasing: views[..<kept]), ends: ends, failures: failures)
    }

    private func failure(_ message: rd_kafka_message_t) -> ConsumerFailure {
        let topic = message.rkt.map { String(cString: rd_kafka_topic_name($0)) }
        let text = message.payload.map {
            String(decoding: UnsafeRawBufferPointer(start: $0, count: message.len), as: UTF8.self)
        }
        return ConsumerFailure(
            partition: topic.map { TopicPartition($0, message.partition) },
            offset: message.offset >= 0 ? message.offset : nil,
            error: client.error(
                message.err,
                topic.map { "reading \($0)" } ?? "working in the group \(group)",
                message: text
            )
        )
    }
}
