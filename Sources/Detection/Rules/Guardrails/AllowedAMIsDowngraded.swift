import CloudTrail

/// Allowed AMIs taken from `enabled` to `audit-mode`, also by way of `disabled`.
struct AllowedAMIsDowngraded: Rule {
    let metadata = RuleMetadata(
        id: "allowed-amis-downgraded",
        title: "Allowed AMIs was downgraded to audit-mode",
        kind: .event,
        severity: .high,
        events: EventNames.allowedImages,
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-allowed-amis.html"],
        attack: ["T1562.001"]
    )

    let subjects = [Subject.Kind.guardrails]

    let triggers: [Trigger] = [.on(.allowedImages, .subject(.guardrails))]

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        let scope = subject.scope
        var judgement = Judgement()
        var strength: (state: AllowedImagesState, fact: Fact)?
        for fact in context.facts.all(of: .allowedImages(scope)) {
            guard case .allowedImages(let state) = fact.value, state != .disabled else { continue }
            if state == .enabled {
                judgement.resolve(fact.evidence)
            } else if let strength, strength.state == .enabled, !fact.evidence.isInventory {
                judgement.occur(fact.evidence, .high) {
                    Judgement.Reason(
                        severity: .high,
                        facts: [
                            FactStatement("allowed AMIs state", state.rawValue, fact),
                            FactStatement("state before", strength.state.rawValue, strength.fact),
                        ],
                        remediation: [AllowedAMIsCommands.enable(scope)],
                        message:
                            "Allowed AMIs went from enabled to audit-mode in \(scope): nothing is blocked there."
                    )
                }
            }
            strength = (state, fact)
        }
        return judgement
    }
}
