import CloudTrail

/// A share that would be a violation and was refused: by block public access, IAM or a declarative policy.
struct AMIShareAttemptDenied: Rule {
    let metadata = RuleMetadata(
        id: "ami-share-attempt-denied",
        title: "Attempt to share an image outside was denied",
        kind: .event,
        severity: .low,
        events: EventNames.any(of: ["ModifyImageAttribute"], EventNames.membership),
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-public-access-to-amis.html"],
        attack: ["T1537"]
    )

    let subjects = [Subject.Kind.refusedShare]

    let triggers =
        [.on(.refusedShare, .subject(.refusedShare))] + DeniedAttempts.triggers + ShareTrust.triggers

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let image = subject.id, let grantee = subject.grantee else { return nil }
        let scope = subject.scope
        var judgement = Judgement()
        let denied = context.facts.all(of: subject.key(of: .refusedShare)).compactMap { fact in
            trust(scope.account, fact.time, context).objection(to: grantee).map { (fact, $0) }
        }
        let threshold = context.policy.thresholds.repeatedDenials
        for (index, (fact, objection)) in denied.enumerated() {
            let attempts = DeniedAttempts(by: fact.evidence, context)
            // Only the last one's count is shown.
            let limit = index + 1 == denied.count ? attempts?.limit ?? threshold : threshold
            let count = attempts?.count(upTo: fact, atMost: limit) ?? 1
            let isRepeated = count >= threshold && objection.verdict == .violation
            judgement.occur(
                fact.evidence,
                Judgement.Reason(
                    objection.verdict,
                    severity: isRepeated ? .high : .low,
                    facts: objection.facts + [
                        FactStatement("refused grantee", grantee.description, fact),
                        attempts?.statement(count, fact)
                            ?? FactStatement("denied attempts in 24 hours", String(count), fact),
                    ],
                    missing: objection.missing,
                    clause: isRepeated ? "thresholds.repeated_denials" : objection.clause,
                    remediation: [.lookup(fact.evidence, region: scope.region)],
                    message: "An attempt to share image \(image) with \(objection.description) was denied."
                )
            )
        }
        return judgement
    }

    private func trust(_ owner: AccountID, _ time: EventTime, _ context: RuleContext) -> ShareTrust {
        ShareTrust(owner: owner, time: time, context: context)
    }
}
