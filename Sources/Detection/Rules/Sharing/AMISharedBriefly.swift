import CloudTrail

/// An image shared outside and taken back soon: the time is enough for a copy, and hides it from who looks later.
struct AMISharedBriefly: Rule {
    let metadata = RuleMetadata(
        id: "ami-shared-briefly",
        title: "Image shared outside for a short time",
        kind: .sequence,
        severity: .high,
        events: EventNames.sharing,
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharing-amis.html"],
        attack: ["T1537", "T1070"]
    )

    let subjects = [Subject.Kind.share]

    let triggers = ShareHistory.triggers

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let share = ShareHistory(of: subject, in: context), share.mayHaveEnded else { return nil }
        let seconds = Int64(context.policy.thresholds.briefShareMinutes) * 60
        var brief = Judgement()
        _ = share.evaluate { shared, end in
            // When the share began, or ended, that a document shows, nobody knows.
            guard let start = shared.opened, !start.isInventory, !end.isInventory,
                end.time < start.time.advanced(bySeconds: seconds),
                let objection = share.trust(at: start.time).objection(to: share.grantee), objection.isOutside
            else { return }
            brief.occur(end, .high, shared.verdict) {
                Judgement.Reason(
                    shared.verdict,
                    severity: .high,
                    facts: objection.facts + [
                        FactStatement("launch permission", share.grantee.description, start),
                        FactStatement("shared by", start.actor.principalARN ?? "unknown", start),
                        FactStatement("taken back by", end.actor.principalARN ?? "unknown", end),
                    ],
                    missing: objection.missing,
                    clause: "thresholds.brief_share_minutes",
                    remediation: [.lookup(start, region: share.scope.region)],
                    message: "Image \(share.image) of account \(share.scope.account) was shared with "
                        + "\(objection.description) for \(end.time.words(since: start.time))."
                )
            }
        }
        return brief
    }
}
