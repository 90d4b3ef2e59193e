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
    }

    private var entries: [String: Entry] = [:]

    /// Takes alerts in order.
    mutating func take(_ alerts: [Alert], _ comment: @autoclosure () -> Comment) {
        for alert in alerts { take(alert, comment()) }
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
        entries[alert.findingID] = Entry(
            finding: told,
            revision: alert.revision,
            alertIDs: known.alertIDs
        )
    }

    /// What the alerts say now.
    var findings: [String: Finding] {
        entries.compactMapValues { $0.finding.status == .retracted ? nil : $0.finding }
    }

    /// What the alerts say now, one line a finding, in the order of the ids.
    var lines: [String] {
        var encoder = NativeAlert()
        return entries.filter { $0.value.finding.status != .retracted }.sorted { $0.key < $1.key }.map {
            line(&encoder, $0.key, $0.value.finding)
        }
    }
}

extension Engine {
    /// The final form of every finding, one line each, in the order of the ids.
    var findingLines: [String] {
        var encoder = NativeAlert()
        return findings().map { line(&encoder, $0.id, $0.finding) }
    }
}

private func line(_ encoder: inout NativeAlert, _ id: String, _ finding: Finding) -> String {
    String(decoding: encoder.encode(finding, findingID: id, policyHash: "policy"), as: UTF8.self)
}
