import CloudTrail

/// A snapshot shared with everybody or with an untrusted account: whoever has the snapshots of an image has the image.
struct AMISnapshotShared: Rule {
    let metadata = RuleMetadata(
        id: "ami-snapshot-shared",
        title: "Snapshot shared outside",
        kind: .standing,
        severity: .high,
        events: EventNames.any(of: SnapshotShare.calls, EventNames.membership),
        references: [
            "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html"
        ],
        attack: ["T1537"],
        compliance: [
            "CIS AWS Compute Services 2.2.2",
            "Prowler ec2_ebs_public_snapshot",
            "Security Hub EC2.1",
        ]
    )

    let subjects = [Subject.Kind.snapshotShare]

    let triggers = SnapshotShare.triggers

    let ownFacts = SnapshotShare.facts

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        SnapshotShare(of: subject, in: context)?.evaluate()
    }
}
