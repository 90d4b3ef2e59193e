import CloudTrail

/// A share that would be a violation and was refused: by block public access, IAM or a declarative policy.
struct AMIShareAttemptDenied: Rule {
    let metadata = RuleMetadata(
        id: "ami-share-attempt-denied",
        title: "Attempt to share an image outside was denied",
        kind: .event,
        severity: .low,
        events: ["ModifyImageAttribute"],
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-public-access-to-amis.html"],
        attack: ["T1537"]
    )

    let subjects = Subject.Kind.refusedShare

    func judge(_ subject: Subject, in scene: Scene) -> Judgement? {
        guard case .refusedShare(let place, let image, let grantee) = subject else { return nil }
        var judgement = Judgement()
        for fact in scene.state.timeline(.refusedShare(place, image, grantee)).facts {
            let trust = ShareTrust(
                owner: place.account,
                time: fact.time,
                state: scene.state,
                policy: scene.policy
            )
            guard let objection = trust.objection(to: grantee) else { continue }
            let attempts = recentAttempts(fact, scene)
            let threshold = scene.policy.thresholds.repeatedDenials
            let isRepeated = attempts >= threshold
            judgement.occur(
                fact.evidence,
                Judgement.Reason(
                    severity: isRepeated ? .high : .low,
                    facts: objection.facts + [
                        FactStatement("refused grantee", grantee.description, fact),
                        FactStatement("denied attempts in 24 hours", String(attempts), fact),
                    ],
                    clause: isRepeated ? "thresholds.repeated_denials" : objection.clause,
                    message: "An attempt to share image \(image) with \(objection.description) was denied."
                )
            )
        }
        return judgement
    }

    /// The principal's refused calls in the 24 hours that end with this one, each a violation had it succeeded.
    private func recentAttempts(_ fact: Fact, _ scene: Scene) -> Int {
        guard let principal = fact.evidence.actor.principalARN else { return 1 }
        let start = fact.time.advanced(bySeconds: -86_400)
        let account = fact.evidence.account
        return scene.state.timeline(.refusals(account, principal: principal)).prefix(asOf: fact.time)
            .reversed().prefix { $0.time > start }
            .count {
                guard !(fact.evidence.id < $0.evidence.id && $0.time == fact.time),
                    case .refused(_, let grantees) = $0.value
                else { return false }
                let trust = ShareTrust(
                    owner: account,
                    time: $0.time,
                    state: scene.state,
                    policy: scene.policy
                )
                return grantees.contains { trust.objection(to: $0) != nil }
            }
    }
}
