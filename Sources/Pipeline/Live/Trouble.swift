import Kafka

/// What an error of Kafka means for a run: whether waiting helps, and what to tell whom.
enum Trouble {
    /// Codes that no repeating cures.
    private static let permanent: Set<KafkaError.Code> = [
        .messageTooLarge, .topicAuthorization, .groupAuthorization, .clusterAuthorization,
        .transactionalIDAuthorization, .invalidArgument, .invalidTopic, .recordListTooLarge, .policyViolation,
        .invalidRecord,
    ]

    static func isPermanent(_ error: KafkaError) -> Bool {
        // A certificate is renewed while the others of a cluster work on; the right password does not come by itself.
        permanent.contains(error.code) || (error.code == .authentication && error.isRefusedLogin)
    }

    /// The line for an error that ends the run.
    ///
    /// `topics` are those that it is about, where the error does not name them.
    static func failure(_ error: KafkaError, about topics: String? = nil) -> RunFailure {
        RunFailure(
            topics.map { "\(error): \($0)" } ?? error.description,
            advice: advice(error),
            cause: error
        )
    }

    /// What came in a message's place: nil when librdkafka goes on trying by itself.
    static func reading(_ failure: ConsumerFailure) -> RunFailure? {
        switch failure.error.code {
        case .topicAuthorization, .groupAuthorization: return Self.failure(failure.error)
        case .authentication where failure.error.isRefusedLogin: return Self.failure(failure.error)
        case .unknownTopicOrPartition, .unknownTopic, .unknownPartition:
            return gone([failure.partition?.topic ?? "a topic"])
        default: return failure.error.isFatal ? Self.failure(failure.error) : nil
        }
    }

    /// The line for topics that were deleted under a run; how to make them is completed where the cluster is known.
    static func gone(_ topics: [String]) -> RunFailure {
        let names = topics.joined(separator: ", ")
        let what = topics.count == 1 ? "topic does not exist any more" : "topics do not exist any more"
        return RunFailure(
            "\(names): \(what)",
            advice: "run 'amiwatch topics --create', then restart",
            cause: nil,
            gone: topics
        )
    }

    private static func advice(_ error: KafkaError) -> String? {
        switch error.code {
        case .messageTooLarge, .recordListTooLarge:
            "raise max.message.bytes of the topic, and message.max.bytes under kafka.producer"
        case .topicAuthorization: "grant \(permission(error)) on the topic; see Deploy/acls.sh"
        case .groupAuthorization: "grant Read on the consumer group; see Deploy/acls.sh"
        case .transactionalIDAuthorization:
            "grant Write on transactional ids with the prefix group_id-; see Deploy/acls.sh"
        case .clusterAuthorization: "grant IdempotentWrite on the cluster; see Deploy/acls.sh"
        case .authentication: login(error)
        case .transport where error.message.contains("SSL alert"):
            "the broker refuses TLS with this client: check ssl.certificate.location and ssl.key.location under "
                + "kafka.properties"
        case .tls where !error.isRefusedLogin, .transport where error.message.contains("SSL_HANDSHAKE"):
            "check that the broker speaks TLS there (security.protocol under kafka.properties)"
        case .transport where error.message.contains("security.protocol"):
            "check kafka.bootstrap_servers and security.protocol under kafka.properties"
        case .transport, .allBrokersDown, .timedOut, .resolve:
            "check kafka.bootstrap_servers and that a broker listens there"
        case .invalidArgument: file(error)
        default: nil
        }
    }

    /// What Kafka's access lists call what was being done.
    private static func permission(_ error: KafkaError) -> String {
        switch error.operation {
        case let operation where operation.hasPrefix("describing"): "Describe"
        case let operation where operation.hasPrefix("creating"): "Create"
        case let operation where operation.hasPrefix("reading the properties"): "DescribeConfigs"
        case let operation
        where ["reading", "querying", "asking", "sending positions", "committing the position"].contains {
            operation.hasPrefix($0)
        }:
            "Read (includes Describe)"
        default: "Write (includes Describe)"
        }
    }

    private static func login(_ error: KafkaError) -> String {
        if error.isAboutToken {
            return
                "check kafka.oauth_token_file, or the properties sasl.oauthbearer under kafka.properties, and that the "
                + "brokers take tokens of this issuer and audience"
        }
        let advice = "check sasl.mechanism, sasl.username and sasl.password under kafka.properties"
        guard error.message.contains("SCRAM"), !KafkaLibrary.hasScramOfKafka4 else { return advice }
        return advice
            + "; librdkafka \(KafkaLibrary.version) cannot log in to Kafka 4 with SCRAM, 2.6.1 can: there build with a newer "
            + "one (Deploy/packages --librdkafka), or use PLAIN over TLS, or a client certificate"
    }

    /// A file that a property names and that librdkafka cannot use.
    private static func file(_ error: KafkaError) -> String? {
        guard let property = error.message.firstMatch(of: /^(ssl\.[a-z.]+) failed/)?.output.1 else {
            return nil
        }
        let password = property.hasPrefix("ssl.key.") ? ", and ssl.key.password" : ""
        return "check the file that \(property) names (PEM)\(password)"
    }
}

extension Consumer {
    /// The first offset that a partition keeps, and its log's end; its leader is waited for as long as the run goes on.
    func ends(of partition: TopicPartition, _ board: RunBoard) throws(KafkaError) -> (low: Int64, high: Int64)
    {
        while true {
            do throws(KafkaError) { return try watermarks(partition, timeout: .seconds(3)) } catch {
                guard error.isRetriable, !board.isStopping else { throw error }
            }
        }
    }
}
