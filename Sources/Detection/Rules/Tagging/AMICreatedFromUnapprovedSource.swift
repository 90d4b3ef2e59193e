import CloudTrail

/// A new image whose lineage begins at one that is not approved as of then: who launches it launches that one.
struct AMICreatedFromUnapprovedSource: Rule {
    let metadata = RuleMetadata(
        id: "ami-created-from-unapproved-source",
        title: "Image created from an unapproved one",
        kind: .event,
        severity: .medium,
        events: EventNames.any(
            of: EventNames.owning,
            EventNames.tagging,
            EventNames.retiring,
            ["RunInstances"]
        ),
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-allowed-amis.html"],
        attack: ["T1525"]
    )

    let subjects = [Subject.Kind.createdImage]

    let triggers = CreatedImage.triggers + Lineage.triggers { .createdImages($0) }

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard context.policy.images.approved != nil, let created = CreatedImage(subject, in: context),
            let taint = Taint(of: created.image, asOf: created.creation.time, in: context)
        else { return nil }
        let call = created.creation.evidence
        return created.judgement(
            Judgement.Reason(
                taint.verdict,
                severity: .medium,
                facts: [FactStatement("created by", call.name, call)] + taint.facts,
                missing: taint.missing,
                clause: taint.clause,
                remediation: taint.verdict == .violation
                    ? [.disable(created.image, region: subject.scope.region)] : [],
                message: taint.source.map {
                    "Image \(created.image) was made from \($0), which is "
                        + "\(taint.isDenied ? "denied" : "not approved")."
                } ?? "Whether image \(created.image) was made from approved images alone cannot be told."
            )
        )
    }
}
