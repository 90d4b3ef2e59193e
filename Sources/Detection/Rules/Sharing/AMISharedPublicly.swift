import CloudTrail

/// An image whose launch permissions name group `all`, whoever put it there.
struct AMISharedPublicly: Rule {
    let metadata = RuleMetadata(
        id: "ami-shared-publicly",
        title: "Image shared with everybody",
        kind: .standing,
        severity: .critical,
        events: EventNames.any(
            of: EventNames.owning,
            EventNames.retiring,
            // Whose a public image is that a document shows.
            EventNames.membership
        ),
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharing-amis.html"],
        attack: ["T1537"],
        compliance: ["CIS AWS Compute Services 2.1.5", "Prowler ec2_ami_public"]
    )

    let subjects = [Subject.Kind.share]

    let triggers = ShareHistory.triggers

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let share = ShareHistory(of: subject, in: context), share.grantee == .everyone else {
            return nil
        }
        return share.evaluate()
    }
}
