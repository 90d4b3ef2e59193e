import CloudTrail

// Facts go, and what was said because of them stays as it was said.

extension Engine {
    /// Takes facts off their timeline; nothing is said because they are gone.
    mutating func forget(_ stale: ArraySlice<Fact>, at key: FactKey, into alerts: inout [Alert]) {
        guard !stale.isEmpty else { return }
        let leaving = stale.map { KeyedFact(key, $0) }
        let affected = reached(by: leaving)
        witness?.affected(Array(affected), by: leaving, in: self)
        let subjects = affected.filter { owns($0) }
        // What they have to say is said while all of it is known.
        evaluateDeferred(subjects, into: &alerts)
        var before: [FindingIdentity: SaidBefore] = [:]
        for subject in subjects {
            for said in judgements(of: subject).said {
                let identity = FindingIdentity(rule: said.rule.metadata.id, subject: subject)
                before[identity] = SaidBefore(said.judgement, isPublished: isPublished(identity, said))
            }
        }
        for fact in stale { state.remove(fact, at: key) }
        for subject in subjects {
            let (all, isLong, _) = judgements(of: subject)
            agenda.deferral.note(subject, isLong: isLong)
            // What is left may have deadlines of its own.
            var deadlines: [Timers.Deadline] = []
            for said in all {
                let identity = FindingIdentity(rule: said.rule.metadata.id, subject: subject)
                let (_, end) = published(identity, said.judgement, said.rule.metadata, said.known)
                if let deadline = said.deadline(suppressedUntil: end) { deadlines.append(deadline) }
                keep(identity, said, before: before[identity] ?? SaidBefore())
            }
            agenda.timers.set(deadlines, of: subject)
        }
    }

    /// What a rule said of a subject before facts were forgotten.
    private struct SaidBefore {
        var occurrences = 0
        var firstSeen = EventTime.distantFuture
        var lastSeen = EventTime.distantPast
        /// Whether it had nothing to say that was worth telling.
        var isPublished = true

        init() {}

        init(_ judgement: Judgement?, isPublished: Bool) {
            self.isPublished = isPublished
            guard let judgement else { return }
            (occurrences, firstSeen) = (judgement.occurrences, judgement.firstSeen)
            lastSeen = judgement.lastSeen
        }
    }

    private func isPublished(_ identity: FindingIdentity, _ said: Said) -> Bool {
        guard let known = said.known else { return said.judgement?.last == nil }
        guard let finding = finding(identity, said, known) else {
            return known.status == .retracted || isFrozen(known, said.judgement)
        }
        if case .none = finding.news(since: known) { return true }
        return false
    }

    private func finding(_ identity: FindingIdentity, _ said: Said, _ known: FindingState) -> Finding? {
        said.judgement.flatMap { form(of: identity, $0, said.rule.metadata, known) }
    }

    /// Nothing is said only because facts are gone: a finding goes on saying what it said, with the occurrences that are
    /// forgotten still counted, and what was none does not become one.
    private mutating func keep(_ identity: FindingIdentity, _ said: Said, before: SaidBefore) {
        guard var known = said.known else {
            guard before.isPublished, let judgement = said.judgement,
                let finding = form(of: identity, judgement, said.rule.metadata, nil)
            else { return }
            state.setFinding(FindingState(unsaid: finding, at: clock(of: identity)), identity)
            noteEnd(identity, changed: clock(of: identity))
            return
        }
        let forgotten = before.occurrences - (said.judgement?.occurrences ?? 0)
        if forgotten > 0 {
            known.forgotten += forgotten
            known.firstSeen = min(known.firstSeen, before.firstSeen)
            if before.isPublished { known.lastSeen = max(known.lastSeen, before.lastSeen) }
        }
        if before.isPublished, let now = finding(identity, said, known) {
            known.fingerprint = now.fingerprint
            (known.severity, known.verdict) = (now.severity, now.verdict)
        }
        if known != said.known { state.setFinding(known, identity) }
    }

    private func clock(of identity: FindingIdentity) -> EventTime {
        state.clock(of: identity.subject.scope.account)
    }
}
