import CloudTrail

// The last alert of each finding that stands, made again from the state alone.

extension Engine {
    /// What can be said again of a finding that stands.
    public enum Republished: Sendable {
        /// Its last alert, with what the finding says now.
        case alert(Alert)
        /// Whoever judges it is about to say something else of it; or another policy is in force there.
        case changing(isJudgedByOther: Bool)
        /// Its facts are forgotten.
        case forgotten
    }

    /// The findings that stand, by what was last published about them, in the order in which subjects are judged.
    ///
    /// Stream time comes to where the accounts' clocks are, as for whoever judges them. Follows `restore`.
    public mutating func openFindings() -> [FindingIdentity] {
        catchUpStreamTime()
        return state.findings.all.filter { $0.finding.status == .open }.map(\.identity).sorted()
    }

    /// The last alert of a finding that stands: with its id, revision, status and cause.
    ///
    /// What it says is the finding's final form: where more of the same has happened since, that was not worth telling
    /// (`News`), it says so. Changes nothing, and publishes nothing that was not published before.
    public func republished(_ identity: FindingIdentity) -> Republished {
        let said = judgements(of: identity.subject).said.first { $0.rule.metadata.id == identity.rule }
        let isJudgedByOther = !judges.knows(identity.subject.scope.account)
        guard let said, let known = said.known, known.status == .open else {
            return .changing(isJudgedByOther: isJudgedByOther)
        }
        if isFrozen(known, said.judgement) { return .forgotten }
        guard let judgement = said.judgement,
            var finding = form(of: identity, judgement, said.rule.metadata, known),
            case .none = finding.news(since: known), suppressions(of: identity, judgement).isEmpty
        else { return .changing(isJudgedByOther: isJudgedByOther) }
        if known.hasToldChange { finding.status = .updated }
        return .alert(
            Alert(
                finding,
                revision: known.revision,
                cause: known.lastAlert?.cause ?? .event,
                policyHash: policy.hash,
                republishing: known.lastAlert?.event ?? finding.event.id
            )
        )
    }
}
