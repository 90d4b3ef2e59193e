package import Configuration
package import Detection

/// The lines that a replay prints, in one form, without newlines.
package struct AlertLines {
    private var native = NativeAlert()
    private var encoder: AlertEncoder
    private var batches = ASFFBatches()
    /// Of each finding, when Security Hub was last told.
    private var told: [String: Int64] = [:]

    package init(_ format: AlertFormat) { encoder = AlertEncoder(format) }

    /// The lines for an alert: one, or in a foreign form one for each instance.
    ///
    /// In ASFF a line is a batch, and what is not printed yet comes with a later alert, or in the end.
    /// `evidence` is told in the native form, where files were verified.
    package mutating func lines(for alert: Alert, evidence: EvidenceStanding? = nil) -> [[UInt8]] {
        guard encoder.format != .native else { return [native.encode(alert, evidence: evidence)] }
        return alert.members.flatMap { member -> [[UInt8]] in
            var raised: Int64?
            if encoder.format == .asff {
                // A late record decides with its own time, and nobody takes an update from the past.
                raised = max(member.finding.event.time.milliseconds, told[member.findingID] ?? .min)
                told[member.findingID] = raised
            }
            return lines(for: CommonAlert(member, raised: raised))
        }
    }

    /// The lines for a finding's final form: in a foreign form an alert that told it now.
    package mutating func lines(
        for finding: Finding,
        id: String,
        policyHash: String,
        evidence: EvidenceStanding? = nil
    ) -> [[UInt8]] {
        guard encoder.format != .native else {
            return [native.encode(finding, findingID: id, policyHash: policyHash, evidence: evidence)]
        }
        return lines(for: CommonAlert(finding, findingID: id, policyHash: policyHash))
    }

    /// The lines that are left.
    package mutating func finish() -> [[UInt8]] { batches.finish() }

    private mutating func lines(for alert: CommonAlert) -> [[UInt8]] {
        let line = encoder.line(of: alert)
        guard encoder.format == .asff else { return [line] }
        return batches.add(line, of: alert)
    }
}
