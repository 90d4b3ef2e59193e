/// How urgent a line of librdkafka's log is (syslog's levels).
package enum KafkaLogLevel: Int, Sendable, Comparable {
    /// The library cannot go on.
    case emergency = 0
    /// Somebody must act now.
    case alert
    case critical
    case error
    case warning
    /// Normal, but of note.
    case notice
    case info
    /// Only with the property `debug`.
    case debug

    /// More urgent is less.
    package static func < (a: KafkaLogLevel, b: KafkaLogLevel) -> Bool { a.rawValue < b.rawValue }
}

/// Takes librdkafka's log: level, facility (a short upper-case word), message.
///
/// Called on librdkafka's own threads, at any time until the client is gone: keep it short, and call nothing of
/// the client in it. Without a sink the lines are dropped; nothing ever goes to standard error.
package typealias KafkaLogSink = @Sendable (KafkaLogLevel, String, String) -> Void
