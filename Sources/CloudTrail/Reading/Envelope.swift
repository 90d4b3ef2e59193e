/// What the records of a message came in, as it was recognised: the outermost one counts.
public enum Envelope: String, Hashable, Sendable, CaseIterable {
    /// A record by itself.
    case record
    /// A list of records.
    case list
    /// A log file as CloudTrail writes it: `{"Records": [...]}`.
    case logFile = "log-file"
    /// What `LookupEvents` answers: `{"Events": [...]}`.
    case lookupEvents = "lookup-events"
    /// A subscription of CloudWatch Logs.
    case cloudWatchLogs = "cloudwatch-logs"
    /// An event of EventBridge.
    case eventBridge = "eventbridge"
    /// Kafka Connect's `payload`.
    case connect
    case debezium
    /// OCSF API Activity.
    case ocsf
    /// Any other document that holds records.
    case wrapper
}

extension RecordReader {
    /// Notes what the message is, unless it is known already.
    func note(_ envelope: Envelope) { if self.envelope == nil { self.envelope = envelope } }
}
