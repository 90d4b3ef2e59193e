import Kafka

// What intake and detector tell alike: which partitions they have, and what retention took from them.

extension RunLog {
    /// The partitions that a member has now, one line a topic, also for a topic of which it has none.
    func assigned(_ names: [TopicPartition], of topics: [String], to role: String, _ member: String?) {
        for topic in topics {
            info(
                "partitions assigned",
                [
                    "role": .text(role), "topic": .text(topic),
                    "partitions": .numbers(names.numbers(of: topic)),
                    "member": .text(member ?? ""),
                ]
            )
        }
    }

    /// The partitions that a member gives up, one line a topic.
    ///
    /// Those that are lost belong to another member already.
    func revoked(_ names: [TopicPartition], from role: String, isLost: Bool) {
        for topic in Set(names.map(\.topic)).sorted() {
            info(
                isLost ? "partitions lost" : "partitions revoked",
                [
                    "role": .text(role), "topic": .text(topic),
                    "partitions": .numbers(names.numbers(of: topic)),
                ]
            )
        }
    }

    /// The log does not hold the committed offset any more: what lies between is lost.
    func offsetOutOfRange(
        _ name: TopicPartition,
        committed: Int64,
        logStart: Int64,
        logEnd: Int64
    ) {
        let lost = max(0, logStart - committed)
        let what =
            committed < logStart
            ? "committed offset \(committed) is below log start \(logStart): \(lost) records lost to retention"
            : "committed offset \(committed) is above log end \(logEnd): the topic was truncated or created anew"
        error(
            "\(what); resuming at log start",
            name.fields + [
                "committed_offset": .number(Int(committed)), "log_start_offset": .number(Int(logStart)),
                "log_end_offset": .number(Int(logEnd)), "lost": .number(Int(lost)),
            ]
        )
    }
}

extension TopicPartition {
    /// As Kafka's people write it: `amiwatch.events[5]`.
    var name: String { "\(topic)[\(partition)]" }

    /// What a log line says of it.
    var fields: RunLog.Fields { ["topic": .text(topic), "partition": .number(Int(partition))] }
}

extension [TopicPartition] {
    /// The numbers of a topic's partitions, sorted.
    func numbers(of topic: String) -> [Int] {
        filter { $0.topic == topic }.map { Int($0.partition) }.sorted()
    }
}
