import CloudTrail

/// What was published, by subject: of most subjects nothing, of the others one or two findings.
struct FindingTable: Sendable {
    struct Published: Sendable {
        let rule: String
        let finding: FindingState
    }

    private var bySubject: [Subject: [Published]] = [:]

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
        return old
    }

    /// The subjects of all findings.
    var subjects: some Sequence<Subject> { bySubject.keys }

    /// All findings.
    var all: some Sequence<(identity: FindingIdentity, finding: FindingState)> {
        bySubject.lazy.flatMap { subject, published in
            published.lazy.map { (FindingIdentity(rule: $0.rule, subject: subject), $0.finding) }
        }
    }
}
