internal import CloudTrail
internal import Detection

/// Microsoft Sentinel's ASIM AlertEvent 0.1
/// (https://learn.microsoft.com/azure/sentinel/normalization-schema-alert), as a row of a table.
///
/// What the schema has no column for stands in `AdditionalFields`.
enum ASIMAlert {
    static func write(_ alert: CommonAlert, to json: inout JSONWriter) {
        json.object { json in
            event(alert, &json)
            content(alert, &json)
            threat(alert, &json)
            user(alert, &json)
            json.member("IndicatorType", "Cloud Resource")
            json.member("IndicatorAssociation", "Targeted")
            json.member("DvcId", alert.resource.uid)
            json.member("DvcIdType", "Other")
            json.member("DvcScopeId", alert.account)
            json.known("DvcZone", alert.region)
            additional(alert, &json)
        }
    }

    private static func event(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.member("TimeGenerated", EventTime.text(milliseconds: alert.told))
        json.member("EventCount", max(1, alert.occurrences))
        json.member("EventStartTime", alert.firstSeen.description)
        json.member("EventEndTime", alert.lastSeen.description)
        json.member("EventType", "Alert")
        json.member(
            "EventSubType",
            alert.rule.kind == .standing ? "Compliance Violation" : "Suspicious Activity"
        )
        json.member("EventUid", alert.alertID ?? alert.findingID)
        json.member("EventOriginalUid", alert.event.id)
        json.known("EventOriginalType", alert.event.name)
        json.member("EventResult", "NA")
        json.member("EventSeverity", severity(alert.severity))
        json.member("EventOriginalSeverity", alert.severity.rawValue)
        json.member("EventVendor", Product.name)
        json.member("EventProduct", Product.name)
        json.member("EventProductVersion", Product.version)
        json.member("EventSchema", "AlertEvent")
        json.member("EventSchemaVersion", "0.1")
    }

    /// The schema has nothing above high.
    private static func severity(_ severity: Severity) -> String {
        severity == .critical ? "High" : severity.rawValue.capitalizedWord
    }

    private static func content(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.member("EventMessage", alert.statement)
        json.member("AlertName", alert.title)
        json.member("AlertStatus", alert.isClosed ? "Closed" : "Active")
        json.member("AlertOriginalStatus", alert.status.rawValue)
        if alert.status == .retracted {
            json.member("AlertVerdict", "False Positive")
        } else if alert.verdict == .undetermined {
            json.member("AlertVerdict", "Unknown")
        }
        json.member("DetectionMethod", "Cloud Security Posture Management")
        json.member("RuleName", alert.rule.id)
        json.member("RuleDescription", alert.rule.title)
    }

    private static func threat(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.known("AttackTactics", alert.tacticTexts.joinedOrNil)
        json.known("AttackTechniques", alert.techniqueTexts.joinedOrNil)
        json.known("AttackRemediationSteps", alert.commands)
        json.member("ThreatCategory", "Security Policy Violation")
        json.member("ThreatConfidence", alert.confidence)
        json.member("ThreatIsActive", !alert.isClosed)
        json.member("ThreatFirstReportedTime", alert.firstSeen.description)
        json.member("ThreatLastReportedTime", alert.lastSeen.description)
    }

    private static func user(_ alert: CommonAlert, _ json: inout JSONWriter) {
        guard let actor = alert.actor else { return }
        if let name = actor.name {
            json.member("Username", name)
            json.member("UsernameType", "Simple")
        }
        if let id = actor.id {
            json.member("UserId", id)
            json.member("UserIdType", "Other")
        }
        json.member("UserType", actor.isService ? "Service" : actor.type == "Root" ? "Admin" : "Regular")
        json.known("OriginalUserType", actor.type)
        json.known("UserScopeId", actor.account)
    }

    private static func additional(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.object("AdditionalFields") { json in
            json.member("FindingId", alert.findingID)
            json.known("Revision", alert.revision)
            json.member("Verdict", alert.verdict.rawValue)
            json.known("CausedBy", alert.cause?.rawValue)
            if alert.isRepublished { json.member("Republished", true) }
            json.member("ResourceType", alert.resource.kind.rawValue)
            json.member("ResourceId", alert.resource.id)
            json.known("ResourceArn", alert.resource.arn)
            json.known("Discriminator", alert.discriminator)
            json.known("SrcIpAddr", alert.actor?.address)
            json.known("SrcHostname", alert.actor?.host)
            json.known("HttpUserAgent", alert.actor?.userAgent)
            json.known("ActingRole", alert.actor?.issuer)
            json.known("InvokedBy", alert.actor?.invokedBy)
            json.known("ResolvedBy", alert.resolution?.actor?.id)
            json.known("EventSource", alert.event.source)
            json.known("Evidence", alert.records.map(\.id))
            json.known("Facts", alert.factTexts)
            json.known("Missing", alert.missing)
            json.member("Policy", alert.policyHash)
            json.known("Clause", alert.clause)
        }
    }
}

extension [String] {
    fileprivate var joinedOrNil: String? { isEmpty ? nil : joined(separator: ", ") }
}
