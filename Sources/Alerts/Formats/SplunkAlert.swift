internal import CloudTrail
internal import Detection

/// An event for Splunk's HTTP Event Collector, with the fields of the Common Information Model's Alerts.
///
/// Which index it goes to is the token's affair.
enum SplunkAlert {
    static func write(_ alert: CommonAlert, to json: inout JSONWriter) {
        json.object { json in
            json.key("time")
            json.number(seconds(alert.told))
            json.member("host", Product.name)
            json.member("source", Product.name)
            json.member("sourcetype", "\(Product.name):alert")
            json.object("event") { json in
                model(alert, &json)
                finding(alert, &json)
                actor(alert, &json)
                evidence(alert, &json)
            }
        }
    }

    /// Seconds since 1970 with three digits of a second.
    private static func seconds(_ milliseconds: Int64) -> String {
        let rest = String(abs(milliseconds % 1000))
        let sign = milliseconds < 0 ? "-" : ""
        return "\(sign)\(abs(milliseconds / 1000)).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }

    /// The fields of the model.
    private static func model(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.member("app", Product.name)
        json.member("type", "alert")
        json.member("id", alert.alertID ?? alert.findingID)
        json.member("signature", alert.title)
        json.member("signature_id", alert.rule.id)
        json.member("severity", alert.severity.rawValue)
        json.member("severity_id", String(OCSFAlert.severity(alert.severity)))
        json.member("description", alert.statement)
        json.member("dest", alert.resource.uid)
        json.member("dest_type", alert.resource.kind.rawValue)
        json.known("src", alert.actor?.address ?? alert.actor?.host)
        json.known("user", alert.actor?.id)
        json.known("user_name", alert.actor?.name)
        json.member("vendor_account", alert.account)
        json.known("vendor_region", alert.region)
        json.known("mitre_technique_id", alert.techniques.map(\.id))
    }

    private static func finding(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.member("finding_id", alert.findingID)
        json.known("revision", alert.revision)
        json.member("status", alert.status.rawValue)
        json.member("verdict", alert.verdict.rawValue)
        json.known("caused_by", alert.cause?.rawValue)
        if alert.isRepublished { json.member("republished", true) }
        json.member("first_seen", alert.firstSeen.description)
        json.member("last_seen", alert.lastSeen.description)
        json.member("occurrences", alert.occurrences)
        json.member("resource_id", alert.resource.id)
        json.known("resource_arn", alert.resource.arn)
        json.known("discriminator", alert.discriminator)
        json.known("mitre_technique", alert.techniques.map(\.name))
        json.known("mitre_tactic", alert.tacticTexts)
    }

    private static func actor(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.known("user_type", alert.actor?.type)
        json.known("user_account", alert.actor?.account)
        json.known("user_role", alert.actor?.issuer)
        json.known("invoked_by", alert.actor?.invokedBy)
        json.known("http_user_agent", alert.actor?.userAgent)
        json.known("resolved_by", alert.resolution?.actor?.id)
    }

    private static func evidence(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.member("event_id", alert.event.id)
        json.known("event_name", alert.event.name)
        json.known("event_source", alert.event.source)
        json.known("event_time", alert.event.time?.description)
        json.known("evidence", alert.records.map(\.id))
        json.known("facts", alert.factTexts)
        json.known("missing", alert.missing)
        json.known("remediation", alert.remediation)
        json.member("policy", alert.policyHash)
        json.known("clause", alert.clause)
    }
}
