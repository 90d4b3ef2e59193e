internal import CloudTrail
internal import Detection

/// Findings in the order in which a report tells them, each with its place in the page.
struct ReportedFindings {
    /// Told whole; further ones as rows of a table.
    static let wholeAtMost = 1000
    /// Told at all; further ones are counted.
    static let toldAtMost = 10_000

    struct Entry {
        let id: String
        let finding: Finding
        /// Where it is told; nil when it is counted only.
        let anchor: HTMLWriter.Anchor?
        let isWhole: Bool
    }

    /// Findings of one rule, in order.
    struct Group {
        let rule: String
        var entries: [Entry] = []
        /// The worst of those that stand; nil when all are over.
        let worst: Severity?

        var open: Int { entries.count { $0.finding.status == .open } }
    }

    /// Violations that stand, and findings that are over, by rule: the worst rule first.
    let decided: [Group]
    /// Findings that stand and cannot be decided, by rule.
    let undetermined: [Group]
    /// The findings that a record opened, decided or resolved, by its id.
    private let byEvent: [EventID: [Entry]]
    private let byResource: [ExactText: [Entry]]

    init(_ all: [(id: String, finding: Finding)]) {
        let isUndetermined = { (finding: Finding) in
            finding.status == .open && finding.verdict == .undetermined
        }
        var told = 0
        func groups(_ findings: [(id: String, finding: Finding)]) -> [Group] {
            let byRule = Dictionary(grouping: findings) { $0.finding.identity.rule }
            let order = byRule.map { rule, findings in
                (rule, Self.worst(of: findings), findings.sorted(by: Self.precedes))
            }.sorted { left, right in
                left.1 != right.1 ? Self.isWorse(left.1, right.1) : left.0.bytesPrecede(right.0)
            }
            return order.map { rule, worst, findings in
                Group(
                    rule: rule,
                    entries: findings.map { id, finding in
                        told += 1
                        return Entry(
                            id: id,
                            finding: finding,
                            anchor: told <= Self.toldAtMost ? HTMLWriter.Anchor("finding", told) : nil,
                            isWhole: told <= Self.wholeAtMost
                        )
                    },
                    worst: worst
                )
            }
        }
        decided = groups(all.filter { !isUndetermined($0.finding) })
        undetermined = groups(all.filter { isUndetermined($0.finding) })
        var byEvent: [EventID: [Entry]] = [:]
        var byResource: [ExactText: [Entry]] = [:]
        for entry in (decided + undetermined).flatMap(\.entries) where entry.anchor != nil {
            for event in entry.finding.decisiveEvents { byEvent[event, default: []].append(entry) }
            byResource[ExactText(entry.finding.identity.subject.resource.id), default: []].append(entry)
        }
        self.byEvent = byEvent
        self.byResource = byResource
    }

    var all: [Entry] { (decided + undetermined).flatMap(\.entries) }

    /// Violations that stand.
    var open: [Entry] { decided.flatMap(\.entries).filter { $0.finding.status == .open } }

    /// The findings that a record opened, decided or resolved.
    func findings(by event: EventID) -> [Entry] { byEvent[event] ?? [] }

    /// The findings about a share: those of its resource and grantee, and those that it opened.
    func findings(about share: Chronicle.Share) -> [Entry] {
        (byResource[ExactText(share.resource.id)] ?? []).filter { entry in
            let finding = entry.finding
            return finding.identity.subject.resource == share.resource
                && (finding.identity.subject.discriminator.hasSameBytes(as: share.grantee)
                    || finding.decisiveEvents.contains(share.start.id))
        }
    }

    private static func worst(of findings: [(id: String, finding: Finding)]) -> Severity? {
        findings.map(\.finding).filter { $0.status == .open }.map(\.severity).max()
    }

    private static func isWorse(_ left: Severity?, _ right: Severity?) -> Bool {
        guard let right else { return left != nil }
        return left.map { $0 > right } ?? false
    }

    /// What stands before what is over; then the worst, then the latest.
    static func precedes(
        _ left: (id: String, finding: Finding),
        _ right: (id: String, finding: Finding)
    ) -> Bool {
        let (first, second) = (left.finding, right.finding)
        if first.status != second.status { return first.status == .open }
        if first.severity != second.severity { return first.severity > second.severity }
        if first.lastSeen != second.lastSeen { return first.lastSeen > second.lastSeen }
        return left.id < right.id
    }
}
