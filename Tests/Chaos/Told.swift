import Foundation
import KafkaTestSupport

/// One finding in one alert.
struct Told {
    let alert: String
    let finding: String
    let revision: Int
    let status: String
    let severity: String
    let partition: Int32
    /// What a finding says whatever its way was: status, verdict, severity, rule, account, Region.
    let form: String

    /// Those of a message: of a call that launched several instances there is one for each.
    ///
    /// - Throws: ``ChaosError`` when it is no alert.
    static func all(in message: ReadMessage) throws -> [Told] {
        guard let alert = message.value.flatMap({ object(of: $0) }) else {
            throw ChaosError(description: "no alert: \(message)")
        }
        let instances = alert["instances"] as? [[String: Any]] ?? []
        return try (instances.isEmpty ? [alert] : instances).map { about in
            guard let id = about["alert_id"] as? String, let finding = about["finding_id"] as? String,
                let revision = about["revision"] as? Int, let status = alert["status"] as? String,
                let severity = alert["severity"] as? String
            else { throw ChaosError(description: "no alert: \(message)") }
            return Told(
                alert: id,
                finding: finding,
                revision: revision,
                status: status,
                severity: severity,
                partition: message.partition,
                form: finalForm(of: alert)
            )
        }
    }
}

/// What a finding, or an alert about one, says of it in the end.
func finalForm(of finding: [String: Any]) -> String {
    let status = finding["status"] as? String
    let others = ["verdict", "severity", "rule_id", "account_id", "region"].map { finding[$0] as? String }
    return ([status == "updated" ? "open" : status] + others).map { $0 ?? "?" }.joined(separator: " ")
}

/// The alerts of one finding, in the order of the log.
struct Life {
    let alerts: [Told]

    /// What of it cannot be, in words; nil when all is well.
    var fault: String? {
        guard Set(alerts.map(\.partition)).count == 1 else { return "on several partitions" }
        var before: Told?
        for (index, alert) in alerts.enumerated() {
            guard alert.revision == index + 1 else {
                return "revisions \(alerts.map(\.revision))"
            }
            guard Self.may(alert, follow: before) else {
                return "\(alert.status) after \(before?.status ?? "nothing"): \(alerts.map(\.status))"
            }
            before = alert
        }
        return nil
    }

    private static func may(_ alert: Told, follow before: Told?) -> Bool {
        switch (before?.status, alert.status) {
        case (nil, "open"), ("retracted", "open"), ("resolved", "open"): true
        case ("open", "updated"), ("updated", "updated"): true
        case ("open", "resolved"), ("updated", "resolved"): true
        case ("open", "retracted"), ("updated", "retracted"), ("resolved", "retracted"): true
        // How bad it was is seen in another light.
        case ("resolved", "resolved"): alert.severity != before?.severity
        default: false
        }
    }
}
