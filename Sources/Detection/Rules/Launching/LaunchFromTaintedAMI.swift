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
        guard context.policy.images.approved != nil, let launch = context.launch, let image = launch.image,
            let taint = Taint(of: image, asOf: launch.time, in: context)
        else { return nil }
        let message =
            taint.source.map {
                "Instance \(launch.instance) was launched from image \(image), which descends from "
                    + "\($0), and that is \(taint.isDenied ? "denied" : "not approved")."
            }
            ?? "Whether image \(image) of instance \(launch.instance) descends from approved images alone "
            + "cannot be told."
        return launch.judgement(
            Judgement.Reason(
                taint.verdict,
                severity: .medium,
                facts: [launch.statement] + taint.facts,
                missing: taint.missing,
                clause: taint.clause,
                remediation: taint.verdict == .violation ? [launch.termination] : [],
                message: message
            )
        )
    }
}
