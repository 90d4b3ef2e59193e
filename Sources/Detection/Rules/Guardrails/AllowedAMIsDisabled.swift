import CloudTrail

/// Allowed AMIs switched off.
struct AllowedAMIsDisabled: Rule {
    let metadata = RuleMetadata(
        id: "allowed-amis-disabled",
        title: "Allowed AMIs was disabled",
        kind: .standing,
        severity: .high,
        events: EventNames.allowedImages,
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-allowed-amis.html"],
        attack: ["T1562.001"]
    )

    let subjects = [Subject.Kind.guardrails]

    let triggers =
        [Trigger.on(.allowedImages, .subject(.guardrails))] + BaselineHistory.guardrailTriggers

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        let scope = subject.scope
        var baselines = BaselineHistory(of: scope.account, in: context)
        var judgement = Judgement()
        var known: Fact?
        for fact in context.facts.all(of: .allowedImages(scope)) {
            guard case .allowedImages(let state) = fact.value else { continue }
            defer { known = fact }
            guard state == .disabled else {
                judgement.resolve(fact.evidence)
                continue
            }
            if fact.evidence.isInventory, known?.value == fact.value { continue }
            let baseline = baselines.asOf(fact.time)
            let isDemanded = baseline.allowedImagesState == .enabled
            let severity = isDemanded ? Severity.critical : .high
            judgement.occur(fact.evidence, severity) { [known] in
                var facts = [FactStatement("allowed AMIs state", state.rawValue, fact)]
                if let known, case .allowedImages(let before) = known.value {
                    facts.append(FactStatement("state before", before.rawValue, known))
                }
                return Judgement.Reason(
                    severity: severity,
                    facts: facts,
                    clause: isDemanded ? baseline.stateClause : nil,
                    remediation: [AllowedAMIsCommands.enable(scope)],
                    message: "Allowed AMIs is disabled in \(scope): any image can be used there."
                )
            }
        }
        return judgement
    }
}

/// Commands that several findings about Allowed AMIs give.
enum AllowedAMIsCommands {
    static func enable(_ scope: AccountRegion, _ state: AllowedImagesState = .enabled) -> AWSCommand {
        AWSCommand.ec2(
            "enable-allowed-images-settings",
            region: scope.region,
            "--allowed-images-settings-state",
            .word(state.rawValue)
        )
    }

    /// A parameter that this version does not know is there as a record writes it, not as the CLI takes it.
    static func replace(_ criteria: [ImageCriterion], _ scope: AccountRegion) -> AWSCommand {
        guard criteria.allSatisfy(\.unknown.isEmpty) else { return read(scope) }
        return AWSCommand.ec2(
            "replace-image-criteria-in-allowed-images-settings",
            region: scope.region,
            "--image-criteria",
            .criteria(criteria)
        )
    }

    static func read(_ scope: AccountRegion) -> AWSCommand {
        AWSCommand.ec2("get-allowed-images-settings", region: scope.region)
    }
}
