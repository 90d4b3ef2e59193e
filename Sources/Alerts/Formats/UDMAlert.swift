internal import CloudTrail
internal import Detection

/// An event of Google SecOps' (Chronicle's) Unified Data Model
/// (https://cloud.google.com/chronicle/docs/reference/udm-field-list), with the names that rules know.
///
/// A finding that is over is not alerting; one that was retracted is a false positive, too.
enum UDMAlert {
    static func write(_ alert: CommonAlert, to json: inout JSONWriter) {
        json.object { json in
            metadata(alert, &json)
            principal(alert, &json)
            target(alert, &json)
            if let agent = alert.actor?.userAgent {
                json.object("network") { json in
                    json.object("http") { $0.member("user_agent", agent) }
                }
            }
            json.array("security_result") { json in result(alert, &json) }
            additional(alert, &json)
        }
    }

    private static func metadata(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.object("metadata") { json in
            json.member("event_timestamp", alert.event.time?.description ?? alert.lastSeen.description)
            json.member("collected_timestamp", EventTime.text(milliseconds: alert.told))
            json.member("event_type", type(alert))
            json.member("vendor_name", Product.name)
            json.member("product_name", Product.name)
            json.member("product_version", Product.version)
            json.member("product_log_id", alert.alertID ?? alert.findingID)
            json.known("product_event_type", alert.event.name)
            json.member("description", alert.statement)
        }
    }

    /// Every type but `GENERIC_EVENT` says that the principal made the call, and that of what is over is somebody else's.
    private static func type(_ alert: CommonAlert) -> String {
        guard alert.actor?.id != nil, let name = alert.event.name, !alert.isClosed else {
            return "GENERIC_EVENT"
        }
        if ["ModifyImageAttribute", "ModifySnapshotAttribute", "ResetImageAttribute"].contains(name) {
            return "USER_RESOURCE_UPDATE_PERMISSIONS"
        }
        func begins(_ words: String...) -> Bool { words.contains { name.hasPrefix($0) } }
        if begins("Run", "Create", "Copy", "Register", "Import") { return "USER_RESOURCE_CREATION" }
        if begins("Delete", "Deregister", "Terminate") { return "USER_RESOURCE_DELETION" }
        if begins("Describe", "Get", "List") { return "USER_RESOURCE_ACCESS" }
        return "USER_RESOURCE_UPDATE_CONTENT"
    }

    private static func principal(_ alert: CommonAlert, _ json: inout JSONWriter) {
        guard let actor = alert.actor else { return }
        json.object("principal") { json in
            if let address = actor.address { json.known("ip", [address]) }
            json.known("application", actor.invokedBy ?? actor.host)
            json.object("user") { json in
                json.known("userid", actor.id)
                json.known("user_display_name", actor.name)
                json.member(
                    "account_type",
                    actor.isService ? "SERVICE_ACCOUNT_TYPE" : "CLOUD_ACCOUNT_TYPE"
                )
                json.object("attribute") { json in
                    labels([("type", actor.type), ("account", actor.account), ("role", actor.issuer)], &json)
                }
            }
        }
    }

    private static func target(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.object("target") { json in
            json.known("application", alert.event.source)
            if let region = alert.region { json.object("location") { $0.member("name", region) } }
            json.object("resource") { json in
                json.member("name", alert.resource.uid)
                json.member("product_object_id", alert.resource.id)
                json.member("resource_type", resourceType(alert.resource.kind))
                json.member("resource_subtype", alert.resource.type)
                json.object("attribute") { json in
                    json.object("cloud") { $0.member("environment", "AMAZON_WEB_SERVICES") }
                    labels([("account", alert.account), ("arn", alert.resource.arn)], &json)
                }
            }
        }
    }

    private static func resourceType(_ kind: Resource.Kind) -> String {
        switch kind {
        case .image: "IMAGE"
        case .instance: "VIRTUAL_MACHINE"
        case .snapshot: "SNAPSHOT"
        case .accountRegion, .account: "CLOUD_PROJECT"
        case .launchTemplate: "SETTING"
        case .policy: "ACCESS_POLICY"
        case .principal: "USER"
        }
    }

    private static func result(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.object { json in
            json.member("rule_id", alert.rule.id)
            json.member("rule_name", alert.rule.title)
            json.member("rule_type", alert.rule.kind.rawValue)
            json.member("rule_version", Product.version)
            json.member("rule_author", Product.name)
            json.member("summary", alert.title)
            json.member("description", alert.statement)
            json.member("severity", alert.severity.rawValue.uppercased())
            json.member(
                "confidence",
                alert.verdict == .undetermined ? "LOW_CONFIDENCE" : "HIGH_CONFIDENCE"
            )
            json.member("alert_state", alert.isClosed ? "NOT_ALERTING" : "ALERTING")
            json.member("threat_status", threatStatus(alert.status))
            json.array("category") { $0.string("POLICY_VIOLATION") }
            json.known("action_details", alert.commands)
            json.member("first_discovered_time", alert.firstSeen.description)
            attack(alert.techniques, &json)
            detectionFields(alert, &json)
        }
    }

    private static func threatStatus(_ status: FindingStatus) -> String {
        switch status {
        case .open, .updated: "ACTIVE"
        case .resolved: "CLEARED"
        case .retracted: "FALSE_POSITIVE"
        }
    }

    private static func attack(_ techniques: [AttackTechnique], _ json: inout JSONWriter) {
        guard !techniques.isEmpty else { return }
        json.object("attack_details") { json in
            json.member("version", AttackTechnique.version)
            json.array("tactics") { json in
                for tactic in AttackTechnique.tactics(of: techniques) {
                    json.object { json in
                        json.member("id", tactic.id)
                        json.member("name", tactic.name)
                    }
                }
            }
            json.array("techniques") { json in
                for technique in techniques {
                    let whole = technique.parent ?? technique
                    json.object { json in
                        json.member("id", whole.id)
                        json.member("name", whole.name)
                        if technique.parent != nil {
                            json.member("subtechnique_id", technique.id)
                            json.member("subtechnique_name", technique.name)
                        }
                    }
                }
            }
        }
    }

    private static func detectionFields(_ alert: CommonAlert, _ json: inout JSONWriter) {
        let fields: [(String, String?)] = [
            ("finding_id", alert.findingID), ("status", alert.status.rawValue),
            ("verdict", alert.verdict.rawValue), ("revision", alert.revision.map(String.init)),
            ("caused_by", alert.cause?.rawValue), ("occurrences", String(alert.occurrences)),
            ("last_seen", alert.lastSeen.description), ("discriminator", alert.discriminator),
            ("event_id", alert.event.id), ("resolved_by", alert.resolution?.actor?.id),
            ("policy", alert.policyHash), ("clause", alert.clause),
        ]
        json.array("detection_fields") { json in
            for (key, value) in fields { label(key, value, &json) }
            for fact in alert.facts { label(fact.what, fact.value, &json) }
        }
    }

    private static func labels(_ labels: [(String, String?)], _ json: inout JSONWriter) {
        json.array("labels") { json in
            for (key, value) in labels { label(key, value, &json) }
        }
    }

    private static func label(_ key: String, _ value: String?, _ json: inout JSONWriter) {
        guard let value else { return }
        json.object { json in
            json.member("key", key)
            json.member("value", value)
        }
    }

    /// What the model has no words for.
    private static func additional(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.object("additional") { json in
            json.known("evidence", alert.records.map(\.id))
            json.known("missing", alert.missing)
            json.known("remediation", alert.remediation)
            if alert.isRepublished { json.member("republished", true) }
        }
    }
}
