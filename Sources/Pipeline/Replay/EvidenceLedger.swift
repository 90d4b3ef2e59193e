package import Alerts
package import CloudTrail
package import Detection

/// From files of which kind the records came that no verified file told alone.
package struct EvidenceLedger: Sendable {
    private var worst: [EventID: EvidenceStanding] = [:]

    package init() {}

    /// Takes a record of a file: of several with the same id, in several files, the worst file counts, for copies of a
    /// record are merged.
    package mutating func note(_ record: Record, _ standing: EvidenceStanding) {
        guard standing > .verified else { return }
        worst[record.id] = max(worst[record.id] ?? .verified, standing)
    }

    /// The worst among the records that decided, that resolved, and that told a fact that is shown.
    ///
    /// What an inventory told counts as verified: whoever replays has vouched for it.
    package func standing(of finding: Finding) -> EvidenceStanding {
        guard !worst.isEmpty else { return .verified }
        let ids = [finding.event.id, finding.resolution?.id] + finding.facts.map(\.eventID)
        return ids.compactMap { $0.flatMap { worst[$0] } }.max() ?? .verified
    }

    /// The worst of all that a message stands for.
    package func standing(of alert: Alert) -> EvidenceStanding {
        alert.instances.map { standing(of: $0.finding) }.reduce(standing(of: alert.finding), max)
    }
}
