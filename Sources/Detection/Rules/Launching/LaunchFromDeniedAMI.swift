import CloudTrail

/// An instance whose image is on the deny list.
struct LaunchFromDeniedAMI: Rule {
    let metadata = RuleMetadata(
        id: "launch-from-denied-ami",
        title: "Instance launched from a denied image",
        kind: .launch,
        severity: .high,
        events: EventNames.launching,
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/usingsharedamis-finding.html"],
        attack: ["T1578.002"],
        compliance: ["Conformity EC2-046"]
    )

    let subjects = [Subject.Kind.launch]

    let triggers = LaunchRecord.triggers

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard !context.inForce.deniedImages.isEmpty, let launch = context.launch
        else { return nil }
        guard let image = launch.image else { return launch.unknownImage() }
        guard context.inForce.deniedImages.contains(image) else { return nil }
        return launch.judgement(
            Judgement.Reason(
                severity: .high,
                facts: [launch.statement],
                clause: "images.denied",
                remediation: [launch.termination],
                message:
                    "Instance \(launch.instance) was launched from image \(image), which is denied."
            )
        )
    }
}
