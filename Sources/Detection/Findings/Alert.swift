import CloudTrail
import Cryptography

/// One change in a finding's life, as it is published.
public struct Alert: Hashable, Sendable {
    /// SHA-256 in lower-case hex over finding id, revision, status and deciding event id, one a line.
    public let alertID: String
    /// See `FindingIdentity.findingID`.
    public let findingID: String
    /// What the finding says now.
    public let finding: Finding
    /// Which alert of this finding it is, from 1.
    public let revision: Int
    /// Why it is said now.
    public let cause: AlertCause
    /// SHA-256 of the policy in force.
    public let policyHash: String
    /// The alerts that this message stands for, its own the first; none when it stands for itself alone.
    public let instances: [Alert]
    /// Whether it was published before, and is said again.
    public let isRepublished: Bool
    /// The name of the replay that it is of; nil when it is of a live finding.
    public let replay: String?

    /// An alert about what a finding says.
    ///
    /// One that is said again has the id of the first time, which the record that decided then is a part of.
    init(
        _ finding: Finding,
        revision: Int,
        cause: AlertCause,
        policyHash: String,
        republishing last: EventID? = nil
    ) {
        self.finding = finding
        isRepublished = last != nil
        replay = nil
        self.revision = revision
        self.cause = cause
        self.policyHash = policyHash
        instances = []
        findingID = finding.identity.findingID
        alertID = SHA256.hex(
            ofLines: [
                findingID, String(revision), finding.status.rawValue, (last ?? finding.event.id).description,
            ]
        )
    }
}

extension Alert {
    /// The same as an alert of a replay: with ids of its own, which are the same whenever a replay of that name says it, so
    /// that no reader takes it for an alert of a live finding.
    public func marked(asOfReplay name: String) -> Alert { Alert(self, ofReplay: name) }

    private init(_ alert: Alert, ofReplay name: String) {
        func own(_ id: String) -> String { SHA256.hex(ofLines: ["replay", name, id]) }
        (alertID, findingID) = (own(alert.alertID), own(alert.findingID))
        (finding, revision, cause) = (alert.finding, alert.revision, alert.cause)
        (policyHash, isRepublished, replay) = (alert.policyHash, alert.isRepublished, name)
        instances = alert.instances.map { $0.marked(asOfReplay: name) }
    }
}

/// Why an alert is published now.
public enum AlertCause: String, Hashable, Sendable, CaseIterable {
    /// The record that decides it has just been read; an undetermined verdict may have waited a moment since.
    case event
    /// Another record has been read, in this account or through the catalogue, and changes what was known of the one
    /// that decides.
    case lateEvent = "late-event"
    /// Another policy is in force, or another version judges.
    case policy
    /// An inventory has been read.
    case inventory
    /// A time that the policy names is over: a grace, a limit, a suppression.
    case time
}

/// What makes a subject be judged.
enum EvaluationCause: Sendable {
    /// A fact that a record told, or told until now.
    case record(Evidence)
    /// An undetermined verdict has waited long enough.
    case settling
    /// Another policy, or another version.
    case policy
    /// A deadline has passed.
    case time
    /// A state that was restored, and a catalogue that others went on writing meanwhile.
    case restored

    /// The record, if it is one.
    var evidence: Evidence? { if case .record(let evidence) = self { evidence } else { nil } }

    /// The cause of an alert that it leads to.
    func cause(of finding: Finding) -> AlertCause {
        switch self {
        case .record(let evidence) where evidence.isInventory: .inventory
        case .record(let evidence): finding.isDecided(by: evidence) ? .event : .lateEvent
        case .settling: finding.event.isInventory ? .inventory : .event
        case .policy: .policy
        case .time: .time
        case .restored: .lateEvent
        }
    }
}

extension Finding {
    /// Whether a record decides what it says; one that only shows that it never was a finding does not.
    fileprivate func isDecided(by evidence: Evidence) -> Bool {
        status != .retracted && event.id == evidence.id && event.account == evidence.account
    }
}
