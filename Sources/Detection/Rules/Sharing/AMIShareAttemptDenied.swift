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
        let denied = scene.state.timeline(.refusedShare(place, image, grantee)).facts.compactMap { fact in
            trust(place.account, fact.time, scene).objection(to: grantee).map { (fact, $0) }
        }
        let threshold = scene.policy.thresholds.repeatedDenials
        for (index, (fact, objection)) in denied.enumerated() {
            // Only the last one's count is shown.
            let limit = index + 1 == denied.count ? Int.max : threshold
            let attempts = recentAttempts(fact, scene, atMost: limit)
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
    private func recentAttempts(_ fact: Fact, _ scene: Scene, atMost limit: Int) -> Int {
        guard let principal = fact.evidence.actor.principalARN else { return 1 }
        let start = fact.time.advanced(bySeconds: -86_400)
        let account = fact.evidence.account
        var count = 0
        for other in scene.state.timeline(.refusals(account, principal: principal)).prefix(asOf: fact.time)
            .reversed()
        {
            guard other.time > start, count < limit else { break }
            guard !(fact.evidence.id < other.evidence.id && other.time == fact.time),
                case .refused(_, let grantees) = other.value
            else { continue }
            let trust = trust(account, other.time, scene)
            if grantees.contains(where: { trust.objection(to: $0) != nil }) { count += 1 }
        }
        return count
    }

    private func trust(_ owner: AccountID, _ time: EventTime, _ scene: Scene) -> ShareTrust {
        ShareTrust(owner: owner, time: time, scene: scene)
    }
}
