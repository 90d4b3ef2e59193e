import Glibc

internal import CLibrdkafka

/// A Kafka producer; a transactional one when `transactional.id` is set.
///
/// It belongs to the thread that made it and is used by no other. Idempotent unless `enable.idempotence` is set to
/// false: messages reach a partition once and in order, also when librdkafka repeats requests.
package final class Producer {
    let client: Client
    let transactionalID: String
    private var topics: [OpaquePointer] = []
    private var deliveries = DeliveryFailures()
    /// The most bytes of key and value that were queued in one message, for each of `topics`.
    private var largest: [Int] = []

    /// Opens a producer; librdkafka connects in the background.
    ///
    /// Unless set otherwise: `enable.idempotence` true, `delivery.report.only.error` true, and times that bound a
    /// failover.
    /// - Throws: ``KafkaError`` that names the property librdkafka refuses.
    package init(_ configuration: KafkaConfiguration, log: KafkaLogSink? = nil) throws(KafkaError) {
        transactionalID = configuration["transactional.id"] ?? ""
        let defaults: KafkaConfiguration = [
            "enable.idempotence": "true",
            "delivery.report.only.error": "true",
        ]
        client = try Client(
            RD_KAFKA_PRODUCER,
            defaults.merging(transactionalID.isEmpty ? .failover : .transactionalFailover)
                .merging(configuration),
            log: log,
            operation: "opening the producer"
        ) { conf in
            rd_kafka_conf_set_dr_msg_cb(conf, deliveryCallback)
        }
        client.context.delivery = { [unowned self] message in delivered(message) }
    }

    deinit {
        client.context.delivery = nil
        if !transactionalID.isEmpty {
            // librdkafka frees the text of a transaction's error while threads of brokers are still there, and the answer
            // to a request that is on its way may set it anew (rd_kafka_txns_term, 2.0.2 to 2.15): heap corruption when
            // a fenced producer goes. So nothing may be on its way any more.
            rd_kafka_purge(client.raw, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
        }
        // Topics before the client.
        for topic in topics { rd_kafka_topic_destroy(topic) }
    }

    /// A topic to produce to; keep it, so that no name is looked up per message.
    ///
    /// - Throws: ``KafkaError`` when librdkafka refuses the name. The cluster is not asked.
    package func topic(_ name: String) throws(KafkaError) -> ProducerTopic {
        client.assertOwned()
        if let known = topics.firstIndex(where: { String(cString: rd_kafka_topic_name($0)) == name }) {
            return ProducerTopic(index: known)
        }
        guard let topic = rd_kafka_topic_new(client.raw, name, nil) else {
            throw KafkaError(rd_kafka_last_error(), "opening the topic \(name) for producing")
        }
        topics.append(topic)
        largest.append(0)
        return ProducerTopic(index: topics.count - 1)
    }

    /// Queues a message; its bytes are copied.
    ///
    /// Delivery is proven by ``flush(timeout:)`` or ``commitTransaction(timeout:)``.
    ///
    /// - Parameters:
    ///   - topic: from this producer's ``topic(_:)``.
    ///   - partition: the partition's number; nil lets the property `partitioner` choose by the key.
    ///   - key: the key's bytes, or nil for none.
    ///   - value: the payload's bytes; nil makes a tombstone.
    ///   - headers: copied too.
    ///   - timestamp: milliseconds since 1970; nil is now.
    ///   - timeout: how long to wait for room in the queue, serving callbacks.
    /// - Throws: ``KafkaError``: `.messageTooLarge` is permanent, `.queueFull` after the time limit; inside a
    ///   transaction see `requiresAbort` and `isFatal`.
    package func produce(
        to topic: ProducerTopic,
        partition: Int32? = nil,
        key: UnsafeRawBufferPointer?,
        value: UnsafeRawBufferPointer?,
        headers: [Header] = [],
        timestamp: Int64? = nil,
        timeout: Duration = .seconds(30)
    ) throws(KafkaError) {
        client.assertOwned()
        precondition(topics.indices.contains(topic.index), "a ProducerTopic of another producer was used")
        let native = try makeHeaders(headers)
        var deadline: ContinuousClock.Instant?
        while true {
            let error = enqueue(topics[topic.index], partition, key, value, native, timestamp)
            guard let error else {
                largest[topic.index] = max(largest[topic.index], (key?.count ?? 0) + (value?.count ?? 0))
                return
            }
            let isTooLarge = rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE
            let size = isTooLarge ? " a message of \((key?.count ?? 0) + (value?.count ?? 0)) bytes" : ""
            let failure = KafkaError(taking: error, "producing\(size) to \(name(of: topic))")
            guard failure.code == .queueFull else {
                if let native { rd_kafka_headers_destroy(native) }
                throw failure
            }
            // The clock is read only when there is something to wait for.
            let limit = deadline ?? (.now + timeout)
            deadline = limit
            guard ContinuousClock.now < limit else {
                if let native { rd_kafka_headers_destroy(native) }
                throw failure
            }
            rd_kafka_poll(client.raw, 10)
        }
    }

    /// Queues a message made of byte arrays: see the other form.
    package func produce(
        to topic: ProducerTopic,
        partition: Int32? = nil,
        key: [UInt8]?,
        value: [UInt8]?,
        headers: [Header] = [],
        timestamp: Int64? = nil,
        timeout: Duration = .seconds(30)
    ) throws(KafkaError) {
        try withOptionalBytes(key) { (key) throws(KafkaError) in
            try withOptionalBytes(value) { (value) throws(KafkaError) in
                try produce(
                    to: topic,
                    partition: partition,
                    key: key,
                    value: value,
                    headers: headers,
                    timestamp: timestamp,
                    timeout: timeout
                )
            }
        }
    }

    /// The most bytes of key and value in one message to a topic so far.
    package func largestMessage(to topic: ProducerTopic) -> Int {
        largest.indices.contains(topic.index) ? largest[topic.index] : 0
    }

    /// The name behind a topic of this producer.
    package func name(of topic: ProducerTopic) -> String {
        guard topics.indices.contains(topic.index) else { return "" }
        return String(cString: rd_kafka_topic_name(topics[topic.index]))
    }
}

/// A topic as one ``Producer`` knows it.
package struct ProducerTopic: Hashable, Sendable {
    let index: Int
}

// MARK: Delivery

extension Producer {
    /// Messages that are queued or in flight.
    package var outstanding: Int { Int(rd_kafka_outq_len(client.raw)) }

    /// Serves callbacks; waits at most `timeout` for the first.
    package func poll(timeout: Duration = .zero) {
        client.assertOwned()
        rd_kafka_poll(client.raw, timeout.milliseconds)
    }

    /// Sends what is queued and waits for the answers.
    ///
    /// - Throws: ``KafkaError``: `.timedOut` when some are still outstanding; else the first message since
    ///   ``takeDeliveryFailures()`` that could not be delivered.
    package func flush(timeout: Duration) throws(KafkaError) {
        client.assertOwned()
        try check(rd_kafka_flush(client.raw, timeout.milliseconds), "waiting for messages to be delivered")
        if let first = deliveries.first { throw first }
    }

    /// How many messages could not be delivered since the last call, and why not the first of them.
    ///
    /// What an abort purged does not count.
    package func takeDeliveryFailures() -> DeliveryFailures {
        defer { deliveries = DeliveryFailures() }
        return deliveries
    }

    /// librdkafka's newest statistics since the last call, as JSON
    /// (https://github.com/confluentinc/librdkafka/blob/v2.0.2/STATISTICS.md); nil unless `statistics.interval.ms` is set.
    package func takeStatistics() -> [UInt8]? { client.context.takeStatistics() }

    /// The errors of the client as a whole (connections lost, fatal ones) since the last call.
    package func takeErrors() -> [KafkaError] { client.context.takeErrors() }

    private func delivered(_ message: UnsafePointer<rd_kafka_message_t>) {
        let code = message.pointee.err
        switch code {
        case RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
            return
        default:
            deliveries.count += 1
            guard deliveries.first == nil else { return }
            let topic = message.pointee.rkt.map { String(cString: rd_kafka_topic_name($0)) } ?? ""
            let isTooLarge = code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE
            let size = isTooLarge ? " of \(message.pointee.len + message.pointee.key_len) bytes" : ""
            deliveries.first = client.error(code, "delivering a message\(size) to \(topic)")
        }
    }
}

package struct DeliveryFailures: Sendable {
    package internal(set) var count = 0
    /// Why the first of them was not: `.messageTooLarge`, `.messageTimedOut` and so on.
    package internal(set) var first: KafkaError?
}

/// Runs inside poll, flush and the like, on the owner's thread.
private func deliveryCallback(
    _ client: OpaquePointer?,
    _ message: UnsafePointer<rd_kafka_message_t>?,
    _ opaque: UnsafeMutableRawPointer?
) {
    guard let message else { return }
    ClientContext.from(opaque)?.delivery?(message)
}

// MARK: The one call

extension Producer {
    private func enqueue(
        _ topic: OpaquePointer,
        _ partition: Int32?,
        _ key: UnsafeRawBufferPointer?,
        _ value: UnsafeRawBufferPointer?,
        _ headers: OpaquePointer?,
        _ timestamp: Int64?
    ) -> OpaquePointer? {
        withUnsafeTemporaryAllocation(of: rd_kafka_vu_t.self, capacity: 7) { fields in
            var count = 0
            func add(_ type: rd_kafka_vtype_t, _ set: (inout rd_kafka_vu_t) -> Void) {
                var field = rd_kafka_vu_t()
                field.vtype = type
                set(&field)
                fields.initializeElement(at: count, to: field)
                count += 1
            }
            add(RD_KAFKA_VTYPE_RKT) { $0.u.rkt = topic }
            add(RD_KAFKA_VTYPE_PARTITION) { $0.u.i32 = partition ?? -1 }
            add(RD_KAFKA_VTYPE_MSGFLAGS) { $0.u.i = RD_KAFKA_MSG_F_COPY }
            if let key { add(RD_KAFKA_VTYPE_KEY) { $0.u.mem = .init(ptr: start(key), size: key.count) } }
            if let value {
                add(RD_KAFKA_VTYPE_VALUE) { $0.u.mem = .init(ptr: start(value), size: value.count) }
            }
            if let timestamp { add(RD_KAFKA_VTYPE_TIMESTAMP) { $0.u.i64 = timestamp } }
            if let headers { add(RD_KAFKA_VTYPE_HEADERS) { $0.u.headers = headers } }
            return rd_kafka_produceva(client.raw, fields.baseAddress, count)
        }
    }

    /// An empty buffer may have no address; to librdkafka that would be a null.
    private func start(_ bytes: UnsafeRawBufferPointer) -> UnsafeMutableRawPointer? {
        UnsafeMutableRawPointer(mutating: bytes.baseAddress ?? UnsafeRawPointer(client.raw))
    }

    /// librdkafka's form of the headers.
    ///
    /// It owns them once the message is queued.
    private func makeHeaders(_ headers: [Header]) throws(KafkaError) -> OpaquePointer? {
        if headers.isEmpty { return nil }
        let native = rd_kafka_headers_new(headers.count)
        for header in headers {
            let code = withOptionalBytes(header.value) { value in
                rd_kafka_header_add(
                    native,
                    header.name,
                    -1,
                    value.flatMap { start($0) },
                    value.map { $0.count } ?? 0
                )
            }
            if code != RD_KAFKA_RESP_ERR_NO_ERROR {
                rd_kafka_headers_destroy(native)
                throw KafkaError(code, "adding the message header \(header.name)")
            }
        }
        return native
    }
}

private func withOptionalBytes<R, E: Error>(
    _ bytes: [UInt8]?,
    _ body: (UnsafeRawBufferPointer?) throws(E) -> R
) throws(E) -> R {
    guard let bytes else { return try body(nil) }
    // withUnsafeBytes has no typed throws, so the outcome is carried out as a value.
    let result: Result<R, E> = bytes.withUnsafeBytes { pointer in
        do throws(E) { return .success(try body(pointer)) } catch { return .failure(error) }
    }
    return try result.get()
}
