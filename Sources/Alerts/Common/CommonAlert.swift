internal import CloudTrail
internal import Detection

/// What an alert says, in words that the formats of other products share: who, where, what, when, and by which
/// technique.
///
/// Texts are as they stand in the alert, some of them written by an attacker: whoever writes them escapes them. A class,
/// because a format hands it to a closure for each object that it writes, and copying so many texts costs.
final class CommonAlert {
    /// Nil for a finding's final form.
    let alertID: String?
    let findingID: String
    /// Which alert of its finding it is, from 1; nil for a finding's final form.
    let revision: Int?
    let cause: AlertCause?
    let isRepublished: Bool
    let policyHash: String

    let rule: RuleMetadata
    let techniques: [AttackTechnique]
    let status: FindingStatus
    let verdict: Verdict
    let severity: Severity
    let title: String
    var message: String

    /// When this is told, in milliseconds since 1970; in a replay the time of what decided.
    let told: Int64
    let firstSeen: EventTime
    let lastSeen: EventTime
    let occurrences: Int

    let account: String
    /// Nil for what is of no Region, or of all.
    let region: String?
    /// A Region also for those, always the same one: where AWS keeps what is of the whole partition.
    let homeRegion: String
    let partition: String
    var resource: CommonResource
    var discriminator: String?

    /// The record that decided.
    var event: CommonRecord
    /// Who made the last violating call; nil where there was none.
    var actor: CommonActor?
    /// The record that resolved it, and who made that call.
    var resolution: (record: CommonRecord, actor: CommonActor?)?

    var facts: [FactStatement]
    var missing: [String]
    var clause: String?
    var remediation: [String]

    convenience init(_ alert: Alert, raised: Int64?) {
        self.init(
            alert.finding,
            findingID: alert.findingID,
            policyHash: alert.policyHash,
            alert: (alert.alertID, alert.revision, alert.cause, alert.isRepublished, alert.replay),
            raised: raised
        )
    }

    convenience init(_ finding: Finding, findingID: String, policyHash: String) {
        self.init(finding, findingID: findingID, policyHash: policyHash, alert: nil, raised: nil)
    }

    private init(
        _ finding: Finding,
        findingID: String,
        policyHash: String,
        alert: (id: String, revision: Int, cause: AlertCause, isRepublished: Bool, replay: String?)?,
        raised: Int64?
    ) {
        alertID = alert?.id
        self.findingID = findingID
        revision = alert?.revision
        cause = alert?.cause
        isRepublished = alert?.isRepublished ?? false
        self.policyHash = policyHash
        (rule, techniques) = Self.rule(finding)
        (status, verdict, severity) = (finding.status, finding.verdict, finding.severity)
        (title, message) = (finding.title, finding.message)
        if let replay = alert?.replay { message = "Replay \(replay): \(message)" }
        told = raised ?? finding.event.time.milliseconds
        (firstSeen, lastSeen, occurrences) = (finding.firstSeen, finding.lastSeen, finding.occurrences)
        let subject = finding.identity.subject
        account = subject.scope.account.description
        region = subject.scope.region.isEmpty ? nil : subject.scope.region
        partition = CommonResource.partition(of: region ?? finding.event.region)
        homeRegion = region ?? CommonResource.home(of: partition)
        resource = CommonResource(subject.resource, subject.scope, partition: partition)
        discriminator = subject.discriminator.flatMap { $0.isEmpty ? nil : $0 }
        event = CommonRecord(finding.event)
        actor = CommonActor(finding.actor)
        resolution = finding.resolution.map { (CommonRecord($0), CommonActor($0.actor)) }
        (facts, missing, clause) = (finding.facts, finding.missing, finding.clause)
        remediation = finding.remediation
    }

    private static func rule(_ finding: Finding) -> (RuleMetadata, [AttackTechnique]) {
        rules[finding.identity.rule]
            ?? (
                RuleMetadata(
                    id: finding.identity.rule,
                    title: finding.title,
                    kind: .event,
                    severity: finding.severity,
                    events: []
                ), []
            )
    }

    private static let rules = Dictionary(
        RuleSet.all.rules.map { rule in
            let techniques = rule.metadata.attack.compactMap { AttackTechnique(id: $0) }
            return (rule.metadata.id, (rule.metadata, techniques))
        },
        uniquingKeysWith: { first, _ in first }
    )

    /// The message, and of an undetermined finding what is not known.
    var statement: String {
        guard verdict == .undetermined else { return message }
        let unknown = missing.isEmpty ? "" : " Not known: \(missing.joined(separator: "; "))."
        return "Undetermined: \(message)\(unknown)"
    }

    /// Whether it says that the finding is over, for whichever reason.
    var isClosed: Bool { status == .resolved || status == .retracted }

    /// Who made the call that decided: of what is resolved, whoever resolved it.
    var caller: CommonActor? {
        guard let resolution, resolution.record.id.hasSameBytes(as: event.id) else { return actor }
        return resolution.actor
    }

    /// How sure it is, of 100: a guess, for scales that want a number.
    var confidence: Int { verdict == .undetermined ? 30 : 90 }

    /// The facts, `what: value`.
    var factTexts: [String] { facts.map { "\($0.what): \($0.value)" } }

    /// The facts, one a line; nil where there are none.
    var factLines: String? { facts.isEmpty ? nil : factTexts.joined(separator: "\n") }

    /// The commands that undo the cause, one a line; nil where there are none.
    var commands: String? { remediation.isEmpty ? nil : remediation.joined(separator: "\n") }

    /// `Transfer Data to Cloud Account (T1537)`.
    var techniqueTexts: [String] { techniques.map { "\($0.name) (\($0.id))" } }

    /// The names of the tactics, each once.
    var tacticTexts: [String] { AttackTechnique.tactics(of: techniques).map(\.name) }

    /// The records behind it, each once, the one that decided first; then those that told the facts.
    var records: [CommonRecord] {
        var records = [event]
        for fact in facts {
            guard let id = fact.eventID?.description, !records.contains(where: { $0.id.hasSameBytes(as: id) })
            else { continue }
            records.append(CommonRecord(id: id, time: fact.time))
        }
        return records
    }
}

extension CommonAlert {
    /// Leaves something out: the later half of the facts, of what is missing, the commands, the message, and in the end
    /// of every text all but its beginning; false when nothing is left that could be.
    func shorten() -> Bool {
        if !facts.isEmpty {
            facts.removeLast((facts.count + 1) / 2)
        } else if !missing.isEmpty {
            missing.removeLast((missing.count + 1) / 2)
        } else if !remediation.isEmpty {
            remediation.removeAll()
        } else if !message.hasSameBytes(as: Self.tooLong) {
            message = Self.tooLong
        } else {
            return clip()
        }
        return true
    }

    private static let tooLong = "This alert was too long to be published whole."
    private static let shortest = 256

    private func clip() -> Bool {
        var isChanged = false
        func clip(_ text: inout String) {
            guard text.utf8.count > Self.shortest else { return }
            text = text.clipped(toBytes: Self.shortest)
            isChanged = true
        }
        func clip(_ text: inout String?) {
            guard var known = text else { return }
            clip(&known)
            text = known
        }
        func clip(_ actor: inout CommonActor?) {
            guard var known = actor else { return }
            known.clip { clip(&$0) }
            actor = known
        }
        func clip(_ record: inout CommonRecord) {
            clip(&record.id)
            clip(&record.name)
            clip(&record.source)
        }
        clip(&resource.id)
        clip(&resource.arn)
        clip(&discriminator)
        clip(&clause)
        clip(&event)
        clip(&actor)
        if var known = resolution {
            clip(&known.record)
            clip(&known.actor)
            resolution = known
        }
        return isChanged
    }
}

extension EventTime {
    /// Milliseconds since 1970; as `description`, within the years 0 to 9999.
    var milliseconds: Int64 { min(max(seconds, -62_167_219_200), 253_402_300_799) * 1000 }
}
