import CloudTrail

/// An image made of an instance, or copied, and shared outside soon after: how a disk leaves an account.
struct AMICreatedThenShared: Rule {
    let metadata = RuleMetadata(
        id: "ami-created-then-shared",
        title: "Image shared outside soon after it was created",
        kind: .sequence,
        severity: .high,
        events: EventNames.sharing,
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharing-amis.html"],
        attack: ["T1537", "T1578"]
    )

    let subjects = [Subject.Kind.share]

    let triggers = ShareHistory.triggers

    private static let creating = [WatchedCall.copyImage.name, WatchedCall.createImage.name]

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let share = ShareHistory(of: subject, in: context) else { return nil }
        let creations = context.facts.image(share.image).all(of: .lifecycle).filter {
            Self.creating.contains($0.evidence.name)
        }
        let seconds = Int64(context.policy.thresholds.createThenShareMinutes) * 60
        var judgement = Judgement()
        for grant in share.grants {
            guard let creation = creations.last(where: { $0.time <= grant.time }),
                grant.time < creation.time.advanced(bySeconds: seconds),
                let objection = share.trust(at: grant.time).objection(to: share.grantee), objection.isOutside
            else { continue }
            judgement.occur(grant.evidence, .high, objection.verdict) {
                let call = creation.evidence
                return Judgement.Reason(
                    objection.verdict,
                    severity: .high,
                    facts: objection.facts + [
                        FactStatement("created by", call.name, creation),
                        FactStatement("creator", call.actor.principalARN ?? "unknown", creation),
                        FactStatement("launch permission", share.grantee.description, grant),
                    ],
                    missing: objection.missing,
                    clause: "thresholds.create_then_share_minutes",
                    remediation: objection.verdict == .violation ? [share.removal] : [],
                    message: "Image \(share.image) of account \(share.scope.account) was shared with "
                        + "\(objection.description) \(grant.time.words(since: creation.time)) "
                        + "after \(call.name) made it."
                )
            }
        }
        return judgement
    }
}
