internal import CLibrdkafka

/// A change of what a group member owns.
///
/// After *each* event, also one with an empty list, every partition that is still owned and not being restored has
/// to be put back to the caller's own position with ``Consumer/resume(at:timeout:)`` or
/// ``Consumer/seek(_:timeout:)``: librdkafka 2.0.2 pauses all of them behind the scenes and may skip messages that
/// it had already counted as read.
package enum RebalanceEvent: Sendable, Equatable {
    /// These are owned from now on. They are assigned and *paused*: nothing is fetched until
    /// ``Consumer/resume(at:timeout:)`` says from where. They are everything: rebalances are eager.
    case assigned([TopicPartition])
    /// These will be given away when the handler returns; what was read of them may still be committed in it.
    case revoked([TopicPartition])
    /// These belong to somebody else already: nothing may be committed for them; abort.
    case lost([TopicPartition])
}

/// Runs inside poll and close, on the owner's thread.
func rebalanceCallback(
    _ client: OpaquePointer?,
    _ code: rd_kafka_resp_err_t,
    _ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?,
    _ opaque: UnsafeMutableRawPointer?
) {
    guard let partitions else { return }
    ClientContext.from(opaque)?.rebalance?(code, partitions)
}

extension Consumer {
    /// Answers librdkafka, which waits for an assign or unassign call, and tells the handler.
    func rebalance(
        _ code: rd_kafka_resp_err_t,
        _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
    ) {
        rebalances += 1
        let partitions = list.pointee.buffer.map { TopicPartition($0) }
        switch code {
        case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
            report { () throws(KafkaError) in try takeOver(list) }
            onRebalance?(.assigned(partitions))
        case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
            onRebalance?(assignmentLost ? .lost(partitions) : .revoked(partitions))
            report { () throws(KafkaError) in
                try check(rd_kafka_assign(client.raw, nil), "giving up partitions")
            }
        default:
            client.context.report(client.error(code, "rebalancing"))
            onRebalance?(.lost(partitions))
            rd_kafka_assign(client.raw, nil)
        }
    }

    /// Assigns partitions, paused.
    private func takeOver(
        _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
    ) throws(KafkaError) {
        // A logical offset asks for no committed one, so a group without offsets is no error here.
        for index in list.pointee.buffer.indices {
            list.pointee.buffer[index].offset = Int64(RD_KAFKA_OFFSET_BEGINNING)
        }
        try check(rd_kafka_assign(client.raw, list), "taking over partitions")
        try check(rd_kafka_pause_partitions(client.raw, list), "pausing new partitions")
    }

    /// Starts the fetchers of everything that is assigned anew, paused as after ``RebalanceEvent/assigned(_:)``.
    ///
    /// After `.autoOffsetReset` a fetcher is off, and no seeking wakes it. The partitions are given up and taken over
    /// again inside the client; the group notices nothing.
    ///
    /// - Throws: ``KafkaError``.
    package func restart() throws(KafkaError) {
        client.assertOwned()
        let operation = "starting to fetch anew"
        var list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
        try check(rd_kafka_assignment(client.raw, &list), operation)
        guard let list else { return }
        defer { rd_kafka_topic_partition_list_destroy(list) }
        try takeOver(list)
    }

    private func report(_ body: () throws(KafkaError) -> Void) {
        do { try body() } catch { client.context.report(error) }
    }

    /// Whether the group has given the partitions to somebody else already.
    ///
    /// Nothing may then be committed.
    package var assignmentLost: Bool { rd_kafka_assignment_lost(client.raw) != 0 }

    /// The member's id in its group; nil while it is not in one.
    package var memberID: String? {
        guard let raw = rd_kafka_memberid(client.raw) else { return nil }
        defer { rd_kafka_mem_free(client.raw, raw) }
        let id = String(cString: raw)
        return id.isEmpty ? nil : id
    }

    /// What ``Producer/sendOffsets(_:group:timeout:)`` needs to prove that this member still owns what it wrote for.
    ///
    /// - Throws: ``KafkaError`` (`.unknownMember`) when the member has lost its place: abort then, because the broker
    ///   would accept such a commit unchecked.
    package func groupMetadata() throws(KafkaError) -> ConsumerGroupMetadata {
        client.assertOwned()
        let operation = "proving membership of the group"
        guard !assignmentLost, let raw = rd_kafka_consumer_group_metadata(client.raw) else {
            throw KafkaError(
                RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
                operation,
                message: "the assignment is lost"
            )
        }
        let metadata = ConsumerGroupMetadata(taking: raw)
        guard try metadata.provesMembership(orElse: memberID) else {
            throw KafkaError(
                RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
                operation,
                message: "not a member at the moment"
            )
        }
        return metadata
    }
}

/// A group member's identity at one moment: group, generation, member, instance.
package final class ConsumerGroupMetadata {
    let raw: OpaquePointer

    init(taking raw: OpaquePointer) { self.raw = raw }

    deinit { rd_kafka_consumer_group_metadata_destroy(raw) }

    /// Whether generation and member id are real ones.
    ///
    /// librdkafka 2.0.2 has no accessors, but writes `CGMDv2:`, generation (Int32), group id, NUL, member id, NUL, …
    /// (rdkafka_cgrp.c). Read from there the two belong to the same moment. Another layout: `fallback` decides.
    func provesMembership(orElse fallback: String?) throws(KafkaError) -> Bool {
        var buffer: UnsafeMutableRawPointer?
        var size = 0
        try check(rd_kafka_consumer_group_metadata_write(raw, &buffer, &size), "reading the group metadata")
        guard let buffer else { return false }
        defer { rd_kafka_mem_free(nil, buffer) }
        let bytes = UnsafeRawBufferPointer(start: buffer, count: size)
        let magic = "CGMDv2:".utf8
        guard bytes.starts(with: magic), bytes.count > magic.count + 4 else { return fallback != nil }
        let generation = bytes.loadUnaligned(fromByteOffset: magic.count, as: Int32.self)
        guard let end = bytes[(magic.count + 4)...].firstIndex(of: 0), bytes.indices.contains(end + 1)
        else { return fallback != nil }
        return generation >= 0 && bytes[end + 1] != 0
    }
}
