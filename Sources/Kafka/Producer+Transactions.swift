import Glibc

internal import CLibrdkafka

/// Transactions. Each call repeats what may be repeated until its time limit; what it then throws tells what to do:
///
/// * `isFatal`: this producer was fenced or is broken: destroy it, restore, make a new one;
/// * `requiresAbort`: ``abortTransaction(timeout:)``, then begin again;
/// * `isRetriable`: the time limit passed. From ``commitTransaction(timeout:)`` that means an *unknown outcome*:
///   either call it again, or destroy the producer and find out from the committed offsets;
/// * none of them: a mistake in the calls (`.state`) or in the configuration.
extension Producer {
    /// Takes over the `transactional.id`: fences an older producer and ends its open transaction.
    ///
    /// Call once, first.
    ///
    /// - Parameter timeout: the first time about a second, because coordinators have to be found.
    /// - Throws: ``KafkaError``.
    package func initTransactions(timeout: Duration) throws(KafkaError) {
        try repeating("taking over the transactional id \(transactionalID)", timeout) { milliseconds in
            rd_kafka_init_transactions(client.raw, milliseconds)
        }
    }

    /// Begins a transaction.
    ///
    /// Asks no broker; the broker's clock starts with the first message.
    ///
    /// - Throws: ``KafkaError``.
    package func beginTransaction() throws(KafkaError) {
        client.assertOwned()
        try check(rd_kafka_begin_transaction(client.raw), "beginning a transaction")
    }

    /// Makes positions part of the transaction, and proves by the group's generation that they are still ours to
    /// move: send the position of *every* partition written for, moved or not.
    ///
    /// - Parameters:
    ///   - offsets: the next offset to read, as `.at`. An empty list is refused, since it would prove nothing.
    ///   - group: from ``Consumer/groupMetadata()``, just now.
    ///   - timeout: the time limit over all attempts.
    /// - Throws: ``KafkaError``; abort when the group has moved on.
    package func sendOffsets(
        _ offsets: [PartitionOffset],
        group: ConsumerGroupMetadata,
        timeout: Duration
    ) throws(KafkaError) {
        let operation = "sending positions to the transaction"
        let areNumbers = offsets.allSatisfy { if case .at(0...) = $0.offset { true } else { false } }
        // librdkafka would send nothing, and report success.
        guard areNumbers, !offsets.isEmpty else {
            throw KafkaError(
                RD_KAFKA_RESP_ERR__INVALID_ARG,
                operation,
                message: "a transaction without positions is not fenced"
            )
        }
        let list = PartitionList(offsets)
        try list.with { list throws(KafkaError) in
            try repeating(operation, timeout) { milliseconds in
                rd_kafka_send_offsets_to_transaction(client.raw, list, group.raw, milliseconds)
            }
        }
    }

    /// Flushes, and makes messages and positions visible together.
    ///
    /// - Throws: ``KafkaError``; a message that could not be delivered makes it `requiresAbort`.
    package func commitTransaction(timeout: Duration) throws(KafkaError) {
        try repeating("committing the transaction", timeout) { milliseconds in
            rd_kafka_commit_transaction(client.raw, milliseconds)
        }
    }

    /// Drops the transaction's messages and positions.
    ///
    /// - Throws: ``KafkaError``. Whatever it is, destroy this producer then: the next one's
    ///   ``initTransactions(timeout:)`` ends what may still be open. (Seen with a frozen broker: the coordinator had
    ///   nothing to abort and answered `INVALID_TXN_STATE`.)
    package func abortTransaction(timeout: Duration) throws(KafkaError) {
        try repeating("aborting the transaction", timeout) { milliseconds in
            rd_kafka_abort_transaction(client.raw, milliseconds)
        }
    }

    /// The fatal error this producer has met, if any.
    package var fatalError: KafkaError? { client.fatalError("producing") }

    private func repeating(
        _ operation: String,
        _ timeout: Duration,
        _ call: (Int32) -> OpaquePointer?
    ) throws(KafkaError) {
        client.assertOwned()
        let deadline = ContinuousClock.now + timeout
        while true {
            guard let raw = call(max(1, (deadline - .now).milliseconds)) else { return }
            let error = KafkaError(taking: raw, operation)
            let mayRepeat = error.isRetriable && !error.isFatal && !error.requiresAbort
            guard mayRepeat, ContinuousClock.now < deadline else { throw error }
            usleep(5000)
        }
    }
}
