import CloudTrail

/// Image criteria replaced by a list that admits more.
struct AllowedAMIsCriteriaWeakened: Rule {
    let metadata = RuleMetadata(
        id: "allowed-amis-criteria-weakened",
        title: "Allowed AMIs criteria admit more than before",
        kind: .event,
        severity: .medium,
        events: ["ReplaceImageCriteriaInAllowedImagesSettings"],
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-allowed-amis.html"],
        attack: ["T1562.001"]
    )

    let subjects = Subject.Kind.guardrails

    func judge(_ subject: Subject, in scene: Scene) -> Judgement? {
        guard case .guardrails(let place) = subject else { return nil }
        let comparison = CriteriaComparison(account: place.account)
        var judgement = Judgement()
        /// The last list with anything in it, and the one before the first weakening that is still open.
        var known: (list: [ImageCriterion], fact: Fact)?
        var before: [ImageCriterion] = []
        for fact in scene.state.timeline(.imageCriteria(place)).facts {
            guard case .criteria(let list) = fact.value else { continue }
            if let known, list.isEmpty {
                guard !known.list.isEmpty, !fact.evidence.isInventory else { continue }
                if !judgement.isOpen { before = known.list }
                judgement.occur(fact.evidence, cleared(known, fact, place))
                continue
            }
            if judgement.isOpen, comparison.weakening(from: before, to: list) == nil {
                judgement.resolve(fact.evidence)
            } else if let known, !known.list.isEmpty, !fact.evidence.isInventory,
                let weakening = comparison.weakening(from: known.list, to: list)
            {
                if !judgement.isOpen { before = known.list }
                judgement.occur(fact.evidence, reason(weakening, known, (list, fact), place, scene.state))
            }
            known = (list, fact)
        }
        return judgement
    }

    private func reason(
        _ weakening: CriteriaComparison.Weakening,
        _ old: (list: [ImageCriterion], fact: Fact),
        _ new: (list: [ImageCriterion], fact: Fact),
        _ place: Place,
        _ state: State
    ) -> Judgement.Reason {
        let setting = state.timeline(.allowedImages(place)).latest(asOf: new.fact.time)
        let isEnabled = setting?.value == .allowedImages(.enabled)
        var facts = [
            FactStatement("image criteria", new.list.summary, new.fact),
            FactStatement("criteria before", old.list.summary, old.fact),
            FactStatement("weaker by", weakening.reasons.joined(separator: "; "), new.fact),
        ]
        if let setting, case .allowedImages(let state) = setting.value {
            facts.append(FactStatement("allowed AMIs state", state.rawValue, setting))
        }
        return Judgement.Reason(
            severity: isEnabled ? weakening.addsProvider ? .high : .medium : .low,
            facts: facts,
            remediation: [
                "aws ec2 get-allowed-images-settings --region \(place.region)",
                "aws ec2 replace-image-criteria-in-allowed-images-settings --region \(place.region)"
                    + " --cli-input-json file://image-criteria.json",
            ],
            message: "The image criteria in \(place) admit more than before:"
                + " \(weakening.reasons.joined(separator: "; "))."
        )
    }

    private func cleared(
        _ old: (list: [ImageCriterion], fact: Fact),
        _ fact: Fact,
        _ place: Place
    ) -> Judgement.Reason {
        Judgement.Reason(
            .undetermined,
            severity: .low,
            facts: [
                FactStatement("image criteria", "(empty)", fact),
                FactStatement("criteria before", old.list.summary, old.fact),
            ],
            missing: ["what an empty list of criteria admits (AWS does not define it)"],
            message: "The image criteria in \(place) were emptied; whether that admits more cannot be told."
        )
    }
}
