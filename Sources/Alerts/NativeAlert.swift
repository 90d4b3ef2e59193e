internal import CloudTrail
public import Detection

/// The native format, `amiwatch.alert/1`: one line of JSON, keys in a fixed order (`Schemas/alert.schema.json`).
public struct NativeAlert {
    /// The format's name, and the value of `schema`.
    public static let schema = "amiwatch.alert/1"

    private var json = JSONWriter()

    /// An encoder, which keeps its buffer between alerts.
    public init() {}

    /// An alert as one line, without a newline.
    public mutating func encode(_ alert: Alert) -> [UInt8] { encode(alert, saying: alert.finding) }

    /// An alert as one line of at most so many bytes.
    ///
    /// Where it would be longer, its later facts, then its commands are left out.
    public mutating func encode(_ alert: Alert, maximumBytes: Int) -> [UInt8] {
        let whole = encode(alert)
        guard whole.count > maximumBytes else { return whole }
        var finding = alert.finding
        while !finding.facts.isEmpty || !finding.missing.isEmpty || !finding.remediation.isEmpty {
            if !finding.facts.isEmpty {
                finding.facts.removeLast((finding.facts.count + 1) / 2)
            } else if !finding.missing.isEmpty {
                finding.missing.removeLast((finding.missing.count + 1) / 2)
            } else {
                finding.remediation.removeAll()
            }
            let cut = encode(alert, saying: finding)
            if cut.count <= maximumBytes { return cut }
        }
        finding.message = "This alert was too long to be published whole."
        return encode(alert, saying: finding)
    }

    /// A finding's final form as one line, without a newline: the alert's keys, `alert_id` left out.
    public mutating func encode(_ finding: Finding, findingID: String, policyHash: String) -> [UInt8] {
        encode(finding, alertID: nil, findingID: findingID, policyHash: policyHash)
    }

    private mutating func encode(_ alert: Alert, saying finding: Finding) -> [UInt8] {
        encode(
            finding,
            alertID: alert.alertID,
            findingID: alert.findingID,
            policyHash: alert.policyHash
        )
    }

    private mutating func encode(
        _ finding: Finding,
        alertID: String?,
        findingID: String,
        policyHash: String
    ) -> [UInt8] {
        json.removeAll()
        json.object { json in
            json.key("schema")
            json.string(Self.schema)
            if let alertID {
                json.key("alert_id")
                json.string(alertID)
            }
            json.key("finding_id")
            json.string(findingID)
            json.key("status")
            json.string(finding.status.rawValue)
            json.key("verdict")
            json.string(finding.verdict.rawValue)
            json.key("rule_id")
            json.string(finding.identity.rule)
            json.key("title")
            json.string(finding.title)
            json.key("severity")
            json.string(finding.severity.rawValue)
            let subject = finding.identity.subject
            json.key("account_id")
            json.string(subject.place.account.description)
            json.key("region")
            json.string(subject.place.region)
            json.key("resource")
            let resource = subject.resource
            json.object { json in
                json.key("type")
                json.string(resource.type.rawValue)
                json.key("id")
                json.string(resource.id)
            }
            json.key("discriminator")
            json.string(subject.discriminator)
            Self.event(finding.event, &json)
            Self.actor(finding.event.actor, &json)
            json.key("first_seen")
            json.string(finding.firstSeen.description)
            json.key("last_seen")
            json.string(finding.lastSeen.description)
            json.key("occurrences")
            json.number(finding.occurrences)
            Self.facts(finding.facts, &json)
            json.key("missing")
            json.array { json in for text in finding.missing { json.string(text) } }
            json.key("clause")
            json.string(finding.clause)
            json.key("policy")
            json.string(policyHash)
            json.key("remediation")
            json.array { json in for command in finding.remediation { json.string(command) } }
            json.key("message")
            json.string(finding.message)
        }
        return json.bytes
    }

    private static func event(_ evidence: Evidence, _ json: inout JSONWriter) {
        json.key("event")
        json.object { json in
            json.key("id")
            json.string(evidence.id.description)
            json.key("name")
            json.string(evidence.name)
            json.key("source")
            json.string(evidence.source)
            json.key("time")
            json.string(evidence.time.description)
        }
    }

    private static func actor(_ actor: Actor, _ json: inout JSONWriter) {
        json.key("actor")
        json.object { json in
            json.key("arn")
            json.string(actor.arn)
            json.key("type")
            json.string(actor.type)
            json.key("account_id")
            json.string(actor.accountID?.description)
            json.key("invoked_by")
            json.string(actor.invokedBy)
            json.key("source_ip")
            json.string(actor.sourceIP)
            json.key("user_agent")
            json.string(actor.userAgent)
        }
    }

    private static func facts(_ facts: [FactStatement], _ json: inout JSONWriter) {
        json.key("facts")
        json.array { json in
            for fact in facts {
                json.object { json in
                    json.key("what")
                    json.string(fact.what)
                    json.key("value")
                    json.string(fact.value)
                    json.key("event_id")
                    json.string(fact.eventID?.description)
                    json.key("time")
                    json.string(fact.time?.description)
                }
            }
        }
    }
}
