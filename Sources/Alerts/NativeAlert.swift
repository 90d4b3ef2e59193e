internal import CloudTrail
package import Detection

/// The native format: one line of JSON, keys in a fixed order.
///
/// An alert is `amiwatch.alert/1` (`Schemas/alert.schema.json`), a finding's final form `amiwatch.finding/1`
/// (`Schemas/finding.schema.json`): the same keys without those that only a message has.
package struct NativeAlert: Sendable {
    /// The name of an alert's format, and the value of `schema`.
    package static let schema = "amiwatch.alert/1"
    /// The name of a finding's format.
    package static let findingSchema = "amiwatch.finding/1"

    private var json = JSONWriter()

    /// An encoder, which keeps its buffer between alerts.
    package init() {}

    /// An alert as one line, without a newline.
    ///
    /// `raised` is when it is published, in milliseconds since 1970 by the host's clock; nil in a replay.
    ///
    /// `evidence` is told where files were verified.
    package mutating func encode(
        _ alert: Alert,
        raised: Int64? = nil,
        evidence: EvidenceStanding? = nil
    ) -> [UInt8] {
        encode(alert, saying: alert.finding, raised: raised, evidence: evidence)
    }

    /// An alert as one line of at most so many bytes.
    mutating func encode(
        _ alert: Alert,
        raised: Int64?,
        evidence: EvidenceStanding?,
        maximumBytes: Int
    ) -> [UInt8] {
        Self.fit(alert.finding, maximumBytes) {
            encode(alert, saying: $0, raised: raised, evidence: evidence)
        }
    }

    /// The present form of the finding that an alert is about, as one line of at most so many bytes.
    package mutating func finding(
        of alert: Alert,
        evidence: EvidenceStanding? = nil,
        maximumBytes: Int
    ) -> [UInt8] {
        var finding = alert.finding
        if finding.status == .updated { finding.status = .open }
        return Self.fit(finding, maximumBytes) {
            encode(
                $0,
                findingID: alert.findingID,
                policyHash: alert.policyHash,
                evidence: evidence,
                replay: alert.replay
            )
        }
    }

    /// What is said of a finding, in at most so many bytes: where it would be longer, later facts, then commands are left
    /// out.
    private static func fit(
        _ finding: Finding,
        _ maximumBytes: Int,
        _ encode: (Finding) -> [UInt8]
    ) -> [UInt8] {
        let whole = encode(finding)
        guard whole.count > maximumBytes else { return whole }
        var finding = finding
        while !finding.facts.isEmpty || !finding.missing.isEmpty || !finding.remediation.isEmpty {
            if !finding.facts.isEmpty {
                finding.facts.removeLast((finding.facts.count + 1) / 2)
            } else if !finding.missing.isEmpty {
                finding.missing.removeLast((finding.missing.count + 1) / 2)
            } else {
                finding.remediation.removeAll()
            }
            let cut = encode(finding)
            if cut.count <= maximumBytes { return cut }
        }
        finding.message = "This alert was too long to be published whole."
        return encode(finding)
    }

    /// The messages that carry an alert, each of at most so many bytes: where it stands for too many instances, several.
    package mutating func messages(
        for alert: Alert,
        raised: Int64?,
        evidence: EvidenceStanding? = nil,
        maximumBytes: Int
    ) -> [(alert: Alert, line: [UInt8])] {
        let whole = encode(alert, raised: raised, evidence: evidence)
        guard whole.count > maximumBytes else { return [(alert, whole)] }
        guard let (left, right) = alert.halves else {
            let line = encode(alert, raised: raised, evidence: evidence, maximumBytes: maximumBytes)
            return [(alert, line)]
        }
        return [left, right].flatMap {
            messages(for: $0, raised: raised, evidence: evidence, maximumBytes: maximumBytes)
        }
    }

    /// A finding's final form as one line, without a newline.
    package mutating func encode(
        _ finding: Finding,
        findingID: String,
        policyHash: String,
        evidence: EvidenceStanding? = nil,
        replay: String? = nil
    ) -> [UInt8] {
        json.removeAll()
        json.object { json in
            json.member("schema", Self.findingSchema)
            json.member("finding_id", findingID)
            if let replay { json.member("replay", replay) }
            json.member("status", finding.status.rawValue)
            Self.content(of: finding, policyHash, evidence, &json)
        }
        return json.bytes
    }

    /// What is kept of a finding as one line, without a newline: its final form, as far as that is still known, and in at
    /// most so many bytes.
    package mutating func encode(
        _ kept: KeptFinding,
        policyHash: String,
        maximumBytes: Int = .max
    ) -> [UInt8] {
        let id = kept.identity.findingID
        if let finding = kept.finding {
            return Self.fit(finding, maximumBytes) { encode($0, findingID: id, policyHash: policyHash) }
        }
        json.removeAll()
        json.object { json in
            json.member("schema", Self.findingSchema)
            json.member("finding_id", id)
            json.member("status", kept.status.rawValue)
            json.member("verdict", kept.verdict.rawValue)
            Self.identity(kept.identity, title: kept.title, kept.severity, &json)
            json.member("event", nil as String?)
            json.key("actor")
            json.object { json in Self.actor(.unknown, &json) }
            json.member("resolved_by", nil as String?)
            json.member("first_seen", kept.firstSeen.description)
            json.member("last_seen", kept.lastSeen.description)
            json.member("occurrences", kept.occurrences)
            Self.facts([], &json)
            json.key("missing")
            json.array { json in
                if kept.verdict == .undetermined { json.string("the facts, which are no longer kept") }
            }
            json.member("clause", nil as String?)
            json.member("policy", policyHash)
            json.key("remediation")
            json.array { _ in }
            json.member("message", kept.message)
        }
        return json.bytes
    }

    private mutating func encode(
        _ alert: Alert,
        saying finding: Finding,
        raised: Int64?,
        evidence: EvidenceStanding? = nil
    ) -> [UInt8] {
        json.removeAll()
        json.object { json in
            json.member("schema", Self.schema)
            json.member("alert_id", alert.alertID)
            json.member("finding_id", alert.findingID)
            json.member("revision", alert.revision)
            json.member("raised_at", raised.map { EventTime.text(milliseconds: $0) })
            json.member("caused_by", alert.cause.rawValue)
            if alert.isRepublished {
                json.member("republished", true)
            }
            if let replay = alert.replay { json.member("replay", replay) }
            json.member("status", finding.status.rawValue)
            Self.content(of: finding, alert.policyHash, evidence, &json)
            Self.instances(alert.instances, &json)
        }
        return json.bytes
    }

    private static func content(
        of finding: Finding,
        _ policyHash: String,
        _ evidence: EvidenceStanding?,
        _ json: inout JSONWriter
    ) {
        json.member("verdict", finding.verdict.rawValue)
        identity(finding.identity, title: finding.title, finding.severity, &json)
        event(finding.event, &json)
        json.key("actor")
        json.object { json in Self.actor(finding.actor, &json) }
        resolver(finding.resolution, &json)
        json.member("first_seen", finding.firstSeen.description)
        json.member("last_seen", finding.lastSeen.description)
        json.member("occurrences", finding.occurrences)
        facts(finding.facts, &json)
        if let evidence { json.member("evidence", evidence.rawValue) }
        json.key("missing")
        json.array { json in for text in finding.missing { json.string(text) } }
        json.member("clause", finding.clause)
        json.member("policy", policyHash)
        json.key("remediation")
        json.array { json in for command in finding.remediation { json.string(command) } }
        json.member("message", finding.message)
    }

    private static func identity(
        _ identity: FindingIdentity,
        title: String,
        _ severity: Severity,
        _ json: inout JSONWriter
    ) {
        json.member("rule_id", identity.rule)
        json.member("title", title)
        json.member("severity", severity.rawValue)
        let subject = identity.subject
        json.member("account_id", subject.scope.account.description)
        json.member("region", subject.scope.region)
        json.key("resource")
        let resource = subject.resource
        json.object { json in
            json.member("type", resource.type.rawValue)
            json.member("id", resource.id)
        }
        json.member("discriminator", subject.discriminator)
    }

    /// The instances that the message is about, each with what its own alert would have said.
    private static func instances(_ members: [Alert], _ json: inout JSONWriter) {
        json.key("instances")
        guard !members.isEmpty else { return json.string(nil) }
        json.array { json in
            for member in members {
                json.object { json in
                    json.member("id", member.finding.identity.subject.resource.id)
                    json.member("finding_id", member.findingID)
                    json.member("alert_id", member.alertID)
                    json.member("revision", member.revision)
                }
            }
        }
    }

    private static func event(_ evidence: Evidence, _ json: inout JSONWriter) {
        json.key("event")
        json.object { json in
            json.member("id", evidence.id.description)
            json.member("name", evidence.name)
            json.member("source", evidence.source)
            json.member("time", evidence.time.description)
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
        json.member("arn", actor.arn)
        json.member("type", actor.type)
        json.member("account_id", actor.accountID?.description)
        json.member("invoked_by", actor.invokedBy)
        json.member("source_ip", actor.sourceIP)
        json.member("user_agent", actor.userAgent)
    }

    private static func facts(_ facts: [FactStatement], _ json: inout JSONWriter) {
        json.key("facts")
        json.array { json in
            for fact in facts {
                json.object { json in
                    json.member("what", fact.what)
                    json.member("value", fact.value)
                    json.member("event_id", fact.eventID?.description)
                    json.member("time", fact.time?.description)
                }
            }
        }
    }
}
