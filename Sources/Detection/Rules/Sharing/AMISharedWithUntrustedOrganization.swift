import CloudTrail

/// An image shared with a foreign organization or unit, or too widely with the own organization.
struct AMISharedWithUntrustedOrganization: Rule {
    let metadata = RuleMetadata(
        id: "ami-shared-with-untrusted-organization",
        title: "Image shared with an untrusted organization",
        kind: .standing,
        severity: .high,
        events: EventNames.any(of: EventNames.owning, EventNames.retiring),
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharing-amis.html"],
        attack: ["T1537"]
    )

    let subjects = [Subject.Kind.share]

    let triggers = ShareHistory.triggers

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let share = ShareHistory(of: subject, in: context), share.grantee.isGroup,
            share.grantee != .everyone
        else {
            return nil
        }
        return share.evaluate()
    }
}
