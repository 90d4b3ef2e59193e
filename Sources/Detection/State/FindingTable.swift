import CloudTrail

/// What was published, by subject: of most subjects nothing, of the others one or two findings.
struct FindingTable: Sendable {
    struct Published: Sendable {
        let rule: String
        let finding: FindingState
    }

    private var bySubject: [Subject: [Published]] = [:]
    /// How many there are.
    private(set) var count = 0
    /// How many of those that are open say what.
    private(set) var open: [OpenFindings: Int] = [:]
    /// How many of those that are open each rule has.
    private var openOfRule: [String: Int] = [:]

    /// How many findings of a rule are open.
    func openCount(of rule: String) -> Int { openOfRule[rule] ?? 0 }

    /// What was published about a subject.
    func published(about subject: Subject) -> [Published] { bySubject[subject] ?? [] }

    subscript(identity: FindingIdentity) -> FindingState? {
        bySubject[identity.subject]?.first { $0.rule.hasSameBytes(as: identity.rule) }?.finding
    }

    /// Puts a finding in the place of what was known; nil forgets it.
    mutating func update(_ finding: FindingState?, _ identity: FindingIdentity) -> FindingState? {
        var published = bySubject.removeValue(forKey: identity.subject) ?? []
        let index = published.firstIndex { $0.rule.hasSameBytes(as: identity.rule) }
        let old = index.map { published.remove(at: $0).finding }
        if let finding { published.append(Published(rule: identity.rule, finding: finding)) }
        let change = (finding?.status == .open ? 1 : 0) - (old?.status == .open ? 1 : 0)
        if change != 0 { openOfRule[identity.rule, default: 0] += change }
        if !published.isEmpty { bySubject[identity.subject] = published }
        count(old, -1)
        count(finding, 1)
        return old
    }

    private mutating func count(_ finding: FindingState?, _ change: Int) {
        guard let finding else { return }
        count += change
        guard finding.status == .open else { return }
        open[OpenFindings(severity: finding.severity, verdict: finding.verdict), default: 0] += change
    }

    /// So many subjects behind one of them, or from the start; nil when that one is gone.
    func subjects(behind last: Subject?, atMost count: Int) -> [Subject]? {
        bySubject.keys(behind: last, atMost: count)
    }

    /// Another number when the subjects are kept in another order.
    var capacity: Int { bySubject.capacity }

    /// The subjects of all findings.
    var subjects: some Sequence<Subject> { bySubject.keys }

    /// All findings.
    var all: some Sequence<(identity: FindingIdentity, finding: FindingState)> {
        bySubject.lazy.flatMap { subject, published in
            published.lazy.map { (FindingIdentity(rule: $0.rule, subject: subject), $0.finding) }
        }
    }
}

/// Findings that are open, of one severity and verdict.
public struct OpenFindings: Hashable, Sendable {
    /// Nil where an older version published them.
    public let severity: Severity?
    /// Nil where an older version published them.
    public let verdict: Verdict?

    /// Those of a severity and verdict.
    public init(severity: Severity?, verdict: Verdict?) {
        (self.severity, self.verdict) = (severity, verdict)
    }
}

/// How much a state holds, by kind of entry.
public struct StateSize: Hashable, Sendable {
    /// Things of which facts are known, each attribute for itself.
    public var timelines = 0
    /// Images of which anything is known.
    public var images = 0
    /// Findings that were published, open or not.
    public var findings = 0
    /// Accounts of which records were read.
    public var accounts = 0

    /// Of nothing.
    public init() {}
}

extension State {
    /// How many open findings say what.
    public var openFindings: [OpenFindings: Int] { findings.open.filter { $0.value != 0 } }

    /// How much it holds.
    public var size: StateSize {
        var size = StateSize()
        size.timelines = storage.timelines.count
        size.images = images.count
        size.findings = findings.count
        size.accounts = clocks.count
        return size
    }
}
