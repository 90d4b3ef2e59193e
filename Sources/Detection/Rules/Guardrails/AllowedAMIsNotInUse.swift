import CloudTrail

/// An account and Region that are used while Allowed AMIs is off, or not known to be on.
struct AllowedAMIsNotInUse: Rule {
    let metadata = RuleMetadata(
        id: "allowed-amis-not-in-use",
        title: "Allowed AMIs is not in use",
        kind: .standing,
        severity: .medium,
        events: EventNames.using,
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-allowed-amis.html"],
        compliance: ["Conformity: Allowed AMIs Feature in Use"]
    )

    let subjects = [Subject.Kind.activity]

    let triggers: [Trigger] = [
        .on(.allowedImages, .accountRegion(.activity)), .on(.activity, .firstActivity),
    ]

    /// Only the first call under a state is an occurrence.
    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        let scope = subject.scope
        // Of several facts in one second only the last is what that second's calls saw.
        let all = Array(context.facts.all(of: .allowedImages(scope)))
        let facts = all.indices.filter { $0 + 1 == all.count || all[$0 + 1].time > all[$0].time }.map {
            all[$0]
        }
        var judgement = Judgement()
        let firstKnown = facts.first?.time ?? .distantFuture
        if let first = context.facts.firstActivity(in: scope, before: firstKnown) {
            judgement.occur(first.evidence, .medium, .undetermined) { unknown(scope) }
        }
        /// When each fact's value gives way to another one; found from the last backwards, so that each is looked at once.
        var ends = [EventTime?](repeating: nil, count: facts.count)
        for index in facts.indices.dropLast().reversed() {
            let isSame = facts[index].value == facts[index + 1].value
            ends[index] = isSame ? ends[index + 1] : facts[index + 1].time
        }
        var isOff = false
        for (index, fact) in facts.enumerated() {
            guard fact.value == .allowedImages(.disabled) else {
                isOff = false
                judgement.resolve(fact.evidence)
                continue
            }
            guard !isOff else { continue }
            if let use = use(from: fact, until: ends[index], scope, context.facts) {
                isOff = true
                judgement.occur(use, .medium) { off(scope, fact) }
            }
        }
        return judgement
    }

    /// The first use while it is off.
    ///
    /// A snapshot that says so speaks of what was used before, too: nobody saw when it was switched off.
    private func use(
        from fact: Fact,
        until end: EventTime?,
        _ scope: AccountRegion,
        _ facts: FactView
    ) -> Evidence? {
        if fact.evidence.isInventory,
            facts.firstActivity(in: scope, before: fact.time.advanced(bySeconds: 1)) != nil
        {
            return fact.evidence
        }
        return facts.firstActivity(in: scope, from: fact.time, before: end ?? .distantFuture)?.evidence
    }

    private func off(_ scope: AccountRegion, _ fact: Fact) -> Judgement.Reason {
        Judgement.Reason(
            severity: .medium,
            facts: [FactStatement("allowed AMIs state", "disabled", fact)],
            remediation: [AllowedAMIsCommands.enable(scope, .auditMode)],
            message: "\(scope) is used, and Allowed AMIs is disabled there."
        )
    }

    private func unknown(_ scope: AccountRegion) -> Judgement.Reason {
        let place = scope.description
        return Judgement.Reason(
            .undetermined,
            severity: .medium,
            facts: [],
            missing: ["allowed AMIs state in " + place],
            remediation: [AllowedAMIsCommands.read(scope)],
            message: place + " is used, and whether Allowed AMIs is on there was never told."
        )
    }
}

extension Reach {
    /// An account and Region at its first call of all, and the first under a state; a later one reaches nothing.
    fileprivate static let firstActivity = Reach("first activity", brings: true) { _, fact, affected in
        let (scope, state) = (fact.evidence.scope, affected.state)
        guard let calls = state.activity[scope], calls.hasCall(before: fact.time) else {
            return affected.insert(.activity(scope))
        }
        let settings = state.timeline(fact.evidence.origin.allowedImages)
        guard !settings.isEmpty, let setting = settings.latest(asOf: fact.time),
            case .allowedImages(.disabled) = setting.value,
            calls.first(from: setting.time.seconds).map({ $0.time >= fact.time }) ?? true
        else { return }
        affected.insert(.activity(scope))
    }
}
