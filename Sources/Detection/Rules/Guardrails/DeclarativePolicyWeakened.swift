import AWSPolicies
import CloudTrail

/// A change in AWS Organizations after which the EC2 declarative policy of some account lets more through.
struct DeclarativePolicyWeakened: Rule {
    let metadata = RuleMetadata(
        id: "declarative-policy-weakened",
        title: "EC2 declarative policy lets more through",
        kind: .event,
        severity: .high,
        events: EventNames.any(of: EventNames.membership, WatchedCall.organizationPolicies.map(\.name)),
        references: [
            "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_declarative.html"
        ],
        attack: ["T1562.001"]
    )

    let subjects = [Subject.Kind.policyChange]

    let triggers = Trigger.on(Attribute.ofOrganizations, .changesOfOrganization(.policyChange))

    let ownFacts = OrganizationFacts.told

    private let comparisons = CriteriaComparisons()

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let changed = subject.name else { return nil }
        func isOwn(_ fact: Fact) -> Bool {
            fact.evidence.scope == subject.scope && !fact.evidence.isInventory
                && OrganizationFacts.changed(by: fact) == changed
        }
        var rest =
            AccountID(changed.string) == nil
            ? context.facts.organization(around: changed, context.inForce)[...]
            : context.facts.organization(above: changed, context.inForce)[...]
        guard rest.contains(where: isOwn) else { return nil }
        var (judgement, now) = (Judgement(), OrganizationPolicies(context.inForce))
        /// What held before the first change that is still open.
        var standing: [ExactText: EC2Settings] = [:]
        while let first = rest.first {
            let second = rest.prefix { $0.time == first.time }
            rest = rest.dropFirst(second.count)
            for fact in second { now.applyBefore(fact) }
            let own = second.filter(isOwn)
            // A copy is made only where it is compared with.
            let before = own.isEmpty ? nil : now
            for fact in second { now.apply(fact) }
            resolve(second, &standing, now, &judgement)
            guard let before else { continue }
            let change = OrganizationChange(Array(own), from: before, to: now, comparisons)
            guard let verdict = change.verdict else { continue }
            standing.merge(change.before) { known, _ in known }
            for fact in own {
                judgement.occur(fact.evidence, .high, verdict) { reason(change, fact, before) }
            }
        }
        return judgement
    }

    /// Wherever more was let through it is no more.
    private func resolve(
        _ second: ArraySlice<Fact>,
        _ standing: inout [ExactText: EC2Settings],
        _ now: OrganizationPolicies,
        _ judgement: inout Judgement
    ) {
        guard !standing.isEmpty, let last = second.last else { return }
        let isConcerned = second.contains { fact in
            fact.value.fields?.text("child").map { standing[$0] != nil } ?? true
        }
        guard isConcerned else { return }
        var settings = SettingsByPath(now)
        for (node, before) in standing where !now.gone.contains(node) {
            let account = AccountID(node.string) ?? .none
            guard SettingsLoosening(from: before, to: settings.of(node), in: account, comparisons).isNone
            else { return }
        }
        standing = [:]
        judgement.resolve(last.evidence)
    }

    private func reason(
        _ change: OrganizationChange,
        _ fact: Fact,
        _ before: OrganizationPolicies
    ) -> Judgement.Reason {
        let event = OrganizationEvent(fact, before)
        var facts = [FactStatement(event.what, event.how, fact)]
        for group in change.groups {
            facts.append(FactStatement("looser", "\(group.words), for \(group.places)", fact))
            if let image = group.image { facts.append(FactStatement("admitted now", image.words, fact)) }
        }
        let words = change.groups.map { "\($0.words), for \($0.places)" }.joined(separator: ". And ")
        let message =
            if words.isEmpty {
                "\(event.sentence); whether that lets more through cannot be told."
            } else if change.verdict == .violation {
                "\(event.sentence): \(words)."
            } else {
                "\(event.sentence). Perhaps \(words)."
            }
        return Judgement.Reason(
            change.verdict ?? .undetermined,
            severity: .high,
            facts: facts,
            missing: change.missing,
            remediation: event.remediation,
            message: message
        )
    }
}

extension Subject.Kind {
    /// A policy, a root or an account, by what an account's calls change of it in the organization.
    static let policyChange = Subject.Kind(0x1050, .accountRegion, hasDiscriminator: true)
}
