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
        compliance: [
            "AWS Config approved-amis-by-id", "CIS AWS Compute Services 2.1.3", "Conformity EC2-028",
        ]
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
        let approval = ImageApproval(image: image, time: launch.time, context: context)
        guard let objection = approval.objection() else { return nil }
        let isUnknown = objection.verdict == .undetermined
        var message: String {
            if objection.isDenied {
                return "Instance \(launch.instance) runs image \(image), which the policy denies."
            }
            return isUnknown
                ? "Whether image \(image) of instance \(launch.instance) was approved cannot be told."
                : "Instance \(launch.instance) was launched from image \(image), which is not approved."
        }
        return launch.judgement(
            Judgement.Reason(
                objection.verdict,
                severity: severity,
                facts: objection.facts + [launch.statement],
                missing: objection.missing,
                clause: objection.clause,
                remediation: isUnknown ? [] : [launch.termination],
                message: message
            )
        )
    }
}
