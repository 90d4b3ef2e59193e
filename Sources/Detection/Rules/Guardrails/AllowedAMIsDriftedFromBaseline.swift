import CloudTrail

/// Allowed AMIs in a state, or with criteria, that admit more than the organisation wants.
struct AllowedAMIsDriftedFromBaseline: Rule {
    let metadata = RuleMetadata(
        id: "allowed-amis-drifted-from-baseline",
        title: "Allowed AMIs admits more than the baseline",
        kind: .standing,
        severity: .high,
        events: EventNames.any(of: EventNames.criteria, EventNames.allowedImages),
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-allowed-amis.html"],
        attack: ["T1562.001"]
    )

    let subjects = [Subject.Kind.guardrails]

    let triggers =
        Trigger.on([.allowedImages, .imageCriteria], .subject(.guardrails))
        + BaselineHistory.guardrailTriggers

    private let comparisons = CriteriaComparisons()

    /// What is set, and what told it.
    private struct Setting {
        var state: (value: AllowedImagesState, fact: Fact)?
        var criteria: (list: [ImageCriterion], fact: Fact)?

        mutating func set(_ fact: Fact) {
            switch fact.value {
            case .allowedImages(let value): state = (value, fact)
            case .criteria(let list): criteria = (list, fact)
            default: break
            }
        }

        func isSame(as other: Setting?) -> Bool {
            state?.value == other?.state?.value && criteria?.list == other?.criteria?.list
        }
    }

    /// How a setting admits more.
    private struct Drift {
        var verdict = Verdict.violation
        var words: String
        var facts: [FactStatement]
        var missing: [String] = []
        var clause: String
        var remediation: AWSCommand
    }

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        let scope = subject.scope
        var baselines = BaselineHistory(of: scope.account, in: context)
        if baselines.isEmpty { return nil }
        var (judgement, setting) = (Judgement(), Setting())
        /// What was set when it last admitted more; nil while it does not.
        var drifted: Setting?
        var rest =
            (context.facts.all(of: .allowedImages(scope)) + context.facts.all(of: .imageCriteria(scope)))
            .sorted()[...]
        while let first = rest.first {
            // What is set at the end of a second is what all of it led to: state and criteria come in calls of their own.
            let second = rest.prefix { $0.time == first.time }
            rest = rest.dropFirst(second.count)
            for fact in second { setting.set(fact) }
            let baseline = baselines.asOf(first.time)
            guard let last = second.last, let drift = drift(of: setting, from: baseline, scope) else {
                drifted = nil
                judgement.resolve(first.evidence)
                continue
            }
            var causes = second.filter { !$0.evidence.isInventory }.map(\.evidence)
            // A document that shows again what is known is no news.
            if causes.isEmpty, !setting.isSame(as: drifted) { causes = [last.evidence] }
            drifted = setting
            for cause in causes {
                judgement.occur(cause, .high, drift.verdict) { reason(drift, scope) }
            }
        }
        return judgement
    }

    private func reason(_ drift: Drift, _ scope: AccountRegion) -> Judgement.Reason {
        Judgement.Reason(
            drift.verdict,
            severity: .high,
            facts: drift.facts,
            missing: drift.missing,
            clause: drift.clause,
            remediation: [drift.remediation],
            message: "Allowed AMIs in \(scope) \(drift.words)."
        )
    }

    private func drift(of setting: Setting, from baseline: Policy.Baseline, _ scope: AccountRegion) -> Drift?
    {
        let wanted = baseline.allowedImagesState
        if let (state, fact) = setting.state,
            state.strictness < (wanted ?? (baseline.imageCriteria == nil ? .disabled : .auditMode)).strictness
        {
            return Drift(
                words: "is \(state.rawValue), and should be \(wanted?.rawValue ?? "on")",
                facts: [FactStatement("allowed AMIs state", state.rawValue, fact)],
                clause: wanted == nil ? baseline.criteriaClause : baseline.stateClause,
                remediation: AllowedAMIsCommands.enable(scope, wanted ?? .auditMode)
            )
        }
        guard let (list, fact) = setting.criteria, let demanded = baseline.imageCriteria else { return nil }
        if setting.state?.value == .disabled { return nil }
        let weakening = comparisons.weakening(from: demanded, to: list, in: scope.account)
        guard list.isEmpty || weakening != nil else { return nil }
        var drift = Drift(
            words: "admits more than the baseline: \(weakening?.words ?? "")",
            facts: [
                FactStatement("image criteria", list.summary, fact),
                FactStatement("baseline criteria", demanded.summary),
            ],
            clause: baseline.criteriaClause,
            remediation: AllowedAMIsCommands.replace(demanded, scope)
        )
        if let image = weakening?.image {
            drift.facts.append(FactStatement("admitted now", image.words, fact))
        } else {
            drift.verdict = .undetermined
            drift.words = "may admit more than the baseline"
            drift.missing = [weakening?.doubt.missing ?? CriteriaComparison.emptyListIsUndefined]
        }
        return drift
    }
}

extension AllowedImagesState {
    /// How much it keeps out: less to more.
    fileprivate var strictness: Int {
        switch self {
        case .disabled: 0
        case .auditMode: 1
        case .enabled: 2
        }
    }
}
