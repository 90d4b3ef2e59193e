import CloudTrail

/// An instance whose image is not approved by id, owner, name or tag, as of the launch: the golden-image rule.
struct LaunchFromUnapprovedAMI: Rule {
    let metadata = RuleMetadata(
        id: "launch-from-unapproved-ami",
        title: "Instance launched from an unapproved image",
        kind: .launch,
        severity: .medium,
        events: EventNames.any(of: EventNames.launching, EventNames.owning, EventNames.tagging),
        references: ["https://docs.aws.amazon.com/config/latest/developerguide/approved-amis-by-id.html"],
        attack: ["T1578.002"],
        compliance: ["Conformity EC2-028"]
    )

    let subjects = [Subject.Kind.launch]

    let triggers = LaunchRecord.triggers + ImageApproval.launchTriggers

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard context.policy.images.approved != nil, let launch = context.launch else {
            return nil
        }
        guard let image = launch.image else { return launch.unknownImage() }
        var severity: Severity {
            context.policy.productionAccounts.contains(launch.scope.account) ? .high : .medium
        }
        if context.inForce.deniedImages.contains(image) {
            return launch.judgement(
                Judgement.Reason(
                    severity: severity,
                    facts: [launch.statement],
                    clause: "images.denied",
                    remediation: [launch.termination],
                    message:
                        "Instance \(launch.instance) runs image \(image), which the policy denies."
                )
            )
        }
        let approval = ImageApproval(image: image, time: launch.time, context: context)
        if approval.isCertain() { return nil }
        let (answer, clause) = approval.answer()
        guard answer.value != .yes else { return nil }
        let isUnknown = answer.value == .unknown
        return launch.judgement(
            Judgement.Reason(
                isUnknown ? .undetermined : .violation,
                severity: severity,
                facts: answer.facts + [launch.statement],
                missing: answer.missing,
                clause: clause,
                remediation: isUnknown ? [] : [launch.termination],
                message: isUnknown
                    ? "Whether image \(image) of instance \(launch.instance) was approved cannot be told."
                    : "Instance \(launch.instance) was launched from image \(image), which is not approved."
            )
        )
    }
}
