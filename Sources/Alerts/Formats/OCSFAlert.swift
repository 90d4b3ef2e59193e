internal import CloudTrail
internal import Detection

/// OCSF Detection Finding 1.8.0 with the cloud profile (https://schema.ocsf.io/1.8.0/classes/detection_finding).
///
/// A retracted finding is closed as deleted, "created in error"; one that is over as resolved. An undetermined one has
/// low confidence, and its message says what is not known.
enum OCSFAlert {
    static func write(_ alert: CommonAlert, to json: inout JSONWriter) {
        let state = State(alert.status)
        json.object { json in
            metadata(alert, &json)
            json.member("category_uid", 2)
            json.member("category_name", "Findings")
            json.member("class_uid", 2004)
            json.member("class_name", "Detection Finding")
            json.member("activity_id", state.activity)
            json.member("activity_name", state.activityName)
            json.member("type_uid", 200_400 + state.activity)
            json.member("severity_id", severity(alert.severity))
            json.member("severity", alert.severity.rawValue.capitalizedWord)
            json.member("status_id", state.id)
            json.member("status", state.name)
            json.member("status_detail", alert.status.rawValue)
            json.member("confidence_id", alert.verdict == .undetermined ? 1 : 3)
            json.member("confidence", alert.verdict == .undetermined ? "Low" : "High")
            json.member("is_alert", !alert.isClosed)
            json.member("time", alert.told)
            json.member("start_time", alert.firstSeen.milliseconds)
            json.member("end_time", alert.lastSeen.milliseconds)
            json.member("count", alert.occurrences)
            json.member("message", alert.statement)
            finding(alert, &json)
            cloud(alert, &json)
            json.array("resources") { json in resource(alert, &json) }
            evidences(alert, &json)
            remediation(alert, &json)
            observables(alert, &json)
            enrichments(alert, &json)
            unmapped(alert, &json)
        }
    }

    /// What becomes of a finding.
    private struct State {
        let (activity, activityName): (Int, String)
        let (id, name): (Int, String)

        init(_ status: FindingStatus) {
            switch status {
            case .open: (activity, activityName, id, name) = (1, "Create", 1, "New")
            case .updated: (activity, activityName, id, name) = (2, "Update", 1, "New")
            case .resolved: (activity, activityName, id, name) = (3, "Close", 4, "Resolved")
            case .retracted: (activity, activityName, id, name) = (3, "Close", 6, "Deleted")
            }
        }
    }

    static func severity(_ severity: Severity) -> Int {
        switch severity {
        case .informational: 1
        case .low: 2
        case .medium: 3
        case .high: 4
        case .critical: 5
        }
    }

    private static func metadata(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.object("metadata") { json in
            json.member("version", "1.8.0")
            json.object("product") { json in
                json.member("name", Product.name)
                json.member("vendor_name", Product.name)
                json.member("version", Product.version)
            }
            json.array("profiles") { $0.string("cloud") }
            json.known("uid", alert.alertID)
            json.member("event_code", alert.rule.id)
            json.known("sequence", alert.revision)
            if alert.isRepublished { json.array("labels") { $0.string("republished") } }
        }
    }

    private static func finding(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.object("finding_info") { json in
            json.member("uid", alert.findingID)
            json.member("title", alert.title)
            json.member("desc", alert.statement)
            json.array("types") { json in
                for type in FindingType.all(alert) { json.string(type) }
            }
            json.object("analytic") { json in
                json.member("type_id", 1)
                json.member("type", "Rule")
                json.member("uid", alert.rule.id)
                json.member("name", alert.rule.title)
            }
            json.member("first_seen_time", alert.firstSeen.milliseconds)
            json.member("last_seen_time", alert.lastSeen.milliseconds)
            json.member("created_time", alert.firstSeen.milliseconds)
            json.member("modified_time", alert.told)
            if !alert.techniques.isEmpty {
                json.array("attacks") { json in
                    for technique in alert.techniques { attack(technique, &json) }
                }
            }
            json.array("data_sources") { $0.string("AWS CloudTrail") }
            json.array("related_events") { json in
                for record in alert.records {
                    json.object { json in
                        json.member("uid", record.id)
                        json.known("title", record.name)
                        if let time = record.time { json.member("first_seen_time", time.milliseconds) }
                    }
                }
            }
        }
    }

    private static func attack(_ technique: AttackTechnique, _ json: inout JSONWriter) {
        func named(_ name: StaticString, _ uid: String, _ text: String, _ json: inout JSONWriter) {
            json.object(name) { json in
                json.member("uid", uid)
                json.member("name", text)
            }
        }
        json.object { json in
            json.member("version", AttackTechnique.version)
            named("tactic", technique.tactic.id, technique.tactic.name, &json)
            let whole = technique.parent ?? technique
            named("technique", whole.id, whole.name, &json)
            if technique.parent != nil { named("sub_technique", technique.id, technique.name, &json) }
        }
    }

    private static func cloud(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.object("cloud") { json in
            json.member("provider", "AWS")
            json.known("region", alert.region)
            json.member("cloud_partition", alert.partition)
            account(alert.account, &json)
        }
    }

    private static func account(_ id: String, _ json: inout JSONWriter) {
        json.object("account") { json in
            json.member("uid", id)
            json.member("name", id)
            json.member("type_id", 10)
            json.member("type", "AWS Account")
        }
    }

    private static func resource(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.object { json in
            json.member("type", alert.resource.type)
            json.member("uid", alert.resource.uid)
            json.member("name", alert.resource.id)
            json.known("region", alert.region)
            json.member("cloud_partition", alert.partition)
            json.member("role_id", 3)
        }
    }

    /// The record that decided, with who made the last violating call; of what is resolved both calls.
    private static func evidences(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.array("evidences") { json in
            let isResolution = alert.resolution.map { $0.record.id.hasSameBytes(as: alert.event.id) } ?? false
            if !isResolution || alert.actor != nil {
                evidence(isResolution ? nil : alert.event, alert.actor, &json)
            }
            if let resolution = alert.resolution { evidence(resolution.record, resolution.actor, &json) }
        }
    }

    private static func evidence(_ record: CommonRecord?, _ actor: CommonActor?, _ json: inout JSONWriter) {
        json.object { json in
            json.known("uid", record?.id)
            json.known("name", record?.name)
            if let record {
                json.object("api") { json in
                    json.member("operation", record.name ?? "Unknown")
                    if let source = record.source {
                        json.object("service") { $0.member("name", source) }
                    }
                }
            }
            guard let actor else { return }
            json.object("actor") { json in
                json.known("invoked_by", actor.invokedBy)
                json.object("user") { json in
                    json.member("uid", actor.id ?? "unknown")
                    json.known("name", actor.name)
                    json.member("type_id", actor.isService ? 4 : actor.type == nil ? 0 : 1)
                    json.known("type", actor.type)
                    if let id = actor.account { account(id, &json) }
                }
                if let issuer = actor.issuer { json.object("session") { $0.member("issuer", issuer) } }
            }
            if actor.address != nil || actor.host != nil {
                json.object("src_endpoint") { json in
                    json.known("ip", actor.address)
                    json.known("name", actor.host)
                }
            }
            if let agent = actor.userAgent { json.object("http_request") { $0.member("user_agent", agent) } }
        }
    }

    private static func remediation(_ alert: CommonAlert, _ json: inout JSONWriter) {
        guard !alert.remediation.isEmpty || !alert.rule.references.isEmpty else { return }
        let commands = alert.remediation.joined(separator: "\n")
        json.object("remediation") { json in
            json.member("desc", alert.remediation.isEmpty ? "No command is given." : commands)
            json.known("references", alert.rule.references)
        }
    }

    private static func observables(_ alert: CommonAlert, _ json: inout JSONWriter) {
        func observable(_ name: String, _ id: Int, _ type: String, _ value: String?, _ json: inout JSONWriter)
        {
            guard let value else { return }
            json.object { json in
                json.member("name", name)
                json.member("type_id", id)
                json.member("type", type)
                json.member("value", value)
            }
        }
        json.array("observables") { json in
            observable("resources.uid", 10, "Resource UID", alert.resource.uid, &json)
            observable("evidences.actor.user.name", 4, "User Name", alert.actor?.name, &json)
            observable("evidences.src_endpoint.ip", 2, "IP Address", alert.actor?.address, &json)
        }
    }

    private static func enrichments(_ alert: CommonAlert, _ json: inout JSONWriter) {
        guard !alert.facts.isEmpty else { return }
        json.array("enrichments") { json in
            for fact in alert.facts {
                json.object { json in
                    json.member("name", fact.what)
                    json.member("value", fact.value)
                    json.member("type", "fact")
                    json.object("data") { json in
                        json.known("event_id", fact.eventID?.description)
                        json.known("time", fact.time?.description)
                    }
                }
            }
        }
    }

    /// What OCSF has no words for.
    private static func unmapped(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.object("unmapped") { json in
            json.member("verdict", alert.verdict.rawValue)
            json.known("caused_by", alert.cause?.rawValue)
            json.known("discriminator", alert.discriminator)
            json.known("missing", alert.missing)
            json.member("policy", alert.policyHash)
            json.known("clause", alert.clause)
            json.known("compliance", alert.rule.compliance)
        }
    }
}

extension String {
    /// An ASCII word with a capital letter first.
    var capitalizedWord: String { prefix(1).uppercased() + dropFirst() }
}
