public import CloudTrail
import Cryptography

/// What makes a finding this one and no other.
public struct FindingIdentity: Fingerprinted, Sendable {
    /// The rule's id.
    public let rule: String
    /// What it judged.
    public let subject: Subject

    /// An identity from its parts.
    public init(rule: String, subject: Subject) {
        self.rule = rule
        self.subject = subject
    }

    /// The same subject, and the rule's id byte for byte.
    public static func == (left: FindingIdentity, right: FindingIdentity) -> Bool {
        left.subject == right.subject && left.rule.hasSameBytes(as: right.rule)
    }

    /// Feeds the subject, and of the rule what tells the few rules of one subject apart.
    public func feed(to fingerprint: inout TextFingerprint) {
        subject.feed(to: &fingerprint)
        fingerprint.feed(UInt64(rule.utf8.count))
    }

    /// SHA-256 in lower-case hex over rule id, account, Region, resource type, resource id and discriminator, one a
    /// line.
    public var findingID: String {
        let resource = subject.resource
        return SHA256.hex(
            ofLines: [
                rule, subject.scope.account.description, subject.scope.region, resource.type.rawValue,
                resource.id, subject.discriminator ?? "",
            ]
        )
    }
}

extension FindingIdentity: Comparable {
    /// By subject, then rule.
    public static func < (left: FindingIdentity, right: FindingIdentity) -> Bool {
        left.subject != right.subject ? left.subject < right.subject : left.rule.bytesPrecede(right.rule)
    }
}

/// Where a finding is in its life, or what an alert says of it.
public enum FindingStatus: String, Hashable, Sendable, CaseIterable {
    /// It stands.
    case open
    /// It still stands, and says something else now. An alert's status only; the finding itself is open.
    case updated
    /// Its cause is gone.
    case resolved
    /// Later evidence shows that it never was one.
    case retracted
}

/// What is kept of a finding: what was last told, enough to tell whether anything else is worth telling.
public struct FindingState: Hashable, Sendable {
    /// `open`, `resolved` or `retracted`.
    public var status: FindingStatus
    /// Alerts published about it.
    public var revision: Int
    /// Fingerprint of what it says.
    public var fingerprint: UInt64
    /// Distinct records judged violating or undetermined, when the last alert was published.
    public var occurrences: Int
    /// Occurrences whose facts were forgotten.
    public var forgotten: Int
    /// The least time of an occurrence.
    public var firstSeen: EventTime
    /// The greatest time of an occurrence.
    public var lastSeen: EventTime
    /// The account's clock when the last alert was published.
    public var changed: EventTime
    /// The severity that was told; nil where an older version told it.
    public var severity: Severity?
    /// The verdict that was told; nil where an older version told it.
    public var verdict: Verdict?
    /// Whether any change was told since it opened.
    public var hasToldChange = true
    /// What the last alert was, while the finding stands; nil where an older version told it.
    public var lastAlert: LastAlert?

    /// Whether it only notes what is not to be said.
    var isUnsaid: Bool { status == .retracted && fingerprint != 0 }
}

/// What cannot be worked out again of the last alert of a finding that stands.
public struct LastAlert: Hashable, Sendable {
    /// The deciding record, which its id was made of: the finding may have gone on since without being told.
    public let event: EventID
    /// Why it was said.
    public let cause: AlertCause
}

extension FindingState {
    /// What seems to be a finding only because facts were forgotten: noted, so that nobody says so.
    init(unsaid finding: Finding, at clock: EventTime) {
        self.init(
            status: .retracted,
            revision: 0,
            fingerprint: finding.fingerprint,
            occurrences: 0,
            forgotten: 0,
            firstSeen: finding.firstSeen,
            lastSeen: finding.lastSeen,
            changed: clock,
            severity: finding.severity,
            verdict: finding.verdict
        )
    }
}

/// One fact that decided, as an alert shows it.
public struct FactStatement: Hashable, Sendable {
    /// What it is about: `owner`, `tag Role`, `allowed AMIs state`.
    public let what: String
    /// Its value, as text.
    public let value: String
    /// The record that told it.
    public let eventID: EventID?
    /// That record's time; nil for what holds for ever.
    public let time: EventTime?

    /// A statement from its parts.
    public init(_ what: String, _ value: String, eventID: EventID? = nil, time: EventTime? = nil) {
        self.what = what
        self.value = value
        self.eventID = eventID
        self.time = time
    }

    /// A statement about a fact.
    public init(_ what: String, _ value: String, _ fact: Fact) {
        self.init(
            what,
            value,
            eventID: fact.evidence.id,
            time: fact.time == .distantPast ? nil : fact.time
        )
    }

    /// A statement about a record.
    public init(_ what: String, _ value: String, _ evidence: Evidence) {
        self.init(what, value, eventID: evidence.id, time: evidence.time)
    }

    /// Equal in every part, byte for byte.
    public static func == (left: FactStatement, right: FactStatement) -> Bool {
        left.what.hasSameBytes(as: right.what) && left.value.hasSameBytes(as: right.value)
            && left.eventID == right.eventID && left.time == right.time
    }

    static func precedes(_ left: FactStatement, _ right: FactStatement) -> Bool {
        if !left.what.hasSameBytes(as: right.what) { return left.what.bytesPrecede(right.what) }
        if !left.value.hasSameBytes(as: right.value) { return left.value.bytesPrecede(right.value) }
        if left.time != right.time { return (left.time ?? .distantPast) < (right.time ?? .distantPast) }
        return (left.eventID?.description ?? "").bytesPrecede(right.eventID?.description ?? "")
    }
}

/// What a finding says: its final form, a function of the set of records, the policy and stream time.
public struct Finding: Hashable, Sendable {
    /// Which one.
    public let identity: FindingIdentity
    /// `open` or `resolved`; in an alert also `updated` or `retracted`.
    public var status: FindingStatus
    /// What the judgement is; `allowed` once resolved or retracted.
    public var verdict: Verdict
    /// One line about the rule.
    public var title: String
    /// How bad it is.
    public var severity: Severity
    /// The deciding record: the last violating one, or the one that resolved.
    public var event: Evidence
    /// Who made the last violating call; nobody when retracted, for then there was no violation.
    public var actor: Actor
    /// The record that resolved it; nil unless it is resolved.
    public var resolution: Evidence?
    /// The least time of an occurrence.
    public var firstSeen: EventTime
    /// The greatest time of an occurrence.
    public var lastSeen: EventTime
    /// Distinct records judged violating or undetermined.
    public var occurrences: Int
    /// What decided it, sorted.
    public var facts: [FactStatement]
    /// What would settle it, when undetermined; sorted.
    public var missing: [String]
    /// The policy's clause, as a path into `policy.yaml`.
    public var clause: String?
    /// Commands that undo the cause.
    public var remediation: [String]
    /// One sentence for people.
    public var message: String

    /// Equal in every part, byte for byte.
    public static func == (left: Finding, right: Finding) -> Bool {
        left.identity == right.identity && left.status == right.status && left.verdict == right.verdict
            && left.severity == right.severity && left.event == right.event && left.actor == right.actor
            && left.resolution == right.resolution && left.firstSeen == right.firstSeen
            && left.lastSeen == right.lastSeen && left.occurrences == right.occurrences
            && left.facts == right.facts && left.clause.hasSameBytes(as: right.clause)
            && [left.title, left.message].hasSameBytes(as: [right.title, right.message])
            && left.missing.hasSameBytes(as: right.missing)
            && left.remediation.hasSameBytes(as: right.remediation)
    }

    /// A 64-bit fingerprint of everything it says (FNV-1a), the same in every process.
    var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed(status.rawValue)
        hash.feed(verdict.rawValue)
        hash.feed(title)
        hash.feed(severity.rawValue)
        hash.feed(event.id.description)
        hash.feed(event.name)
        hash.feed(event.source)
        hash.feed(clause ?? "")
        hash.feed(message)
        feed(actor, to: &hash)
        feed(resolution?.actor, to: &hash)
        hash.feed(UInt64(bitPattern: event.time.seconds))
        hash.feed(UInt64(bitPattern: firstSeen.seconds))
        hash.feed(UInt64(bitPattern: lastSeen.seconds))
        hash.feed(UInt64(bitPattern: Int64(occurrences)))
        for fact in facts {
            hash.feed(fact.what)
            hash.feed(fact.value)
            hash.feed(fact.eventID?.description ?? "")
            hash.feed(UInt64(bitPattern: fact.time?.seconds ?? 0))
        }
        for text in missing { hash.feed(text) }
        hash.feed(1)
        for text in remediation { hash.feed(text) }
        return hash.value
    }

    private func feed(_ actor: Actor?, to hash: inout Fingerprint) {
        hash.feed(actor?.arn ?? "")
        hash.feed(actor?.type ?? "")
        hash.feed(actor?.invokedBy ?? "")
        hash.feed(actor?.sourceIP ?? "")
        hash.feed(actor?.userAgent ?? "")
        hash.feed(actor?.accountID?.number ?? 0)
    }
}

/// FNV-1a over framed texts and numbers.
private struct Fingerprint {
    var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func feed(_ text: String) {
        var text = text
        value = text.withUTF8 { [value] bytes in bytes.reduce(value, Self.mixed) }
        mix(0xFF)
    }

    mutating func feed(_ number: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            mix(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    private mutating func mix(_ byte: UInt8) { value = Self.mixed(value, byte) }

    private static func mixed(_ value: UInt64, _ byte: UInt8) -> UInt64 {
        (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }
}
