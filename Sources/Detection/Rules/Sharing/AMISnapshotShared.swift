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
        attack: ["T1537"]
    )

    let subjects = [Subject.Kind.snapshotShare]

    let triggers = SnapshotShare.triggers

    let ownFacts = SnapshotShare.facts

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        SnapshotShare(of: subject, in: context)?.evaluate()
    }
}
