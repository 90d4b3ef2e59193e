internal import CLibrdkafka

// A fetcher whose queue is full (64 MB, `queued.max.messages.kbytes`) rests, and looks at it again after a second,
// also when it has been empty for most of that: a backlog would be read in jerks.

extension Consumer {
    /// How long fetchers rest, where librdkafka lets one say so.
    static var fetcherRest: KafkaConfiguration {
        canSetFetcherRest ? ["fetch.queue.backoff.ms": "10"] : [:]
    }

    private static var canSetFetcherRest: Bool { rd_kafka_version() >= 0x0202_0000 }

    /// Wakes the fetchers when nothing is queued here and much is waiting at the brokers.
    ///
    /// Once after each batch, and not for the few offsets that transactions' markers take.
    func wakeFetchers() {
        guard let last = lastRead, !Self.canSetFetcherRest else { return }
        lastRead = nil
        guard let ends = cachedWatermarks(TopicPartition(name(of: last.topic), last.partition)),
            ends.high - last.offset > 100
        else { return }
        var list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
        guard rd_kafka_assignment(client.raw, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return }
        defer { rd_kafka_topic_partition_list_destroy(list) }
        for index in list.pointee.buffer.indices {
            list.pointee.buffer[index].offset = Int64(RD_KAFKA_OFFSET_END)
        }
        // Any request to a broker wakes the thread that fetches from it. The answer is of no interest.
        rd_kafka_offsets_for_times(client.raw, list, 1)
    }
}
