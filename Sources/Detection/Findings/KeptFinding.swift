public import CloudTrail

/// A finding as the state keeps it: what was published of it, and what it says as far as its facts are still kept.
public struct KeptFinding: Sendable {
    /// What is still known of it.
    public enum Content: Sendable {
        /// Everything.
        case whole(Finding)
        /// It never was one: later evidence, the policy or a suppression has taken it back.
        case retracted
        /// It stands as it was published, but the facts behind it are no longer kept.
        case forgotten
    }

    /// Which one.
    public let identity: FindingIdentity
    /// `open`, `resolved` or `retracted`.
    public let status: FindingStatus
    /// What the judgement is; `allowed` once resolved or retracted.
    public let verdict: Verdict
    /// One line about the rule.
    public let title: String
    /// How bad it is.
    public let severity: Severity
    /// The least time of an occurrence.
    public let firstSeen: EventTime
    /// The greatest time of an occurrence.
    public let lastSeen: EventTime
    /// Distinct records judged violating or undetermined.
    public let occurrences: Int
    /// What is still known of it.
    public let content: Content

    /// A finding of which everything is known.
    init(_ finding: Finding) {
        identity = finding.identity
        (status, verdict, severity) = (finding.status, finding.verdict, finding.severity)
        (title, content) = (finding.title, .whole(finding))
        (firstSeen, lastSeen) = (finding.firstSeen, finding.lastSeen)
        occurrences = finding.occurrences
    }

    /// A finding of which only what was published is known.
    init(_ identity: FindingIdentity, _ known: FindingState, _ rule: RuleMetadata, _ severity: Severity) {
        self.identity = identity
        status = known.status
        verdict = known.status == .open ? known.verdict ?? .undetermined : .allowed
        title = rule.title
        // As the alert has it that took it back.
        self.severity = known.status == .retracted ? severity : known.severity ?? severity
        (firstSeen, lastSeen) = (known.firstSeen, known.lastSeen)
        occurrences = known.occurrences
        content = known.status == .retracted ? .retracted : .forgotten
    }

    /// Its final form; nil where that is no longer known, and of a retracted one.
    public var finding: Finding? { if case .whole(let finding) = content { finding } else { nil } }

    /// One sentence for people.
    public var message: String {
        switch content {
        case .whole(let finding): finding.message
        case .retracted: "Later evidence, or the policy, shows that this was no violation."
        case .forgotten: "This stands as it was published; the facts behind it are no longer kept."
        }
    }
}

extension KeptFinding {
    /// The worst first; then by account, Region, rule and resource.
    static func precedes(_ left: KeptFinding, _ right: KeptFinding) -> Bool {
        if left.severity != right.severity { return left.severity > right.severity }
        let (subject, other) = (left.identity.subject, right.identity.subject)
        if subject.scope != other.scope { return subject.scope < other.scope }
        if left.identity.rule != right.identity.rule {
            return left.identity.rule.bytesPrecede(right.identity.rule)
        }
        return subject < other
    }
}

/// Every finding that was published and is kept.
public struct KeptFindings: Sendable {
    /// The findings, the worst first.
    public internal(set) var all: [KeptFinding] = []
    /// How many of them are about to say something else, when whoever judges them has come so far.
    public internal(set) var changing = 0
    /// Of these, how many were judged by another policy.
    public internal(set) var judgedByOther = 0
}

extension Engine {
    /// Every finding that was published and is kept: open, resolved and retracted.
    ///
    /// Stream time comes to where the accounts' clocks are, as for whoever judges them. Follows `restore`.
    public mutating func keptFindings() -> KeptFindings {
        catchUpStreamTime()
        var kept = KeptFindings()
        for subject in Set(state.findings.subjects) {
            let said = judgements(of: subject).said
            for published in state.findings.published(about: subject) where !published.finding.isUnsaid {
                guard let rule = rules.rule(published.rule)?.metadata else { continue }
                let identity = FindingIdentity(rule: published.rule, subject: subject)
                let judgement = said.first { $0.rule.metadata.id == rule.id }?.judgement
                let finding = current(identity, judgement, rule, published.finding)
                if isChanging(finding, judgement, since: published.finding) {
                    kept.changing += 1
                    if !judges.knows(subject.scope.account) { kept.judgedByOther += 1 }
                }
                kept.all.append(
                    finding.map { KeptFinding($0) }
                        ?? KeptFinding(identity, published.finding, rule, severity(of: rule))
                )
            }
        }
        kept.all.sort(by: KeptFinding.precedes)
        return kept
    }

    /// One of these findings; nil when nothing is kept of it.
    ///
    /// Changes nothing, so that it may be asked of an engine at work.
    public func keptFinding(_ identity: FindingIdentity) -> KeptFinding? {
        guard let known = state.findings[identity], !known.isUnsaid,
            let rule = rules.rule(identity.rule)?.metadata
        else { return nil }
        let said = judgements(of: identity.subject).said.first { $0.rule.metadata.id == rule.id }
        return current(identity, said?.judgement, rule, known).map { KeptFinding($0) }
            ?? KeptFinding(identity, known, rule, severity(of: rule))
    }

    /// How bad the policy calls a rule's findings.
    func severity(of rule: RuleMetadata) -> Severity { policy.rules[rule.id]?.severity ?? rule.severity }

    /// What a finding says now; nil when it is none, or its facts are forgotten.
    private func current(
        _ identity: FindingIdentity,
        _ judgement: Judgement?,
        _ rule: RuleMetadata,
        _ known: FindingState
    ) -> Finding? {
        guard let judgement, suppressions(of: identity, judgement).isEmpty else { return nil }
        return form(of: identity, judgement, rule, known)
    }

    /// Whether something else is about to be published of it.
    private func isChanging(_ finding: Finding?, _ judgement: Judgement?, since known: FindingState) -> Bool {
        guard let finding else { return known.status != .retracted && !isFrozen(known, judgement) }
        if case .none = finding.news(since: known) { return false }
        return true
    }
}
