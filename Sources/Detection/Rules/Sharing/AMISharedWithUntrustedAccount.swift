import CloudTrail

/// An image shared with an account that is neither the owner's, nor a member, nor trusted.
struct AMISharedWithUntrustedAccount: Rule {
    let metadata = RuleMetadata(
        id: "ami-shared-with-untrusted-account",
        title: "Image shared with an untrusted account",
        kind: .standing,
        severity: .high,
        events: EventNames.sharing,
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharing-amis.html"],
        attack: ["T1537"]
    )

    let subjects = [Subject.Kind.share]

    let triggers = ShareHistory.triggers

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let share = ShareHistory(of: subject, in: context), case .account = share.grantee else {
            return nil
        }
        return share.evaluate()
    }
}
