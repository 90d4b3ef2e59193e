internal import CloudTrail
internal import Detection

/// Elastic Common Schema 9.4.0, `event.kind: alert` (https://www.elastic.co/docs/reference/ecs).
///
/// What the schema has no field for stands in `labels`. `source.ip` is there for addresses only: Elasticsearch refuses
/// a document with anything else in it.
enum ECSAlert {
    static func write(_ alert: CommonAlert, to json: inout JSONWriter) {
        json.object { json in
            json.member("@timestamp", EventTime.text(milliseconds: alert.told))
            json.object("ecs") { $0.member("version", "9.4.0") }
            json.member("message", alert.statement)
            json.array("tags") { json in
                for tag in [Product.name, alert.status.rawValue] { json.string(tag) }
            }
            event(alert, &json)
            rule(alert, &json)
            threat(alert.techniques, &json)
            cloud(alert, &json)
            json.object("observer") { json in
                json.member("vendor", Product.name)
                json.member("product", Product.name)
                json.member("version", Product.version)
                json.member("type", "cloud-monitor")
            }
            json.object("entity") { json in
                json.object("target") { json in
                    json.keyword("id", alert.resource.uid)
                    json.keyword("name", alert.resource.id)
                    json.member("sub_type", alert.resource.type)
                    json.member("source", Product.name)
                }
            }
            actor(alert, &json)
            labels(alert, &json)
        }
    }

    private static func event(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.object("event") { json in
            json.member("kind", "alert")
            json.array("category") {
                $0.string(alert.rule.kind == .standing ? "configuration" : "intrusion_detection")
            }
            json.array("type") { $0.string("info") }
            json.keyword("action", alert.event.name)
            json.member("severity", OCSFAlert.severity(alert.severity))
            json.member("risk_score", risk(alert.severity))
            json.member("id", alert.alertID ?? alert.findingID)
            json.known("sequence", alert.revision)
            json.member("code", alert.rule.id)
            json.keyword("reason", alert.message)
            json.member("created", EventTime.text(milliseconds: alert.told))
            json.member("start", alert.firstSeen.description)
            json.member("end", alert.lastSeen.description)
            json.keyword("provider", alert.event.source)
            json.member("module", Product.name)
            json.member("dataset", "\(Product.name).alert")
        }
    }

    /// Where Elastic's own rules stand on its scale.
    private static func risk(_ severity: Severity) -> Int {
        switch severity {
        case .informational: 1
        case .low: 21
        case .medium: 47
        case .high: 73
        case .critical: 99
        }
    }

    private static func rule(_ alert: CommonAlert, _ json: inout JSONWriter) {
        let rule = alert.rule
        json.object("rule") { json in
            json.member("id", rule.id)
            json.keyword("name", alert.title)
            json.member("category", rule.kind.rawValue)
            json.member("ruleset", Product.name)
            json.member("version", Product.version)
            json.known("reference", rule.references.first)
        }
    }

    private static func threat(_ techniques: [AttackTechnique], _ json: inout JSONWriter) {
        guard !techniques.isEmpty else { return }
        let tactics = AttackTechnique.tactics(of: techniques)
        var wholes: [AttackTechnique] = []
        for technique in techniques {
            let whole = technique.parent ?? technique
            if !wholes.contains(where: { $0.id == whole.id }) { wholes.append(whole) }
        }
        let parts = techniques.filter { $0.parent != nil }
        json.object("threat") { json in
            json.member("framework", "MITRE ATT&CK")
            json.object("tactic") { json in
                json.known("id", tactics.map(\.id))
                json.known("name", tactics.map(\.name))
                json.known("reference", tactics.map(\.page))
            }
            json.object("technique") { json in
                list(wholes, &json)
                if !parts.isEmpty { json.object("subtechnique") { list(parts, &$0) } }
            }
        }
    }

    private static func list(_ techniques: [AttackTechnique], _ json: inout JSONWriter) {
        json.known("id", techniques.map(\.id))
        json.known("name", techniques.map(\.name))
        json.known("reference", techniques.map(\.page))
    }

    private static func cloud(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.object("cloud") { json in
            json.member("provider", "aws")
            json.object("account") { $0.member("id", alert.account) }
            json.known("region", alert.region)
        }
    }

    private static func actor(_ alert: CommonAlert, _ json: inout JSONWriter) {
        guard let actor = alert.actor else { return }
        json.object("user") { json in
            json.keyword("id", actor.id)
            json.keyword("name", actor.name)
            json.keywords("roles", [actor.issuer])
        }
        if actor.address != nil || actor.host != nil {
            json.object("source") { json in
                json.known("ip", actor.address)
                json.keyword("address", actor.address ?? actor.host)
            }
        }
        if let agent = actor.userAgent { json.object("user_agent") { $0.keyword("original", agent) } }
        json.object("related") { json in
            json.keywords("user", [actor.name, actor.arn])
            if let address = actor.address { json.known("ip", [address]) }
        }
    }

    private static func labels(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.object("labels") { json in
            json.member("finding_id", alert.findingID)
            json.member("finding_status", alert.status.rawValue)
            json.member("finding_verdict", alert.verdict.rawValue)
            json.member("finding_severity", alert.severity.rawValue)
            json.known("caused_by", alert.cause?.rawValue)
            if alert.isRepublished { json.member("republished", "true") }
            json.member("occurrences", String(alert.occurrences))
            json.member("resource_kind", alert.resource.kind.rawValue)
            json.keyword("discriminator", alert.discriminator)
            json.keyword("actor_type", alert.actor?.type)
            json.known("actor_account", alert.actor?.account)
            json.keyword("invoked_by", alert.actor?.invokedBy)
            json.keyword("resolved_by", alert.resolution?.actor?.id)
            json.keyword("event_id", alert.event.id)
            json.keyword("evidence", alert.records.map(\.id).joined(separator: " "))
            json.keyword("facts", alert.factLines)
            json.keyword("missing", alert.missing.isEmpty ? nil : alert.missing.joined(separator: "\n"))
            json.keyword("remediation", alert.commands)
            json.member("policy", alert.policyHash)
            json.keyword("clause", alert.clause)
        }
    }
}

extension JSONWriter {
    /// A longer term is refused by Lucene, and with it the document.
    fileprivate static let keyword = 32_000

    /// A member that is there only when its value is known; no longer than what Elasticsearch takes.
    fileprivate mutating func keyword(_ name: StaticString, _ text: String?) {
        known(name, text?.clipped(toBytes: Self.keyword))
    }

    fileprivate mutating func keywords(_ name: StaticString, _ texts: [String?]) {
        known(name, texts.compactMap { $0?.clipped(toBytes: Self.keyword) })
    }
}
