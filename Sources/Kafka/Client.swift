import Glibc

internal import CLibrdkafka

/// One `rd_kafka_t`, destroyed exactly once, and the thread that owns it.
///
/// Whoever holds pointers that librdkafka lent (messages, queues, topics) holds the client too, so that those go
/// first. Not Sendable: it stays on the thread that made it.
final class Client {
    let raw: OpaquePointer
    let context: ClientContext
    private let owner: pthread_t
    private var nextRefresh = ContinuousClock.now

    /// Opens a client; no connection is made here.
    init(
        _ type: rd_kafka_type_t,
        _ configuration: KafkaConfiguration,
        log: KafkaLogSink?,
        operation: String,
        prepare: (OpaquePointer) -> Void = { _ in }
    ) throws(KafkaError) {
        let context = ClientContext(log: log, tokenFile: configuration.tokenFile)
        let conf = try configuration.makeConf()
        rd_kafka_conf_set_opaque(conf, Unmanaged.passUnretained(context).toOpaque())
        rd_kafka_conf_set_log_cb(conf, logCallback)
        rd_kafka_conf_set_error_cb(conf, errorCallback)
        rd_kafka_conf_set_ssl_cert_verify_cb(conf, certificateCallback)
        rd_kafka_conf_set_stats_cb(conf, statisticsCallback)
        if context.tokenFile != nil {
            rd_kafka_conf_set_oauthbearer_token_refresh_cb(conf, tokenCallback)
            rd_kafka_conf_enable_sasl_queue(conf, 1)
        }
        prepare(conf)
        let (raw, text) = withErrorText { buffer in
            let raw = rd_kafka_new(type, conf, buffer.baseAddress, buffer.count)
            return (raw, string(buffer))
        }
        guard let raw else {
            // The configuration stays ours when rd_kafka_new fails.
            rd_kafka_conf_destroy(conf)
            throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, operation, message: text)
        }
        self.raw = raw
        self.context = context
        self.owner = pthread_self()
        // A new token is then handed over on a thread of librdkafka's, however rarely the owner polls.
        guard context.tokenFile != nil, let error = rd_kafka_sasl_background_callbacks_enable(raw) else {
            return
        }
        throw KafkaError(taking: error, operation)
    }

    deinit {
        // A consumer that was not closed goes without a word, as in a crash: its callbacks would find no owner.
        rd_kafka_destroy_flags(raw, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
        // Until here librdkafka's threads may have been logging through the context.
        withExtendedLifetime(context) {}
    }

    /// The rule of use, checked in debug builds.
    @inline(__always)
    func assertOwned() {
        assert(
            pthread_equal(owner, pthread_self()) != 0,
            "a Kafka client is used by the thread that made it only"
        )
    }

    /// Asks a broker anew who leads the partitions of the topics that are held here.
    ///
    /// Nobody waits for the answer, which librdkafka's own thread takes. Call it whenever a request has failed: more
    /// than four times a second it does nothing.
    func refreshMetadata() {
        assertOwned()
        guard ContinuousClock.now >= nextRefresh else { return }
        nextRefresh = .now + .milliseconds(250)
        var reply: UnsafePointer<rd_kafka_metadata>?
        if rd_kafka_metadata(raw, 0, nil, &reply, 1) == RD_KAFKA_RESP_ERR_NO_ERROR {
            rd_kafka_metadata_destroy(reply)
        }
    }

    /// The cause, when the code only says that something fatal happened.
    func error(_ code: rd_kafka_resp_err_t, _ operation: String, message: String? = nil) -> KafkaError {
        guard code == RD_KAFKA_RESP_ERR__FATAL else { return KafkaError(code, operation, message: message) }
        return fatalError(operation) ?? KafkaError(code, operation, message: message, isFatal: true)
    }

    /// The fatal error that was raised, if any.
    func fatalError(_ operation: String) -> KafkaError? {
        guard rd_kafka_fatal_error(raw, nil, 0) != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        return withErrorText { buffer in
            let code = rd_kafka_fatal_error(raw, buffer.baseAddress, buffer.count)
            return KafkaError(code, operation, message: string(buffer), isFatal: true)
        }
    }
}

/// What librdkafka's callbacks reach: log sink, certificates and the token's file from any thread, everything else on the
/// owner's thread only.
final class ClientContext {
    let log: KafkaLogSink?
    let certificates = CertificateFaults()
    let tokenFile: String?

    // Below: touched inside poll, flush and the like, so by the owner's thread alone.

    /// Errors of the client as a whole since they were last taken; the oldest are dropped beyond 64.
    private(set) var errors: [KafkaError] = []
    var rebalance: ((rd_kafka_resp_err_t, UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> Void)?
    var delivery: ((UnsafePointer<rd_kafka_message_t>) -> Void)?
    fileprivate var statistics: [UInt8]?

    init(log: KafkaLogSink?, tokenFile: String?) { (self.log, self.tokenFile) = (log, tokenFile) }

    func report(_ error: KafkaError) {
        if errors.count == 64 { errors.removeFirst() }
        errors.append(error)
    }

    func takeStatistics() -> [UInt8]? {
        defer { statistics = nil }
        return statistics
    }

    func takeErrors() -> [KafkaError] {
        if errors.isEmpty { return [] }
        defer { errors.removeAll() }
        return errors
    }

    /// The context behind a callback's opaque pointer.
    ///
    /// The client keeps it alive until no callback can come.
    static func from(_ opaque: UnsafeMutableRawPointer?) -> ClientContext? {
        opaque.map { Unmanaged<ClientContext>.fromOpaque($0).takeUnretainedValue() }
    }
}

/// Runs on librdkafka's threads.
private func logCallback(
    _ client: OpaquePointer?,
    _ level: Int32,
    _ facility: UnsafePointer<CChar>?,
    _ text: UnsafePointer<CChar>?
) {
    guard let client, let facility, let text, let log = ClientContext.from(rd_kafka_opaque(client))?.log
    else { return }
    log(
        KafkaLogLevel(rawValue: Int(level)) ?? .info,
        String(cString: facility),
        KafkaConfiguration.withoutSecret(String(cString: text), facility: String(cString: facility))
    )
}

/// Runs on a thread of librdkafka's, at the start and whenever a token is about to expire.
private func tokenCallback(
    _ client: OpaquePointer?,
    _ settings: UnsafePointer<CChar>?,
    _ opaque: UnsafeMutableRawPointer?
) {
    guard let client, let context = ClientContext.from(opaque), let file = context.tokenFile,
        let fault = BearerToken.refresh(client, from: file)
    else { return }
    context.log?(.error, "TOKEN", "no token to log in with: \(fault)")
}

/// Runs on the owner's thread, inside poll.
private func errorCallback(
    _ client: OpaquePointer?,
    _ code: Int32,
    _ reason: UnsafePointer<CChar>?,
    _ opaque: UnsafeMutableRawPointer?
) {
    let code = rd_kafka_resp_err_t(rawValue: code)
    let text = reason.map { String(cString: $0) }
    if code == RD_KAFKA_RESP_ERR__FATAL, let client {
        let fatal = withErrorText { buffer in
            KafkaError(
                rd_kafka_fatal_error(client, buffer.baseAddress, buffer.count),
                "working as a Kafka client",
                message: string(buffer),
                isFatal: true
            )
        }
        ClientContext.from(opaque)?.report(fatal)
    } else {
        let context = ClientContext.from(opaque)
        let message = text.map { context?.certificates.explain($0) ?? $0 }
        context?.report(KafkaError(code, "talking to Kafka", message: message))
    }
}

/// Runs on the owner's thread, inside poll; the text stays librdkafka's.
private func statisticsCallback(
    _ client: OpaquePointer?,
    _ json: UnsafeMutablePointer<CChar>?,
    _ length: Int,
    _ opaque: UnsafeMutableRawPointer?
) -> Int32 {
    if let json {
        ClientContext.from(opaque)?.statistics = Array(UnsafeRawBufferPointer(start: json, count: length))
    }
    return 0
}
