internal import CLibrdkafka

/// An error that librdkafka reported, with what was being done when it did.
///
/// Codes below zero are librdkafka's own (`RD_KAFKA_RESP_ERR__…`), codes above zero are the broker's.
package struct KafkaError: Error, Equatable, Sendable, CustomStringConvertible {
    package let code: Code
    /// The code's symbolic name without its prefix: `_TRANSPORT`, `TOPIC_AUTHORIZATION_FAILED` and so on.
    package let name: String
    /// What was being done, as a gerund: "opening the consumer".
    package let operation: String
    /// librdkafka's sentence about it.
    ///
    /// Never holds the value of a secret property.
    package let message: String
    /// The client is unusable for ever: it was fenced, say.
    ///
    /// Destroy it and make a new one.
    package let isFatal: Bool
    /// The same call may succeed when it is repeated.
    package let isRetriable: Bool
    /// The current transaction cannot be committed any more: abort it, then begin again.
    package let requiresAbort: Bool

    /// A broker that can be reached does not let this client in, or is not let in itself: waiting does not help.
    ///
    /// Other failures to log in are those of a broker that comes or goes: librdkafka tells a connection that is lost
    /// meanwhile as `_AUTHENTICATION` too, with its own code ("Local: ") as the reason. A token that could not be had, or that
    /// the broker does not take (https://www.rfc-editor.org/rfc/rfc7628#section-3.2.2), may be followed by a good one.
    package var isRefusedLogin: Bool {
        switch code {
        case .authentication: !message.contains("Local: ") && !isAboutToken
        case .tls: message.contains("certificate")
        default: false
        }
    }

    /// Whether it is the token of `OAUTHBEARER` that is missing, or that the broker refuses.
    package var isAboutToken: Bool {
        message.contains("OAUTHBEARER") || message.contains(#"{"status":"#)
    }

    /// The line for logs and for people: `operation: message (name)`.
    package var description: String { "\(operation): \(message) (\(name))" }
}

extension KafkaError {
    /// An error code.
    ///
    /// Compare it with the named ones.
    package struct Code: RawRepresentable, Hashable, Sendable {
        /// The number in librdkafka's `rd_kafka_resp_err_t`.
        package let rawValue: Int32

        package init(rawValue: Int32) { self.rawValue = rawValue }

        fileprivate init(_ code: rd_kafka_resp_err_t) { self.init(rawValue: code.rawValue) }

        /// A connection failed or broke.
        package static let transport = Code(RD_KAFKA_RESP_ERR__TRANSPORT)
        package static let allBrokersDown = Code(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        /// A broker's host name has no address.
        package static let resolve = Code(RD_KAFKA_RESP_ERR__RESOLVE)
        /// The SASL log-in was refused.
        package static let authentication = Code(RD_KAFKA_RESP_ERR__AUTHENTICATION)
        package static let tls = Code(RD_KAFKA_RESP_ERR__SSL)
        package static let timedOut = Code(RD_KAFKA_RESP_ERR__TIMED_OUT)
        /// A message was not delivered within `message.timeout.ms`.
        package static let messageTimedOut = Code(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT)
        package static let queueFull = Code(RD_KAFKA_RESP_ERR__QUEUE_FULL)
        /// Not allowed in the present state.
        package static let state = Code(RD_KAFKA_RESP_ERR__STATE)
        package static let invalidArgument = Code(RD_KAFKA_RESP_ERR__INVALID_ARG)
        /// The position is gone and `auto.offset.reset` is `error`.
        package static let autoOffsetReset = Code(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
        /// The position is outside the partition's log.
        package static let offsetOutOfRange = Code(RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
        /// The consumer did not poll within `max.poll.interval.ms`, and left its group.
        package static let maxPollExceeded = Code(RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED)
        /// The partition is not known here, or not assigned.
        package static let unknownPartition = Code(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
        package static let unknownTopic = Code(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
        package static let unknownTopicOrPartition = Code(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        package static let topicAlreadyExists = Code(RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        package static let topicAuthorization = Code(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
        package static let groupAuthorization = Code(RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
        package static let clusterAuthorization = Code(RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
        package static let transactionalIDAuthorization = Code(
            RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED
        )
        /// The message is larger than the client or the broker accepts.
        package static let messageTooLarge = Code(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        /// More bytes at once than the broker accepts.
        package static let recordListTooLarge = Code(RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE)
        /// The broker does not take this record: without a key, say, where the topic is compacted.
        package static let invalidRecord = Code(RD_KAFKA_RESP_ERR_INVALID_RECORD)
        /// A name that no topic can have, or one of the broker's own topics.
        package static let invalidTopic = Code(RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION)
        package static let policyViolation = Code(RD_KAFKA_RESP_ERR_POLICY_VIOLATION)
        /// The group has moved on to a newer generation.
        package static let illegalGeneration = Code(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION)
        /// The group does not know this member (any more).
        package static let unknownMember = Code(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID)
        /// Another member has joined the group with the same `group.instance.id`.
        package static let fencedInstance = Code(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
        /// A pending transaction still holds the group's offsets.
        package static let unstableOffsets = Code(RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT)
        /// Another producer has the same transactional id, and is newer.
        package static let fenced = Code(RD_KAFKA_RESP_ERR__FENCED)
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
        self.requiresAbort = rd_kafka_error_txn_requires_abort(error) != 0
        // Outside transactions librdkafka sets no flag, not even where only a time limit has passed.
        self.isRetriable =
            rd_kafka_error_is_retriable(error) != 0 || (code == .timedOut && !isFatal && !requiresAbort)
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
