import CloudTrail

/// A share as above that AWS itself made for the owner: a service that does not just run what a user wrote.
///
/// Group `all` is never excused so.
struct AMISharedByService: Rule {
    let metadata = RuleMetadata(
        id: "ami-shared-by-service",
        title: "Image shared by an AWS service",
        kind: .event,
        severity: .low,
        events: EventNames.sharing,
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharing-amis.html"],
        attack: ["T1537"]
    )

    let subjects = [Subject.Kind.share]

    let triggers = ShareHistory.triggers

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        ShareHistory(of: subject, in: context, byService: true)?.evaluate()
    }
}
