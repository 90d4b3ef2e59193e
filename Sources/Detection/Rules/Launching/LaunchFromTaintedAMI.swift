import CloudTrail

/// An instance whose image descends from one that is not approved as of the launch.
///
/// Own copies of an image, and images of what was launched from it, pass where the image itself would not. Behind an image
/// that somebody answers for it does not look.
struct LaunchFromTaintedAMI: Rule {
    let metadata = RuleMetadata(
        id: "launch-from-tainted-ami",
        title: "Instance launched from a descendant of an unapproved image",
        kind: .launch,
        severity: .medium,
        events: EventNames.any(of: EventNames.launching, EventNames.owning, EventNames.tagging),
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-allowed-amis.html"],
        attack: ["T1578.002"]
    )

    let subjects = [Subject.Kind.launch]

    let triggers = LaunchRecord.triggers + Lineage.launchTriggers

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard context.policy.images.approved != nil, let launch = context.launch, let image = launch.image
        else { return nil }
        func approval(of image: ResourceID) -> ImageApproval {
            ImageApproval(image: image, time: launch.time, context: context)
        }
        let lineage = Lineage(of: image, in: context.facts) { approval(of: $0).isDeliberate() }
        var facts = [launch.statement]
        var missing = lineage.missing.map { [$0] } ?? []
        for ancestor in lineage.ancestors {
            facts.append(ancestor.statement)
            let approval = approval(of: ancestor.image)
            let isDenied = context.inForce.deniedImages.contains(ancestor.image)
            if !isDenied, approval.isCertain() { continue }
            let (answer, clause) = isDenied ? (.no(), "images.denied") : approval.answer()
            guard answer.value == .no else {
                missing += answer.missing
                continue
            }
            return launch.judgement(
                Judgement.Reason(
                    severity: .medium,
                    facts: facts + answer.facts.map { $0.of(ancestor.image) },
                    clause: clause,
                    remediation: [launch.termination],
                    message:
                        "Instance \(launch.instance) was launched from image \(image), which descends from "
                        + "\(ancestor.image), and that is \(isDenied ? "denied" : "not approved")."
                )
            )
        }
        if missing.isEmpty { return nil }
        return launch.judgement(
            Judgement.Reason(
                .undetermined,
                severity: .low,
                facts: facts,
                missing: missing,
                clause: "images.approved",
                message:
                    "Whether image \(image) of instance \(launch.instance) descends from approved images alone "
                    + "cannot be told."
            )
        )
    }
}
