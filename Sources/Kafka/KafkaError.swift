internal import CLibrdkafka

/// An error that librdkafka reported, with what was being done when it did.
///
/// Codes below zero are librdkafka's own (`RD_KAFKA_RESP_ERR__…`), codes above zero are the broker's.
public struct KafkaError: Error, Equatable, Sendable, CustomStringConvertible {
    /// librdkafka's error code.
    public let code: Code
    /// The code's symbolic name without its prefix: `_TRANSPORT`, `TOPIC_AUTHORIZATION_FAILED` and so on.
    public let name: String
    /// What was being done, as a gerund: "opening the consumer".
    public let operation: String
    /// librdkafka's sentence about it.
    ///
    /// Never holds the value of a secret property.
    public let message: String
    /// The client is unusable for ever: it was fenced, say.
    ///
    /// Destroy it and make a new one.
    public let isFatal: Bool
    /// The same call may succeed when it is repeated.
    public let isRetriable: Bool
    /// The current transaction cannot be committed any more: abort it, then begin again.
    public let requiresAbort: Bool

    /// A broker that can be reached does not let this client in, or is not let in itself: waiting does not help.
    ///
    /// Other failures to log in are those of a broker that comes or goes: librdkafka tells a connection that is lost
    /// meanwhile as `_AUTHENTICATION` too, with its own code ("Local: ") as the reason.
    public var isRefusedLogin: Bool {
        switch code {
        case .authentication: !message.contains("Local: ")
        case .tls: message.contains("certificate")
        default: false
        }
    }

    /// The line for logs and for people: `operation: message (name)`.
    public var description: String { "\(operation): \(message) (\(name))" }
}

extension KafkaError {
    /// An error code.
    ///
    /// Compare it with the named ones.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The number in librdkafka's `rd_kafka_resp_err_t`.
        public let rawValue: Int32

        /// A code by its number.
        public init(rawValue: Int32) { self.rawValue = rawValue }

        fileprivate init(_ code: rd_kafka_resp_err_t) { self.init(rawValue: code.rawValue) }

        /// A connection failed or broke.
        public static let transport = Code(RD_KAFKA_RESP_ERR__TRANSPORT)
        /// No known broker is connected.
        public static let allBrokersDown = Code(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        /// A broker's host name has no address.
        public static let resolve = Code(RD_KAFKA_RESP_ERR__RESOLVE)
        /// The SASL log-in was refused.
        public static let authentication = Code(RD_KAFKA_RESP_ERR__AUTHENTICATION)
        /// The TLS handshake failed.
        public static let tls = Code(RD_KAFKA_RESP_ERR__SSL)
        /// Nothing happened within the time limit.
        public static let timedOut = Code(RD_KAFKA_RESP_ERR__TIMED_OUT)
        /// A message was not delivered within `message.timeout.ms`.
        public static let messageTimedOut = Code(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT)
        /// The producer's queue is full.
        public static let queueFull = Code(RD_KAFKA_RESP_ERR__QUEUE_FULL)
        /// Not allowed in the present state.
        public static let state = Code(RD_KAFKA_RESP_ERR__STATE)
        /// A property or an argument is invalid.
        public static let invalidArgument = Code(RD_KAFKA_RESP_ERR__INVALID_ARG)
        /// The position is gone and `auto.offset.reset` is `error`.
        public static let autoOffsetReset = Code(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
        /// The position is outside the partition's log.
        public static let offsetOutOfRange = Code(RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
        /// The consumer did not poll within `max.poll.interval.ms`, and left its group.
        public static let maxPollExceeded = Code(RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED)
        /// The partition is not known here, or not assigned.
        public static let unknownPartition = Code(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
        /// The topic is not known here.
        public static let unknownTopic = Code(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
        /// The cluster has no such topic or partition.
        public static let unknownTopicOrPartition = Code(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        /// The topic exists already.
        public static let topicAlreadyExists = Code(RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        /// No permission for the topic.
        public static let topicAuthorization = Code(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
        /// No permission for the consumer group.
        public static let groupAuthorization = Code(RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
        /// No permission for the cluster operation.
        public static let clusterAuthorization = Code(RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
        /// No permission for the transactional id.
        public static let transactionalIDAuthorization = Code(
            RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED
        )
        /// The message is larger than the client or the broker accepts.
        public static let messageTooLarge = Code(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        /// More bytes at once than the broker accepts.
        public static let recordListTooLarge = Code(RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE)
        /// The broker does not take this record: without a key, say, where the topic is compacted.
        public static let invalidRecord = Code(RD_KAFKA_RESP_ERR_INVALID_RECORD)
        /// A name that no topic can have, or one of the broker's own topics.
        public static let invalidTopic = Code(RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION)
        /// The broker's policy forbids it.
        public static let policyViolation = Code(RD_KAFKA_RESP_ERR_POLICY_VIOLATION)
        /// The group has moved on to a newer generation.
        public static let illegalGeneration = Code(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION)
        /// The group does not know this member (any more).
        public static let unknownMember = Code(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID)
        /// Another member has joined the group with the same `group.instance.id`.
        public static let fencedInstance = Code(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
        /// A pending transaction still holds the group's offsets.
        public static let unstableOffsets = Code(RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT)
        /// Another producer has the same transactional id, and is newer.
        public static let fenced = Code(RD_KAFKA_RESP_ERR__FENCED)
    }

    /// Wraps a bare code.
    ///
    /// `message` replaces librdkafka's general sentence about the code.
    init(
        _ code: rd_kafka_resp_err_t,
        _ operation: String,
        message: String? = nil,
        isFatal: Bool = false
    ) {
        self.code = Code(rawValue: code.rawValue)
        self.name = String(cString: rd_kafka_err2name(code))
        self.operation = operation
        self.message = message ?? String(cString: rd_kafka_err2str(code))
        self.isFatal = isFatal
        self.isRetriable = KafkaError.retriable.contains(self.code)
        self.requiresAbort = false
    }

    /// Takes over librdkafka's error object and destroys it.
    init(taking error: OpaquePointer, _ operation: String) {
        self.code = Code(rawValue: rd_kafka_error_code(error).rawValue)
        self.name = String(cString: rd_kafka_error_name(error))
        self.operation = operation
        self.message = String(cString: rd_kafka_error_string(error))
        self.isFatal = rd_kafka_error_is_fatal(error) != 0
        self.isRetriable = rd_kafka_error_is_retriable(error) != 0
        self.requiresAbort = rd_kafka_error_txn_requires_abort(error) != 0
        rd_kafka_error_destroy(error)
    }

    /// Codes without an error object that say "ask again".
    private static let retriable: Set<Code> = [
        .transport, .allBrokersDown, .timedOut, .queueFull, .unstableOffsets,
        Code(RD_KAFKA_RESP_ERR__WAIT_COORD), Code(RD_KAFKA_RESP_ERR__IN_PROGRESS),
        Code(RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS), Code(RD_KAFKA_RESP_ERR__WAIT_CACHE),
        Code(RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE), Code(RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT),
        Code(RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE), Code(RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION),
        Code(RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS), Code(RD_KAFKA_RESP_ERR_NOT_COORDINATOR),
        Code(RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE), Code(RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION),
        Code(RD_KAFKA_RESP_ERR_NOT_CONTROLLER), Code(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS),
        Code(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND),
        Code(RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS), Code(RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS),
    ]
}

/// Throws what librdkafka returned, if it returned something.
func check(_ error: OpaquePointer?, _ operation: @autoclosure () -> String) throws(KafkaError) {
    if let error { throw KafkaError(taking: error, operation()) }
}

/// Throws unless the code says that all went well.
func check(_ code: rd_kafka_resp_err_t, _ operation: @autoclosure () -> String) throws(KafkaError) {
    if code != RD_KAFKA_RESP_ERR_NO_ERROR { throw KafkaError(code, operation()) }
}
