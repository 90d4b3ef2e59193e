import CloudTrail

/// Block public access for images switched off, or a public share where it was believed on.
struct BlockPublicAccessDisabled: Rule {
    let metadata = RuleMetadata(
        id: "block-public-access-disabled",
        title: "Block public access for images is off",
        kind: .standing,
        severity: .high,
        events: ["DisableImageBlockPublicAccess", "EnableImageBlockPublicAccess", "ModifyImageAttribute"],
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-public-access-to-amis.html"],
        attack: ["T1562.001", "T1537"],
        compliance: ["Control Tower CT.EC2.PV.11", "Prowler ec2_ami_account_block_public_access"]
    )

    let subjects = [Subject.Kind.guardrails]

    let triggers =
        Trigger.on([.blockPublicAccess, .madePublic], .subject(.guardrails))
        + BaselineHistory.guardrailTriggers

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        let scope = subject.scope
        var baselines = BaselineHistory(of: scope.account, in: context)
        var judgement = Judgement()
        var known: BlockPublicAccessState?
        let settings = context.facts.all(of: .blockPublicAccess(scope))
        let shares = context.facts.all(of: .madePublic(scope))
        for fact in shares.isEmpty ? settings : (settings + shares).sorted()[...] {
            let baseline = baselines.asOf(fact.time)
            let severity: Severity = baseline.blockPublicAccess == .blockNewSharing ? .critical : .high
            switch fact.value {
            case .blockPublicAccess(.unblocked):
                let isNews = known != .unblocked
                known = .unblocked
                guard isNews || !fact.evidence.isInventory else { continue }
                judgement.occur(fact.evidence, severity) {
                    reason(
                        severity,
                        [FactStatement("block public access", "unblocked", fact)],
                        scope,
                        baseline,
                        "Block public access for images is off in \(scope)."
                    )
                }
            case .blockPublicAccess(let state):
                known = state
                judgement.resolve(fact.evidence)
            case .madePublic(let image):
                // The share's whole second counts: what was switched off in it was off for the share.
                guard let setting = context.facts.latest(.blockPublicAccess(scope), asOf: fact.time),
                    setting.value == .blockPublicAccess(.blockNewSharing)
                else { continue }
                judgement.occur(fact.evidence, severity) {
                    reason(
                        severity,
                        [
                            FactStatement("block public access", "block-new-sharing", setting),
                            FactStatement("made public", image.description, fact),
                        ],
                        scope,
                        baseline,
                        "Image \(image) was made public in \(scope) although block public access was believed on:"
                            + " what is known of it is stale."
                    )
                }
            default: break
            }
        }
        return judgement
    }

    private func reason(
        _ severity: Severity,
        _ facts: [FactStatement],
        _ scope: AccountRegion,
        _ baseline: Policy.Baseline,
        _ message: String
    ) -> Judgement.Reason {
        Judgement.Reason(
            severity: severity,
            facts: facts,
            clause: severity == .critical ? baseline.blockPublicAccessClause : nil,
            remediation: [
                AWSCommand.ec2(
                    "enable-image-block-public-access",
                    region: scope.region,
                    "--image-block-public-access-state",
                    "block-new-sharing"
                )
            ],
            message: message
        )
    }
}
