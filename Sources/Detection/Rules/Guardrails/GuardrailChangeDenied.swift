import CloudTrail

/// A change of a guardrail that a permission, or another guardrail, refused.
struct GuardrailChangeDenied: Rule {
    let metadata = RuleMetadata(
        id: "guardrail-change-denied",
        title: "Attempt to change a guardrail was denied",
        kind: .event,
        severity: .low,
        events: EventNames.guardrails,
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-allowed-amis.html"],
        attack: ["T1562.001"]
    )

    let subjects = [Subject.Kind.deniedChange]

    let triggers: [Trigger] = [
        .on(.deniedChanges, .subject(.deniedChange)), .on(.deniedChangesOfPrincipal, .countedChanges),
    ]

    let ownFacts = WatchedCall.guardrails.map { call in
        CallFacts(refusing: call) { told in
            told.add(FactKey(.deniedChanges, .accountRegion(told.scope)), .text(ExactText(call.name)))
            if let key = DeniedAttempts.key(told.evidence, .deniedChangesOfPrincipal) {
                told.add(key, .text(ExactText(call.name)))
            }
        }
    }

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        let threshold = context.policy.thresholds.repeatedDenials
        let denied = context.facts.all(of: subject.key(of: .deniedChanges))
        var judgement = Judgement()
        for fact in denied {
            let attempts = DeniedAttempts(by: fact.evidence, context, in: .deniedChangesOfPrincipal)
            // Only the last one's count is shown.
            let isLast = FactOrder(fact) == denied.last.map { FactOrder($0) }
            let limit = isLast ? attempts?.limit ?? threshold : threshold
            let count = attempts?.count(upTo: fact, atMost: limit) ?? 1
            let isRepeated = count >= threshold
            let severity: Severity = isRepeated ? .high : .low
            judgement.occur(fact.evidence, severity) {
                Judgement.Reason(
                    severity: severity,
                    facts: [
                        FactStatement("refused call", fact.evidence.name, fact),
                        attempts?.statement(count, fact)
                            ?? FactStatement("denied attempts in 24 hours", String(count), fact),
                    ],
                    clause: isRepeated ? "thresholds.repeated_denials" : nil,
                    remediation: [.lookup(fact.evidence, region: subject.scope.region)],
                    message:
                        "An attempt to change a guardrail in \(subject.scope), \(fact.evidence.name), was denied."
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
        let attempts = DeniedAttempts(by: told.evidence, context, in: .deniedChangesOfPrincipal)
        for attempt in attempts?.counting(told) ?? [] {
            affected.insert(Subject(.deniedChange, attempt.evidence.scope))
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
