import AWSPolicies
import CloudTrail

/// What an account's guardrails should be, as time goes by: its effective declarative policy, and `baseline` where that sets nothing.
///
/// Declarative policies are those that the policy's files attach, and those that calls in AWS Organizations have attached by
/// then. A root, unit or account to which a file is attached has the files alone. Where nobody tells whether the account is in a
/// unit with policies, there is `baseline` alone.
struct BaselineHistory {
    /// What is told of the organization and is not in `policies` yet.
    private var facts: ArraySlice<Fact> = []
    /// Nil while the files alone tell.
    private var policies: OrganizationPolicies?
    private var current: Policy.Baseline
    private let account: AccountID
    private let inForce: PolicyInForce

    /// What holds for an account up to a time.
    init(of account: AccountID, through time: EventTime = .distantFuture, in context: RuleContext) {
        self.account = account
        inForce = context.inForce
        current = inForce.baseline(of: account)
        guard context.facts.knowsOrganizations else { return }
        let name = ExactText(account.description)
        facts = context.facts.organization(above: name, through: time, inForce)[...]
        if facts.isEmpty { return }
        var policies = OrganizationPolicies(inForce, filesPrevail: true)
        // Before its first move it was where that says.
        var told: Set<ExactText> = []
        for fact in facts {
            guard let child = fact.value.fields?.text("child"), told.insert(child).inserted else { continue }
            policies.applyFormerPlace(fact)
        }
        current = policies.baseline(of: name, inForce.policy)
        self.policies = policies
    }

    /// Whether it demands nothing of the guardrails of images, at any time.
    var isEmpty: Bool { facts.isEmpty && current.demandsNothing }

    /// What holds as of a time, which is none before those that were asked for already.
    mutating func asOf(_ time: EventTime) -> Policy.Baseline {
        let passed = facts.prefix { $0.time <= time }
        if !passed.isEmpty, policies != nil {
            for fact in passed { policies?.apply(fact) }
            facts = facts.dropFirst(passed.count)
            current = policies?.baseline(of: ExactText(account.description), inForce.policy) ?? current
        }
        return current
    }
}

extension OrganizationPolicies {
    /// What an account's guardrails should be, at this moment.
    func baseline(of account: ExactText, _ policy: Policy) -> Policy.Baseline {
        var result = policy.baseline
        guard doubtfulUnits(above: account).isEmpty else { return result }
        let path = path(to: account)
        let settings = settings(path)
        let clause = clause(path)
        if let state = settings.allowedImages {
            (result.allowedImagesState, result.stateClause) = (state, clause)
        }
        if let criteria = settings.imageCriteria {
            (result.imageCriteria, result.criteriaClause) = (criteria, clause)
        }
        if let state = settings.blockPublicAccess {
            (result.blockPublicAccess, result.blockPublicAccessClause) = (state, clause)
        }
        return result
    }
}

extension Policy.Baseline {
    fileprivate var demandsNothing: Bool {
        allowedImagesState == nil && imageCriteria == nil && blockPublicAccess == nil
    }
}

extension FactView {
    /// The facts that decide which declarative policies hold for an account, in order: where it and the units above it are, and
    /// what is attached there, up to a time.
    func organization(
        above account: ExactText,
        through time: EventTime = .distantFuture,
        _ inForce: PolicyInForce
    ) -> [Fact] {
        var facts: [Fact] = []
        forEachKey(above: account, through: time, inForce) { key, time in
            facts += time.map { all(of: key, asOf: $0) } ?? all(of: key)
        }
        return facts.sorted()
    }

    /// How many they are.
    func organizationCount(above account: AccountID, _ inForce: PolicyInForce) -> Int {
        var count = 0
        forEachKey(above: ExactText(account.description), through: .distantFuture, inForce) { key, _ in
            count += unnoted(key).count
        }
        return count
    }

    /// Their keys, each once, with the time up to which it counts.
    private func forEachKey(
        above account: ExactText,
        through time: EventTime,
        _ inForce: PolicyInForce,
        _ action: (FactKey, EventTime?) -> Void
    ) {
        if !knowsOrganizations { return }
        var seen: Set<FactKey> = []
        func body(_ key: FactKey, _ time: EventTime?) {
            if seen.insert(key).inserted { action(key, time) }
        }
        var (waiting, visited): ([ExactText], Set<ExactText>) = ([account], [])
        var isPlaced = true
        while let part = waiting.popLast() {
            guard visited.insert(part).inserted else { continue }
            if part.isRoot {
                body(FactKey(.policyType, .organization(part)), time)
            } else {
                let key = FactKey(.placeInOrganization, .organization(part))
                // A later move of the account tells where it was.
                let isAll = part == account
                body(key, isAll ? nil : time)
                let named = unnoted(key).filter { isAll || $0.time <= time }.flatMap { fact in
                    ["parent", "former"].compactMap { fact.value.fields?.text($0) }
                        + (fact.value.fields?.text("root of").map(roots) ?? [])
                }
                let declared = inForce.policy.organization.parents[part]
                isPlaced = isPlaced && (declared != nil || !named.isEmpty)
                waiting += named + [declared, part.rootOfUnit].compactMap(\.self)
            }
            forEachAttachment(.to(part), through: time, body)
        }
        // Whoever is in a unit of which nobody tells where it is may be in any other one.
        if isPlaced { return }
        for root in visited where root.isRoot {
            forEachAttachment(.below(root), through: time) { key, time in
                body(key, time)
                body(FactKey(.placeInOrganization, key.entity), time)
            }
        }
    }

    /// The keys of what was attached, and of what those policies say, up to a time.
    private func forEachAttachment(
        _ place: AttachmentPlace,
        through time: EventTime,
        _ body: (FactKey, EventTime?) -> Void
    ) {
        for key in attachmentKeys(place, asOf: time) {
            body(key, time)
            guard case .text(let policy) = key.qualifier else { continue }
            body(FactKey(.policyContent, .organization(policy)), time)
        }
    }
}

extension BaselineHistory {
    /// What makes it be asked again what the guardrails of an account should be.
    static let guardrailTriggers = Trigger.on(Attribute.ofOrganizations, .guardrailsInOrganization)

    /// The same for what an account launches.
    static let launchTriggers = Trigger.on(Attribute.ofOrganizations, .launchesInOrganization)
}

extension Reach {
    /// The guardrails of every account that a fact about its organization may concern.
    fileprivate static let guardrailsInOrganization = Reach("guardrails in the organization") {
        key,
        fact,
        affected in
        for account in affected.accounts(concernedBy: key, fact) {
            for key in affected.state.indexes.guardrails[account] ?? [] {
                if let scope = key.entity.scope { affected.insert(.guardrails(scope)) }
            }
        }
    }

    /// The launches of such accounts from the fact's time on; a move also tells where an account was before.
    fileprivate static let launchesInOrganization = Reach("launches in the organization") {
        key,
        fact,
        affected in
        let accounts = affected.accounts(concernedBy: key, fact)
        let isOfAccount = OrganizationFacts.account(placedBy: key) != nil
        let start = isOfAccount ? EventTime.distantPast : fact.time
        for (scope, launches) in affected.state.indexes.launches where accounts.contains(scope.account) {
            launches.forEach(from: start, until: nil) { launch in
                if let subject = affected.state.subject(of: launch) { affected.insert(subject) }
            }
        }
    }
}

extension AffectedSubjects {
    /// Where an account is concerns it alone; everything else, whoever is in the organization.
    fileprivate func accounts(concernedBy key: FactKey, _ fact: Fact) -> Set<AccountID> {
        if let account = OrganizationFacts.account(placedBy: key) { return [account] }
        var organization = KnownOrganization()
        state.extend(&organization, around: OrganizationFacts.parts(named: key, fact), inForce)
        return Set(organization.parts.compactMap { AccountID($0.string) })
    }
}
