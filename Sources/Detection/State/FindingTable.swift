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
    /// How many of those that are open each rule has, by what they say.
    private(set) var open: [String: [OpenFindings: Int]] = [:]

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
        if !published.isEmpty { bySubject[identity.subject] = published }
        count(old, identity.rule, -1)
        count(finding, identity.rule, 1)
        return old
    }

    private mutating func count(_ finding: FindingState?, _ rule: String, _ change: Int) {
        guard let finding else { return }
        count += change
        guard finding.status == .open else { return }
        let words = OpenFindings(severity: finding.severity, verdict: finding.verdict)
        open[rule, default: [:]][words, default: 0] += change
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

/// How much is known of the account of which most of it is known.
public struct LargestAccounts: Hashable, Sendable {
    /// Images that one account owns.
    public var images = 0
    /// Instances that one account has launched, or an inventory shows.
    public var instances = 0

    /// Of nothing.
    public init() {}
}

extension State {
    /// The most that any account has; looks at all accounts.
    public var largestAccounts: LargestAccounts {
        var largest = LargestAccounts()
        largest.images = indexes.imagesOwned.values.max() ?? 0
        var instances: [AccountID: Int] = [:]
        for (scope, launches) in indexes.launches { instances[scope.account, default: 0] += launches.count }
        largest.instances = instances.values.max() ?? 0
        return largest
    }

    /// How many open findings say what.
    public var openFindings: [OpenFindings: Int] {
        findings.open.values.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }.filter { $0.value != 0 }
    }

    /// How much it holds.
    public var size: StateSize {
        var size = StateSize()
        size.timelines = storage.timelines.count + storage.instances.wholeCount
        size.images = images.count
        size.findings = findings.count
        size.accounts = clocks.count
        return size
    }
}
