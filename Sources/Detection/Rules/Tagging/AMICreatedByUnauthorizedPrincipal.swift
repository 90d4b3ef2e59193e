import CloudTrail

/// An image made by a principal that is no publisher.
struct AMICreatedByUnauthorizedPrincipal: Rule {
    let metadata = RuleMetadata(
        id: "ami-created-by-unauthorized-principal",
        title: "Image created by a principal that is no publisher",
        kind: .event,
        severity: .medium,
        events: EventNames.any(of: EventNames.creating, EventNames.retiring),
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/creating-an-ami.html"],
        attack: ["T1525"]
    )

    let subjects = [Subject.Kind.createdImage]

    let triggers = CreatedImage.triggers

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let created = CreatedImage(subject, in: context) else { return nil }
        let call = created.creation.evidence
        let isPublisher = context.policy.isPublisher(call)
        if isPublisher == true { return nil }
        let creator = call.actor.principalARN
        return created.judgement(
            Judgement.Reason(
                isPublisher == nil ? .undetermined : .violation,
                severity: .medium,
                facts: [FactStatement("created by", creator ?? "unknown", call)],
                missing: isPublisher == nil ? ["who made the call"] : [],
                clause: "publishers",
                remediation: isPublisher == nil
                    ? [] : [.disable(created.image, region: subject.scope.region)],
                message: "Image \(created.image) was created by "
                    + (creator.map { "\($0), who is no publisher." } ?? "nobody knows whom.")
            )
        )
    }
}
