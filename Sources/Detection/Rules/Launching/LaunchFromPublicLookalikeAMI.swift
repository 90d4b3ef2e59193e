import CloudTrail

/// An instance of an image that bears the name of an approved one, published by somebody else: who looks images up by name
/// takes the newest, whoever made it.
struct LaunchFromPublicLookalikeAMI: Rule {
    let metadata = RuleMetadata(
        id: "launch-from-public-lookalike-ami",
        title: "Instance launched from somebody else's image with an approved name",
        kind: .launch,
        severity: .high,
        events: EventNames.any(of: EventNames.launching, EventNames.owning, EventNames.tagging),
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/usingsharedamis-finding.html"],
        attack: ["T1204.003", "T1036.005"]
    )

    let subjects = [Subject.Kind.launch]

    let triggers = LaunchRecord.triggers + ImageApproval.launchTriggers

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        let named = context.inForce.approvalsByNameOfOwner
        guard !named.isEmpty, let launch = context.launch, let image = launch.image else { return nil }
        let known = context.facts.image(image)
        let owner = known.owner
        if let owner, isTrusted(owner.account, launch, context) { return nil }
        guard let fact = known.latest(.name), case .text(let name?) = fact.value,
            let entry = named.first(where: { $0.names?.contains { $0.matches(name.string) } ?? false })
        else { return nil }
        func judgement(_ owner: (account: AccountID, fact: Fact)?, missing: String? = nil) -> Judgement? {
            let told = owner.map { FactStatement("owner", $0.account.description, $0.fact) }
            let message =
                if missing == nil, let owner {
                    "Instance \(launch.instance) was launched from image \(image) of account \(owner.account), "
                        + "which bears an approved name, \(name), and is somebody else's."
                } else {
                    "Whether image \(image) of instance \(launch.instance) only bears an approved name cannot be told."
                }
            return launch.judgement(
                Judgement.Reason(
                    missing == nil ? .violation : .undetermined,
                    severity: .high,
                    facts: [FactStatement("name", name.string, fact), launch.statement]
                        + [told].compactMap(\.self),
                    missing: missing.map { [$0] } ?? [],
                    clause: "images.approved[\(entry.index)].names",
                    remediation: missing == nil ? [launch.termination] : [],
                    message: message
                )
            )
        }
        guard let owner else { return judgement(nil, missing: "owner of \(image)") }
        if ImageApproval(image: image, time: launch.time, context: context).isCertain() { return nil }
        if case .text(.some) = known.latest(.ownerAlias)?.value { return nil }
        return judgement(owner, missing: known.isOwnerAliasUnknown ? "owner alias of \(image)" : nil)
    }

    /// Whether an owner is approved, or its images are no strangers'.
    private func isTrusted(_ owner: AccountID, _ launch: LaunchRecord, _ context: RuleContext) -> Bool {
        owner == launch.scope.account || context.policy.organization.accounts.contains(owner)
            || context.policy.trust.accounts.contains(owner)
            || context.inForce.approvals.contains { $0.owners?.accounts.contains(owner) ?? false }
    }
}
