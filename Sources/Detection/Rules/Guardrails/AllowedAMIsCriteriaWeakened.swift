import CloudTrail

/// Image criteria replaced by a list that admits more.
struct AllowedAMIsCriteriaWeakened: Rule {
    let metadata = RuleMetadata(
        id: "allowed-amis-criteria-weakened",
        title: "Allowed AMIs criteria admit more than before",
        kind: .event,
        severity: .medium,
        events: EventNames.any(of: EventNames.criteria, EventNames.allowedImages),
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-allowed-amis.html"],
        attack: ["T1562.001"]
    )

    let subjects = [Subject.Kind.guardrails]

    let triggers = Trigger.on([.allowedImages, .imageCriteria], .subject(.guardrails))
    private let comparisons: CriteriaComparisons

    init(_ comparisons: CriteriaComparisons = CriteriaComparisons()) { self.comparisons = comparisons }

    /// A list as one record told it.
    private struct Told {
        var list: [ImageCriterion]
        var fact: Fact
    }

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        let scope = subject.scope
        var judgement = Judgement()
        /// The last list with anything in it.
        var known: Told?
        /// The one before the first weakening that is still open.
        var before: Told?
        var isCleared = false
        for fact in context.facts.all(of: .imageCriteria(scope)) {
            guard case .criteria(let list) = fact.value else { continue }
            let told = Told(list: list, fact: fact)
            let isEvent = !fact.evidence.isInventory
            defer { isCleared = list.isEmpty }
            if list.isEmpty {
                guard let known, isEvent, !isCleared else { continue }
                if !judgement.isOpen { before = known }
                judgement.occur(fact.evidence, undetermined(told, known, before ?? known, scope, .empty))
                continue
            }
            if judgement.isOpen, let before, weakening(from: before, to: told, scope) == nil {
                judgement.resolve(fact.evidence)
            } else if let known, isEvent, let weakening = weakening(from: known, to: told, scope) {
                if !judgement.isOpen { before = known }
                occur(weakening, told, known, before ?? known, in: scope, context.facts, &judgement)
            }
            known = told
        }
        return judgement
    }

    private func weakening(
        from old: Told,
        to new: Told,
        _ scope: AccountRegion
    ) -> CriteriaComparison.Weakening? {
        comparisons.weakening(from: old.list, to: new.list, in: scope.account)
    }

    private func occur(
        _ weakening: CriteriaComparison.Weakening,
        _ new: Told,
        _ old: Told,
        _ before: Told,
        in scope: AccountRegion,
        _ facts: FactView,
        _ judgement: inout Judgement
    ) {
        guard let image = weakening.image else {
            return judgement.occur(new.fact.evidence, .low, .undetermined) {
                undetermined(new, old, before, scope, .comparison(weakening.doubt))
            }
        }
        let setting = facts.latest(.allowedImages(scope), asOf: new.fact.time)
        let isEnabled = setting?.value == .allowedImages(.enabled)
        let severity: Severity = isEnabled ? weakening.addsProvider ? .high : .medium : .low
        judgement.occur(new.fact.evidence, severity) {
            let reasons = weakening.words
            var facts = [
                FactStatement("image criteria", new.list.summary, new.fact),
                FactStatement("criteria before", old.list.summary, old.fact),
                FactStatement("weaker by", reasons, new.fact),
                FactStatement("admitted now", image.words, new.fact),
            ]
            if let setting, case .allowedImages(let state) = setting.value {
                facts.append(FactStatement("allowed AMIs state", state.rawValue, setting))
            }
            return Judgement.Reason(
                severity: severity,
                facts: facts,
                remediation: restoring(before, scope),
                message: "The image criteria in \(scope) admit more than before: \(reasons)."
            )
        }
    }

    /// Why nobody can tell whether new criteria admit more.
    private enum Doubt {
        case comparison(CriteriaComparison.Doubt)
        /// AWS does not define what an empty list admits.
        case empty

        var missing: String {
            switch self {
            case .comparison(let doubt): doubt.missing
            case .empty: CriteriaComparison.emptyListIsUndefined
            }
        }

        func message(_ scope: AccountRegion) -> String {
            switch self {
            case .comparison(.size):
                "The image criteria in \(scope) were replaced; whether they admit more than before cannot be"
                    + " told, for comparing them takes too many steps."
            case .comparison(.parameters(let names)):
                "The image criteria in \(scope) were replaced; whether they admit more than before cannot be"
                    + " told, for it depends on \(names.joined(separator: ", "))."
            case .empty:
                "The image criteria in \(scope) were emptied; whether that admits more cannot be told."
            }
        }
    }

    private func undetermined(
        _ new: Told,
        _ old: Told,
        _ before: Told,
        _ scope: AccountRegion,
        _ doubt: Doubt
    ) -> Judgement.Reason {
        Judgement.Reason(
            .undetermined,
            severity: .low,
            facts: [
                FactStatement("image criteria", new.list.summary, new.fact),
                FactStatement("criteria before", old.list.summary, old.fact),
            ],
            missing: [doubt.missing],
            remediation: restoring(before, scope),
            message: doubt.message(scope)
        )
    }

    private func restoring(_ before: Told, _ scope: AccountRegion) -> [AWSCommand] {
        [AllowedAMIsCommands.replace(before.list, scope)]
    }
}
