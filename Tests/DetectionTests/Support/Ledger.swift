import Alerts
import CloudTrail
import Testing

@testable import Detection

/// What a reader of the alerts topic believes, and the rules that every alert keeps.
struct Ledger {
    private struct Entry {
        var finding: Finding
        var revision: Int
        var alertIDs: Set<String>
        /// Whether a change was told since it opened.
        var hasToldChange = false
    }

    private var entries: [String: Entry] = [:]

    /// Takes alerts in order.
    mutating func take(_ alerts: [Alert], _ comment: @autoclosure () -> Comment) {
        for alert in alerts {
            guard !alert.instances.isEmpty else {
                take(alert, comment())
                continue
            }
            #expect(alert.instances.first?.alertID == alert.alertID, comment())
            for member in alert.instances { take(member, comment()) }
        }
    }

    private mutating func take(_ alert: Alert, _ comment: @autoclosure () -> Comment) {
        var told = alert.finding
        if told.status == .updated { told.status = .open }
        guard var known = entries[alert.findingID] else {
            #expect(alert.finding.status == .open, "a finding begins with open; \(comment())")
            #expect(alert.revision == 1, comment())
            entries[alert.findingID] = Entry(finding: told, revision: 1, alertIDs: [alert.alertID])
            return
        }
        #expect(alert.revision == known.revision + 1, "revisions count up by one; \(comment())")
        #expect(told != known.finding, "no alert repeats itself; \(comment())")
        #expect(known.alertIDs.insert(alert.alertID).inserted, "alert ids are unique; \(comment())")
        #expect(
            (alert.finding.status == .updated) == (known.finding.status == .open && told.status == .open),
            "updated is for what is open; \(comment())"
        )
        if alert.finding.status == .resolved || alert.finding.status == .retracted {
            #expect(alert.finding.verdict == .allowed, comment())
        }
        let isUpdate = alert.finding.status == .updated
        if isUpdate, known.hasToldChange {
            let (old, new) = (known.finding, alert.finding)
            #expect(
                old.severity != new.severity || old.verdict != new.verdict
                    || "\(old.occurrences)".count < "\(new.occurrences)".count,
                "after the first change only what matters is told; \(comment())"
            )
        }
        entries[alert.findingID] = Entry(
            finding: told,
            revision: alert.revision,
            alertIDs: known.alertIDs,
            hasToldChange: isUpdate
        )
    }

    /// How many alerts there were, each instance's own for itself.
    var count: Int { entries.values.reduce(0) { $0 + $1.alertIDs.count } }

    /// What the alerts leave of each finding, by its id.
    var told: [String: Told] {
        entries.compactMapValues { $0.finding.status == .retracted ? nil : Told($0.finding) }
    }
}

/// What of a finding is always told: the last alert about it says what the finding says.
///
/// Of how often and by which record the alerts say only what matters.
struct Told: Hashable {
    let status: String?
    let verdict: String?
    let severity: String?

    init(_ finding: Finding) {
        status = finding.status.rawValue
        verdict = finding.verdict.rawValue
        severity = finding.severity.rawValue
    }

    private init(_ json: JSONTree) {
        status = json["status"]?.text
        verdict = json["verdict"]?.text
        severity = json["severity"]?.text
    }

    /// The same of findings in their final form, by id.
    static func of(_ lines: [String]) -> [String: Told] {
        let findings = lines.compactMap { JSONTree(Array($0.utf8)) }
        return Dictionary(uniqueKeysWithValues: findings.map { ($0["finding_id"]?.text ?? "", Told($0)) })
    }
}

extension Engine {
    /// What of every finding is always told.
    var told: [String: Told] {
        Dictionary(uniqueKeysWithValues: findings().map { ($0.id, Told($0.finding)) })
    }

    /// The final form of every finding, one line each, in the order of the ids.
    var findingLines: [String] {
        var encoder = NativeAlert()
        return findings().map { line(&encoder, $0.id, $0.finding) }
    }
}

private func line(_ encoder: inout NativeAlert, _ id: String, _ finding: Finding) -> String {
    String(decoding: encoder.encode(finding, findingID: id, policyHash: "policy"), as: UTF8.self)
}
