import Kafka

/// What an error of Kafka means for a run: whether waiting helps, and what to tell whom.
enum Trouble {
    /// Codes that no repeating cures.
    private static let permanent: Set<KafkaError.Code> = [
        .messageTooLarge, .topicAuthorization, .groupAuthorization, .clusterAuthorization, .authentication,
        .invalidArgument,
        KafkaError.Code(rawValue: 17),  // INVALID_TOPIC_EXCEPTION
        KafkaError.Code(rawValue: 18),  // RECORD_LIST_TOO_LARGE
        KafkaError.Code(rawValue: 44),  // POLICY_VIOLATION
        KafkaError.Code(rawValue: 53),  // TRANSACTIONAL_ID_AUTHORIZATION_FAILED
        KafkaError.Code(rawValue: 87),  // INVALID_RECORD
    ]

    static func isPermanent(_ error: KafkaError) -> Bool { permanent.contains(error.code) }

    /// The line for an error that ends the run.
    static func failure(_ error: KafkaError) -> RunFailure {
        RunFailure(advice(error).map { "\(error); \($0)" } ?? error.description)
    }

    /// The line for a message that cannot be produced.
    static func producing(_ error: KafkaError) -> RunFailure { failure(error) }

    /// What came in a message's place: nil when librdkafka goes on trying by itself.
    static func reading(_ failure: ConsumerFailure) -> RunFailure? {
        switch failure.error.code {
        case .topicAuthorization, .groupAuthorization, .authentication:
            return Self.failure(failure.error)
        case .unknownTopicOrPartition, .unknownTopic, .unknownPartition:
            let topic = failure.partition?.topic ?? "a topic"
            return RunFailure("\(topic): the topic is not there any more; create it and start again")
        default: return failure.error.isFatal ? Self.failure(failure.error) : nil
        }
    }

    private static func advice(_ error: KafkaError) -> String? {
        switch error.code {
        case .messageTooLarge, KafkaError.Code(rawValue: 18):
            "raise max.message.bytes of the topic and message.max.bytes under kafka.producer"
        case .topicAuthorization: "give this user read and write permission for the topic"
        case .groupAuthorization: "give this user read permission for the consumer group"
        case KafkaError.Code(rawValue: 53): "give this user write permission for the transactional id"
        case .clusterAuthorization: "give this user the permission IdempotentWrite"
        case .authentication: "check user name and password under kafka.properties"
        case .transport, .allBrokersDown, .timedOut, .resolve:
            "check kafka.bootstrap_servers and that a broker listens there"
        default: nil
        }
    }
}
