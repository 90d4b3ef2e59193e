import CloudTrail

/// An instance whose image the Allowed AMIs criteria in force at the launch do not admit.
struct LaunchNotAllowedByCriteria: Rule {
    let metadata = RuleMetadata(
        id: "launch-not-allowed-by-criteria",
        title: "Instance launched from an image that the criteria do not allow",
        kind: .launch,
        severity: .medium,
        events: EventNames.any(
            of: EventNames.launching,
            EventNames.owning,
            EventNames.allowedImages,
            EventNames.criteria,
            ["DisableImageDeprecation", "EnableImageDeprecation"]
        ),
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-allowed-amis.html"],
        attack: ["T1578.002"]
    )

    let subjects = [Subject.Kind.launch]

    let triggers =
        LaunchRecord.triggers + CriteriaAdmission.launchTriggers
        + Trigger.on([.allowedImages, .imageCriteria], .launches(.untilTheNext))
        + BaselineHistory.launchTriggers

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let launch = context.launch,
            let setting = setting(for: launch, context)
        else { return nil }
        guard let image = launch.image else { return launch.unknownImage() }
        let admission = CriteriaAdmission(
            image: image,
            account: launch.scope.account,
            time: launch.time,
            facts: context.facts
        )
        if admission.isCertain(setting.criteria) { return nil }
        let rule = inForce(setting)
        let answer: Answer
        if let criteria = rule.criteria {
            answer = admission.isAdmitted(by: criteria)
        } else {
            var own: Answer = admission.isOwn()
            own.or(.unknown("image criteria of Allowed AMIs in \(launch.scope)"))
            answer = own
        }
        let isUnknown = answer.value == .unknown
        let message =
            isUnknown
            ? "Whether the criteria allow image \(image) of instance \(launch.instance) cannot be told."
            : "Instance \(launch.instance) runs image \(image), which the criteria do not allow:"
                + " \(rule.meaning)."
        return launch.judgement(
            Judgement.Reason(
                isUnknown ? .undetermined : .violation,
                severity: rule.severity,
                facts: answer.facts + rule.facts + [launch.statement],
                missing: answer.missing,
                clause: rule.clause,
                remediation: isUnknown ? [] : [launch.termination],
                message: message
            )
        )
    }

    /// The criteria that apply, and what it means that an image is not admitted.
    private struct InForce {
        /// Nil when they were never told.
        var criteria: [ImageCriterion]?
        var severity: Severity
        var clause: String?
        var facts: [FactStatement]
        var meaning: String
    }

    /// What was set in an account and Region, as of a time.
    private struct Setting {
        var state: (value: AllowedImagesState, fact: Fact)?
        /// The criteria, and what told them; the baseline's when nothing is set.
        var criteria: [ImageCriterion]?
        var criteriaFact: Fact?
        /// What of the policy demands the baseline's criteria.
        var clause: String?
    }

    /// Nil when no criteria apply: the setting is off or was never told, and there is no baseline.
    private func setting(for launch: LaunchRecord, _ context: RuleContext) -> Setting? {
        var setting = Setting()
        if let fact = context.facts.latest(launch.allowedImages, asOf: launch.time),
            case .allowedImages(let known) = fact.value
        {
            setting.state = (known, fact)
        }
        switch setting.state?.value {
        case .auditMode, .enabled:
            if let fact = context.facts.latest(.imageCriteria(launch.scope), asOf: launch.time),
                case .criteria(let known) = fact.value
            {
                setting.criteria = known
                setting.criteriaFact = fact
            }
        case .disabled, nil:
            var baselines = BaselineHistory(of: launch.scope.account, through: launch.time, in: context)
            let baseline = baselines.asOf(launch.time)
            guard let criteria = baseline.imageCriteria else { return nil }
            setting.criteria = criteria
            setting.clause = baseline.criteriaClause
        }
        return setting
    }

    private func inForce(_ setting: Setting) -> InForce {
        let state = setting.state?.value
        var facts =
            setting.state.map { [FactStatement("allowed AMIs state", $0.value.rawValue, $0.fact)] } ?? []
        switch state {
        case .auditMode, .enabled:
            let criteria = setting.criteria
            if let criteria, let fact = setting.criteriaFact {
                facts.append(FactStatement("image criteria", criteria.summary, fact))
            }
            return state == .auditMode
                ? InForce(
                    criteria: criteria,
                    severity: .medium,
                    facts: facts,
                    meaning: "audit-mode, so it would be blocked if Allowed AMIs were enabled"
                )
                : InForce(
                    criteria: criteria,
                    severity: .high,
                    facts: facts,
                    meaning:
                        "Allowed AMIs is enabled, so the guardrail did not hold, or what is known is stale"
                )
        case .disabled, nil:
            facts.append(FactStatement("baseline criteria", setting.criteria?.summary ?? ""))
            return InForce(
                criteria: setting.criteria,
                severity: .medium,
                clause: setting.clause,
                facts: facts,
                meaning: "Allowed AMIs is \(state == nil ? "not known to be on" : "disabled"),"
                    + " and the baseline's criteria would block it"
            )
        }
    }
}
