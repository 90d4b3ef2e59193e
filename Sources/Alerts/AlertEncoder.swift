internal import CloudTrail
package import Configuration
package import Detection

/// Writes alerts in one form.
///
/// A native message may stand for many instances. In every other form each of them has its own message, for each is a
/// finding of its own there.
package struct AlertEncoder: Sendable {
    package let format: AlertFormat
    private var native = NativeAlert()
    private var json = JSONWriter()

    /// An encoder, which keeps its buffers between alerts.
    package init(_ format: AlertFormat) { self.format = format }

    /// The messages that carry an alert, each of at most so many bytes, and each with the alert that it carries: that
    /// one's finding is the message's key.
    ///
    /// `raised` is when it is published, in milliseconds since 1970 by the host's clock; nil in a replay. What does not
    /// fit is left out: the later facts first, then the commands.
    package mutating func messages(
        for alert: Alert,
        raised: Int64?,
        evidence: EvidenceStanding? = nil,
        maximumBytes: Int
    ) -> [(alert: Alert, line: [UInt8])] {
        guard format != .native else {
            return native.messages(
                for: alert,
                raised: raised,
                evidence: evidence,
                maximumBytes: maximumBytes
            )
        }
        guard !alert.instances.isEmpty else {
            return [(alert, line(of: CommonAlert(alert, raised: raised), maximumBytes))]
        }
        return alert.instances.map { ($0, line(of: CommonAlert($0, raised: raised), maximumBytes)) }
    }

    /// An alert as one line without a newline, of at most so many bytes: what does not fit is taken out of it.
    mutating func line(of alert: CommonAlert, _ maximumBytes: Int = .max) -> [UInt8] {
        let limit = min(maximumBytes, format.maximumBytes)
        var line = write(alert)
        while line.count > limit, alert.shorten() { line = write(alert) }
        return line
    }

    private mutating func write(_ alert: CommonAlert) -> [UInt8] {
        json.removeAll()
        switch format {
        case .native: preconditionFailure("the native form has an encoder of its own")
        case .ocsf: OCSFAlert.write(alert, to: &json)
        case .ecs: ECSAlert.write(alert, to: &json)
        case .asff: ASFFAlert.write(alert, to: &json)
        case .cef: return CEFAlert.line(alert)
        case .splunk: SplunkAlert.write(alert, to: &json)
        case .asim: ASIMAlert.write(alert, to: &json)
        case .udm: UDMAlert.write(alert, to: &json)
        }
        return json.bytes
    }
}

extension Alert {
    /// The alerts that it stands for: its instances, or itself.
    package var members: [Alert] { instances.isEmpty ? [self] : instances }
}
