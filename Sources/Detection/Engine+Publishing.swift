import CloudTrail

// From what rules say to alerts: one whenever, and only when, what a finding says has changed.

extension Engine {
    /// What a finding says, unless there is none or a suppression holds it back; with the time until which one does.
    func published(
        _ identity: FindingIdentity,
        _ judgement: Judgement?,
        _ rule: RuleMetadata,
        _ known: FindingState?
    ) -> (finding: Finding?, suppressedUntil: EventTime?) {
        guard let judgement, let finding = form(of: identity, judgement, rule, known),
            known != nil || !isForgotten(finding, rule)
        else { return (nil, nil) }
        let end = suppressions(of: identity, judgement).map { $0.entry.ends }.max()
        return (end == nil ? finding : nil, end)
    }

    mutating func publish(
        _ finding: Finding,
        _ judgement: Judgement,
        _ known: FindingState?,
        _ cause: EvaluationCause,
        into alerts: inout [Alert]
    ) {
        let fingerprint = finding.fingerprint
        let news = finding.news(since: known, fingerprint)
        if case .none = news { return }
        var next = FindingState(
            status: finding.status,
            revision: known?.revision ?? 0,
            fingerprint: fingerprint,
            occurrences: finding.occurrences,
            forgotten: known?.forgotten ?? 0,
            firstSeen: finding.firstSeen,
            lastSeen: finding.lastSeen,
            changed: state.clock(of: finding.identity.subject.scope.account),
            severity: finding.severity,
            verdict: finding.verdict
        )
        if case .openedAndResolved = news {
            next.revision += 1
            alerts.append(alert(opened(finding, judgement), next.revision, cause))
        }
        next.revision += 1
        var told = finding
        if finding.status == .open, known?.status == .open { told.status = .updated }
        next.hasToldChange = told.status == .updated
        let alert = alert(told, next.revision, cause)
        if finding.status == .open { next.lastAlert = LastAlert(event: told.event.id, cause: alert.cause) }
        alerts.append(alert)
        state.setFinding(next, finding.identity)
        noteEnd(finding.identity, changed: next.changed)
    }

    mutating func retract(
        _ identity: FindingIdentity,
        _ known: FindingState,
        _ judgement: Judgement?,
        _ rule: RuleMetadata,
        _ cause: EvaluationCause,
        into alerts: inout [Alert]
    ) {
        var next = known
        next.status = .retracted
        next.revision += 1
        next.fingerprint = 0
        next.occurrences = 0
        next.forgotten = 0
        next.lastAlert = nil
        let scope = identity.subject.scope
        next.changed = state.clock(of: scope.account)
        state.setFinding(next, identity)
        noteEnd(identity, changed: next.changed)
        let record = cause.evidence
        let suppression = judgement.flatMap {
            suppressions(of: identity, $0).max { $0.entry.ends < $1.entry.ends }
        }
        let finding = Finding(
            identity: identity,
            status: .retracted,
            verdict: .allowed,
            title: rule.title,
            severity: policy.rules[rule.id]?.severity ?? rule.severity,
            event: record
                ?? Evidence(
                    id: .text("policy/\(policy.hash)"),
                    time: known.lastSeen,
                    origin: Origin(
                        account: scope.account,
                        region: scope.region,
                        name: "PolicyChange",
                        source: "amiwatch"
                    ),
                    actor: .unknown
                ),
            actor: suppression == nil ? .unknown : judgement?.last?.evidence.actor ?? .unknown,
            firstSeen: known.firstSeen,
            lastSeen: known.lastSeen,
            occurrences: 0,
            facts: record.map { [FactStatement("retracted by", $0.name, $0)] } ?? [],
            missing: [],
            clause: suppression.map { "suppressions[\($0.index)]" },
            remediation: [],
            message: suppression?.entry.words ?? Self.retraction(cause)
        )
        alerts.append(alert(finding, next.revision, cause))
    }

    private static func retraction(_ cause: EvaluationCause) -> String {
        switch cause {
        case .record(let evidence): "Later evidence, \(evidence.name), shows that this was no violation."
        case .policy: "By the policy in force this is no violation."
        case .settling, .time, .restored: "Later evidence, or the policy, shows that this was no violation."
        }
    }

    private func alert(_ finding: Finding, _ revision: Int, _ cause: EvaluationCause) -> Alert {
        Alert(
            finding,
            revision: revision,
            cause: cause.cause(of: finding),
            policyHash: policy.hash
        )
    }

    /// Event and launch findings older than the horizon stand when their facts are gone.
    func isFrozen(_ known: FindingState, _ judgement: Judgement?) -> Bool {
        guard settings.horizonSeconds != nil, known.forgotten > 0, judgement?.last == nil else {
            return false
        }
        // What is forgotten cannot be what keeps it open.
        return known.status != .open || !(judgement?.isToldByNewest ?? false)
    }

    // MARK: What a finding says

    func form(
        of identity: FindingIdentity,
        _ judgement: Judgement,
        _ rule: RuleMetadata,
        _ known: FindingState?
    ) -> Finding? {
        guard let last = judgement.last else { return nil }
        let reason = last.reason()
        let forgotten = known?.forgotten ?? 0
        let resolution = judgement.resolution
        var facts = reason.facts
        if let resolution { facts.append(FactStatement("resolved by", resolution.name, resolution)) }
        return Finding(
            identity: identity,
            status: resolution == nil ? .open : .resolved,
            verdict: resolution == nil ? judgement.verdict : .allowed,
            title: rule.title,
            severity: policy.rules[rule.id]?.severity ?? judgement.worst ?? rule.severity,
            event: resolution ?? last.evidence,
            actor: last.evidence.actor,
            resolution: resolution,
            firstSeen: forgotten > 0
                ? min(known?.firstSeen ?? .distantFuture, judgement.firstSeen) : judgement.firstSeen,
            lastSeen: judgement.lastSeen,
            occurrences: judgement.occurrences + forgotten,
            facts: facts.sorted(by: FactStatement.precedes),
            missing: resolution == nil ? judgement.missing.sorted { $0.bytesPrecede($1) } : [],
            clause: reason.clause,
            remediation: resolution == nil ? reason.remediation : [],
            message: resolution.map { Self.resolved($0, judgement.verdict, reason.message) }
                ?? reason.openMessage
        )
    }

    /// What is said of a finding whose cause is gone: in words that do not claim that it is still there.
    private static func resolved(_ resolution: Evidence, _ verdict: Verdict, _ message: String) -> String {
        verdict == .undetermined
            ? "Ended by \(resolution.name), never decided: \(message)"
            : "Resolved by \(resolution.name); until then: \(message)"
    }

    /// The finding as it was before its resolution.
    private func opened(_ finding: Finding, _ judgement: Judgement) -> Finding {
        guard let last = judgement.last else { return finding }
        var opened = finding
        opened.status = .open
        opened.verdict = judgement.verdict
        opened.event = last.evidence
        opened.resolution = nil
        opened.facts = last.reason().facts.sorted(by: FactStatement.precedes)
        opened.missing = judgement.missing.sorted { $0.bytesPrecede($1) }
        opened.remediation = last.reason().remediation
        opened.message = last.reason().openMessage
        return opened
    }

    /// The suppressions that cover a finding now, each with its place in the policy.
    func suppressions(
        of identity: FindingIdentity,
        _ judgement: Judgement
    ) -> [(index: Int, entry: Policy.Suppression)] {
        policy.suppressions.enumerated().filter { _, entry in
            entry.ends > state.streamTime && entry.covers(identity)
                && (entry.principal.map { judgement.principals.areAll($0) } ?? true)
                && (entry.image.map { image(of: identity.subject).map($0.matches) ?? false } ?? true)
        }.map { ($0.offset, $0.element) }
    }

    /// The image that a finding is about, or that its instance was launched from.
    private func image(of subject: Subject) -> String? {
        if subject.kind == .calledInstance, let calls = subject.calls {
            return state.timeline(calls).facts.lazy.compactMap { $0.value.fields?.id("image")?.description }
                .first
        }
        if subject.kind == .launch { return LaunchRecord(subject, in: FactView(state))?.image?.description }
        let resource = subject.resource
        return resource.type == .image ? resource.id : nil
    }
}

extension Policy.Suppression {
    func covers(_ identity: FindingIdentity) -> Bool {
        let subject = identity.subject
        return rule == identity.rule && (account ?? subject.scope.account) == subject.scope.account
            && (region.map { $0 == ExactText(subject.scope.region) } ?? true)
            && (resource?.matches(subject.resource.id) ?? true)
            && (discriminator.map { $0 == subject.discriminator.map { ExactText($0) } } ?? true)
    }

    /// Why a finding is told no more.
    fileprivate var words: String {
        "Suppressed to the end of \(lastDay): \(reason)"
    }
}
