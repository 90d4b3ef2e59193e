import Kafka

/// Finds out by trying what a user may do with topics: librdkafka 2.0.2 cannot ask a cluster which operations it allows.
///
/// Nothing is written and no group is joined: a permission is looked at before the message, and the message is larger
/// than its topic takes. It has neither key nor value, so that a broker that took it would harm no reader.
struct TopicAccess {
    struct Candidate {
        let topic: TopicDescription
        let operations: [String]
        let messageBytes: Int
    }

    let clients: KafkaClients
    let log: KafkaLogSink

    /// Topics that take larger messages are not tried: that much is not sent for a look.
    private static let greatestBytes = 16 << 20
    private static let answerTime = Duration.seconds(5)

    /// The operations that are not allowed, by topic; what is not answered in time counts as allowed.
    func denied(of candidates: [Candidate]) throws(KafkaError) -> [String: [String]] {
        func names(_ operation: String) -> [Candidate] {
            candidates.filter { $0.operations.contains(operation) && !$0.topic.partitions.isEmpty }
        }
        var denied: [String: [String]] = [:]
        for name in try unreadable(names("Read").map(\.topic.name)) {
            denied[name, default: []].append("Read")
        }
        for name in try unwritable(names("Write")) {
            denied[name, default: []].append("Write")
        }
        return denied
    }

    private func unreadable(_ names: [String]) throws(KafkaError) -> Set<String> {
        let consumer = try Consumer(clients.reader(), log: log)
        try consumer.assign(names.map { PartitionOffset(TopicPartition($0, 0), .end) })
        var (waiting, denied) = (Set(names), Set<String>())
        let deadline = ContinuousClock.now + Self.answerTime
        while !waiting.isEmpty, ContinuousClock.now < deadline {
            consumer.poll(maxMessages: 16, timeout: .milliseconds(50)) { batch in
                for message in batch.messages { waiting.remove(consumer.name(of: message.topic)) }
                for end in batch.ends { waiting.remove(consumer.name(of: end.topic)) }
                for failure in batch.failures {
                    guard failure.error.code == .topicAuthorization, let name = failure.partition?.topic
                    else { continue }
                    waiting.remove(name)
                    denied.insert(name)
                }
            }
        }
        try consumer.close()
        return denied
    }

    private func unwritable(_ candidates: [Candidate]) throws(KafkaError) -> Set<String> {
        let candidates = candidates.filter { $0.messageBytes <= Self.greatestBytes }
        let producer = try Producer(
            clients.admin.merging([
                "enable.idempotence": "false", "compression.type": "none", "linger.ms": "0",
                "message.max.bytes": "\(Self.greatestBytes + (1 << 20))",
                "message.timeout.ms": "\(Self.answerTime / .milliseconds(1))",
            ]),
            log: log
        )
        var denied: Set<String> = []
        for candidate in candidates {
            let padding = Header(
                name: "permission-check",
                value: [UInt8](repeating: 0, count: candidate.messageBytes)
            )
            let topic = try producer.topic(candidate.topic.name)
            try producer.produce(to: topic, partition: 0, key: [UInt8]?.none, value: nil, headers: [padding])
            do throws(KafkaError) { try producer.flush(timeout: Self.answerTime + .seconds(1)) } catch {
                if error.code == .topicAuthorization { denied.insert(candidate.topic.name) }
            }
            _ = producer.takeDeliveryFailures()
        }
        return denied
    }
}
