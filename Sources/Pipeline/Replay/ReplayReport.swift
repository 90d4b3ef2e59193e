internal import CloudTrail
package import Detection

/// What a replay came to, for its summary.
package struct ReplayReport: Sendable {
    /// Where every record went.
    package let balance: ReplayBalance
    /// The final form of every finding, by id.
    package let findings: [(id: String, finding: Finding)]
    /// Alerts that were handed out, by status.
    package let alerts: [FindingStatus: Int]
    /// What digests said of the files; nil where they were not verified.
    package var integrity: ReplayIntegrity?

    /// The report of a replay that is finished.
    package init(_ replay: Replay, alerts: [FindingStatus: Int]) {
        balance = replay.balance
        findings = replay.findings()
        self.alerts = alerts
    }

    package var findingsByStatus: [FindingStatus: Int] {
        findings.reduce(into: [:]) { $0[$1.finding.status, default: 0] += 1 }
    }

    /// The worst severity of any finding that stands or stood.
    package var worst: Severity? { findings.map(\.finding.severity).max() }

    package var undetermined: [Finding] {
        findings.map(\.finding).filter { $0.status == .open && $0.verdict == .undetermined }
    }

    /// The summary as one line of JSON, keys in a fixed order, without a newline.
    package var json: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("read", balance.read)
            json.member("ignored", balance.ignored)
            json.member("applied", balance.applied)
            json.member("duplicate", balance.duplicate)
            json.member("dead_lettered", balance.deadLettered)
            json.key("alerts")
            Self.write(alerts, [.open, .updated, .resolved, .retracted], &json)
            json.key("findings")
            Self.write(findingsByStatus, [.open, .resolved], &json)
            if let integrity {
                json.key("integrity")
                integrity.write(to: &json)
            }
        }
        return json.bytes
    }

    private static func write(
        _ counts: [FindingStatus: Int],
        _ order: [FindingStatus],
        _ json: inout JSONWriter
    ) {
        json.object { json in
            for status in order {
                json.key(text: status.rawValue)
                json.number(counts[status] ?? 0)
            }
        }
    }
}
