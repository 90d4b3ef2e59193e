import CloudTrail

/// A change of a guardrail that a permission, or another guardrail, refused.
struct GuardrailChangeDenied: Rule {
    let metadata = RuleMetadata(
        id: "guardrail-change-denied",
        title: "Attempt to change a guardrail was denied",
        kind: .event,
        severity: .low,
        events: EventNames.any(of: EventNames.guardrails, WatchedCall.organizationPolicies.map(\.name)),
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-allowed-amis.html"],
        attack: ["T1562.001"]
    )

    let subjects = [Subject.Kind.deniedChange]

    let triggers: [Trigger] = [
        .on(.deniedChanges, .subject(.deniedChange)), .on(.deniedChangesOfPrincipal, .countedChanges),
        .on(.policyContent, .changesOfPolicy),
    ]

    let ownFacts =
        WatchedCall.guardrails.map { call in
            CallFacts(refusing: call) { told in tell(.text(ExactText(call.name)), &told) }
        }
        + WatchedCall.organizationPolicies.map { call in
            CallFacts(refusingFieldsOf: call) { fields, told in tell(.fields(fields), &told) }
        }

    private static func tell(_ change: FactValue, _ told: inout RecordFacts) {
        told.add(FactKey(.deniedChanges, .accountRegion(told.scope)), change)
        if let key = DeniedAttempts.key(told.evidence, .deniedChangesOfPrincipal) { told.add(key, change) }
    }

    /// Whether a refused call would have changed a guardrail: of AWS Organizations' policies only EC2 declarative ones are any.
    ///
    /// Nil when nobody told of which type the policy is.
    fileprivate static func isOfGuardrail(_ fact: Fact, _ context: RuleContext) -> Bool? {
        guard let fields = fact.value.fields, fields.text("type") == nil, let policy = fields.text("policy")
        else { return true }
        if context.inForce.declaredPolicies.contains(where: { $0.name == policy }) { return true }
        let told = context.facts.all(of: FactKey(.policyContent, .organization(policy)))
        let types = told.compactMap { $0.value.fields }.filter { $0.text("type") != nil }
        return types.isEmpty ? nil : types.contains(where: \.isOfEC2)
    }

    /// What one principal was refused, as far as it would have changed guardrails.
    fileprivate static func attempts(_ fact: Fact, _ context: RuleContext) -> DeniedAttempts? {
        DeniedAttempts(by: fact.evidence, context, in: .deniedChangesOfPrincipal) {
            isOfGuardrail($0, context) == true
        }
    }

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        let threshold = context.policy.thresholds.repeatedDenials
        let denied = context.facts.all(of: subject.key(of: .deniedChanges))
        var judgement = Judgement()
        for fact in denied {
            let isOfGuardrail = Self.isOfGuardrail(fact, context)
            if isOfGuardrail == false { continue }
            let verdict = isOfGuardrail == nil ? Verdict.undetermined : .violation
            let attempts = Self.attempts(fact, context)
            // Only the last one's count is shown.
            let isLast = FactOrder(fact) == denied.last.map { FactOrder($0) }
            let limit = isLast ? attempts?.limit ?? threshold : threshold
            let count = attempts?.count(upTo: fact, atMost: limit) ?? 1
            let isRepeated = verdict == .violation && count >= threshold
            let severity: Severity = isRepeated ? .high : .low
            let policy = fact.value.fields?.text("policy")
            judgement.occur(fact.evidence, severity, verdict) {
                Judgement.Reason(
                    verdict,
                    severity: severity,
                    facts: [
                        FactStatement("refused call", fact.evidence.name, fact),
                        attempts?.statement(count, fact)
                            ?? FactStatement("denied attempts in 24 hours", String(count), fact),
                    ],
                    missing: isOfGuardrail == nil
                        ? ["whether policy \(policy ?? "") is an EC2 declarative policy"] : [],
                    clause: isRepeated ? "thresholds.repeated_denials" : nil,
                    remediation: [.lookup(fact.evidence, region: subject.scope.region)],
                    message:
                        "An attempt to change a guardrail in \(subject.scope), \(fact.evidence.name)"
                        + "\(policy.map { " of policy \($0)" } ?? ""), was denied."
                )
            }
        }
        return judgement
    }
}

extension Reach {
    /// The accounts and Regions in whose count of refused changes one takes part.
    fileprivate static let countedChanges = Reach("counted changes of guardrails") { _, told, affected in
        let context = RuleContext(FactView(affected.state), policy: affected.inForce)
        for attempt in GuardrailChangeDenied.attempts(told, context)?.counting(told) ?? [] {
            affected.insert(Subject(.deniedChange, attempt.evidence.scope))
        }
    }

    /// The accounts in which a change of the policy was refused: it counts among others of whoever asked.
    fileprivate static let changesOfPolicy = Reach("refused changes of a policy") { key, _, affected in
        guard case .organization(let policy) = key.entity else { return }
        let refused = affected.state.timelineKeys.filter { $0.attribute == .deniedChanges }
        let accounts = refused.filter { key in
            affected.state.timeline(key).facts.contains { $0.value.fields?.text("policy") == policy }
        }.compactMap(\.entity.account)
        for key in refused {
            guard let scope = key.entity.scope, accounts.contains(scope.account) else { continue }
            affected.insert(Subject(.deniedChange, scope))
        }
    }
}

extension Attribute {
    /// Refused changes of guardrails of an account and Region.
    static let deniedChanges = Attribute(0x1031, lifetime: .occurrence)
    /// Refused changes of guardrails by one principal.
    static let deniedChangesOfPrincipal = Attribute(0x1032, lifetime: .occurrence)
}

extension Subject.Kind {
    /// An account and Region, by what was refused there.
    fileprivate static let deniedChange = Subject.Kind(0x1031, .accountRegion)
}
