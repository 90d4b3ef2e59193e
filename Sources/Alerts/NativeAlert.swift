internal import CloudTrail
public import Detection

/// The native format: one line of JSON, keys in a fixed order.
///
/// An alert is `amiwatch.alert/1` (`Schemas/alert.schema.json`), a finding's final form `amiwatch.finding/1`
/// (`Schemas/finding.schema.json`): the same keys without those that only a message has.
public struct NativeAlert {
    /// The name of an alert's format, and the value of `schema`.
    public static let schema = "amiwatch.alert/1"
    /// The name of a finding's format.
    public static let findingSchema = "amiwatch.finding/1"

    private var json = JSONWriter()

    /// An encoder, which keeps its buffer between alerts.
    public init() {}

    /// An alert as one line, without a newline.
    ///
    /// `raised` is when it is published, in milliseconds since 1970 by the host's clock; nil in a replay.
    public mutating func encode(_ alert: Alert, raised: Int64? = nil) -> [UInt8] {
        encode(alert, saying: alert.finding, raised: raised)
    }

    /// An alert as one line of at most so many bytes.
    ///
    /// Where it would be longer, its later facts, then its commands are left out.
    mutating func encode(_ alert: Alert, raised: Int64?, maximumBytes: Int) -> [UInt8] {
        let whole = encode(alert, raised: raised)
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
            let cut = encode(alert, saying: finding, raised: raised)
            if cut.count <= maximumBytes { return cut }
        }
        finding.message = "This alert was too long to be published whole."
        return encode(alert, saying: finding, raised: raised)
    }

    /// The messages that carry an alert, each of at most so many bytes: where it stands for too many instances, several.
    public mutating func messages(
        for alert: Alert,
        raised: Int64?,
        maximumBytes: Int
    ) -> [(alert: Alert, line: [UInt8])] {
        let whole = encode(alert, raised: raised)
        guard whole.count > maximumBytes else { return [(alert, whole)] }
        guard let (left, right) = alert.halves else {
            return [(alert, encode(alert, raised: raised, maximumBytes: maximumBytes))]
        }
        return messages(for: left, raised: raised, maximumBytes: maximumBytes)
            + messages(for: right, raised: raised, maximumBytes: maximumBytes)
    }

    /// A finding's final form as one line, without a newline.
    public mutating func encode(_ finding: Finding, findingID: String, policyHash: String) -> [UInt8] {
        json.removeAll()
        json.object { json in
            json.key("schema")
            json.string(Self.findingSchema)
            json.key("finding_id")
            json.string(findingID)
            json.key("status")
            json.string(finding.status.rawValue)
            Self.content(of: finding, policyHash, &json)
        }
        return json.bytes
    }

    private mutating func encode(_ alert: Alert, saying finding: Finding, raised: Int64?) -> [UInt8] {
        json.removeAll()
        json.object { json in
            json.key("schema")
            json.string(Self.schema)
            json.key("alert_id")
            json.string(alert.alertID)
            json.key("finding_id")
            json.string(alert.findingID)
            json.key("revision")
            json.number(alert.revision)
            json.key("raised_at")
            json.string(raised.map { EventTime.text(milliseconds: $0) })
            json.key("caused_by")
            json.string(alert.cause.rawValue)
            if alert.isRepublished {
                json.key("republished")
                json.boolean(true)
            }
            json.key("status")
            json.string(finding.status.rawValue)
            Self.content(of: finding, alert.policyHash, &json)
            Self.instances(alert.instances, &json)
        }
        return json.bytes
    }

    private static func content(of finding: Finding, _ policyHash: String, _ json: inout JSONWriter) {
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
        event(finding.event, &json)
        json.key("actor")
        json.object { json in Self.actor(finding.actor, &json) }
        resolver(finding.resolution, &json)
        json.key("first_seen")
        json.string(finding.firstSeen.description)
        json.key("last_seen")
        json.string(finding.lastSeen.description)
        json.key("occurrences")
        json.number(finding.occurrences)
        facts(finding.facts, &json)
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

    /// The instances that the message is about, each with what its own alert would have said.
    private static func instances(_ members: [Alert], _ json: inout JSONWriter) {
        json.key("instances")
        guard !members.isEmpty else { return json.string(nil) }
        json.array { json in
            for member in members {
                json.object { json in
                    json.key("id")
                    json.string(member.finding.identity.subject.resource.id)
                    json.key("finding_id")
                    json.string(member.findingID)
                    json.key("alert_id")
                    json.string(member.alertID)
                    json.key("revision")
                    json.number(member.revision)
                }
            }
        }
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

    /// Who undid the cause, and by what.
    private static func resolver(_ resolution: Evidence?, _ json: inout JSONWriter) {
        json.key("resolved_by")
        guard let resolution else { return json.string(nil) }
        json.object { json in
            actor(resolution.actor, &json)
            event(resolution, &json)
        }
    }

    private static func actor(_ actor: Actor, _ json: inout JSONWriter) {
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
