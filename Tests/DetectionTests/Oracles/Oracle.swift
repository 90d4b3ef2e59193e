import CloudTrail

@testable import Detection

/// What a finding should be, as a slow and naive reading of the rules' sentences over the sorted records tells.
struct FindingSketch: Equatable {
    var isOpen: Bool
    var occurrences: Int
    var firstSeen: EventTime
    var lastSeen: EventTime
    var severity: Severity
    var verdict: Verdict

    /// One more violating record; the finding is open again.
    static func occur(
        _ known: inout FindingSketch?,
        _ record: Record,
        _ severity: Severity,
        _ verdict: Verdict = .violation
    ) {
        guard var next = known else {
            known = FindingSketch(
                isOpen: true,
                occurrences: 1,
                firstSeen: record.time,
                lastSeen: record.time,
                severity: severity,
                verdict: verdict
            )
            return
        }
        next.severity = next.isOpen ? max(next.severity, severity) : severity
        next.verdict = next.isOpen && next.verdict == .violation ? .violation : verdict
        next.isOpen = true
        next.occurrences += 1
        next.firstSeen = min(next.firstSeen, record.time)
        next.lastSeen = max(next.lastSeen, record.time)
        known = next
    }

    /// The cause is gone.
    static func resolve(_ known: inout FindingSketch?) {
        known?.isOpen = false
        known?.verdict = .allowed
    }

    /// What an engine says.
    init(_ finding: Finding) {
        isOpen = finding.status == .open
        occurrences = finding.occurrences
        firstSeen = finding.firstSeen
        lastSeen = finding.lastSeen
        severity = finding.severity
        verdict = finding.verdict
    }

    private init(
        isOpen: Bool,
        occurrences: Int,
        firstSeen: EventTime,
        lastSeen: EventTime,
        severity: Severity,
        verdict: Verdict
    ) {
        self.isOpen = isOpen
        self.occurrences = occurrences
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
        self.severity = severity
        self.verdict = verdict
    }
}

/// The distinct records of a history: copies of one id are one record.
func distinct(_ records: [Record]) -> [Record] {
    var merged: [String: Record] = [:]
    for record in records {
        let key = "\(record.account) \(record.id)"
        merged[key] = merged[key]?.merged(with: record) ?? record
    }
    return Array(merged.values)
}

extension [Record] {
    /// In the order of the rules: time; what comes into being, changes, ends; the riskier later; event id.
    func ordered(_ scope: (Record) -> (phase: Int, risk: Int)) -> [Record] {
        sorted { left, right in
            let (a, b) = (scope(left), scope(right))
            return (left.time.seconds, a.phase, a.risk, left.id.description)
                < (right.time.seconds, b.phase, b.risk, right.id.description)
        }
    }
}
