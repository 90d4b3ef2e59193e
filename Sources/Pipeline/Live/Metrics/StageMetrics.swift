import CloudTrail
import Detection

/// What the intake counts beside its balance, since the run began.
struct IntakeMetrics: Sendable {
    /// From when a message was produced to when a record of it was handed on.
    var processingDelay = Histogram.processing
    /// Messages that held watched calls, by what those came in.
    var messages: [Envelope: Int] = [:]
    /// Dead letters that were delivered, by reason.
    var deadLetters: [DeadLetter.Reason: Int] = [:]
}

/// What the detector counts beside its balances; everything is of committed transactions.
struct DetectorMetrics: Sendable {
    /// What alerts are counted by.
    struct AlertKind: Hashable, Sendable {
        let rule: String
        let severity: Severity
        let status: FindingStatus
    }

    /// Alerts since the run began.
    private(set) var alerts: [AlertKind: Int] = [:]
    /// From the deciding record's event time to when its alert was committed, of alerts that a record led to.
    private(set) var eventDelay = Histogram.events
    /// From when a message of the records was produced to when what it led to was committed.
    private(set) var processingDelay = Histogram.processing
    /// Dead letters since the run began, by reason.
    var deadLetters: [DeadLetter.Reason: Int] = [:]
    /// Of the accounts that this worker has.
    var openFindings: [OpenFindings: Int] = [:]
    var stateSize = StateSize()
    var largestAccounts = LargestAccounts()
    /// Since the run began.
    var forgottenEarly: [ForgottenEarly.Kind: ForgottenEarly.Tally] = [:]
    /// The event time that the records have come to; `distantPast` before the first one.
    var streamTime = EventTime.distantPast
    var policyHash = ""

    /// Counts what was committed now; both times are milliseconds since 1970.
    mutating func count(_ alerts: [Alert], produced: [Int64], committed now: Int64) {
        for alert in alerts {
            let finding = alert.finding
            let kind = AlertKind(
                rule: finding.identity.rule,
                severity: finding.severity,
                status: finding.status
            )
            self.alerts[kind, default: 0] += 1
            guard alert.cause == .event || alert.cause == .lateEvent else { continue }
            eventDelay.observe(milliseconds: now - finding.event.time.seconds * 1000)
        }
        for time in produced { processingDelay.observe(milliseconds: now - time) }
    }
}
