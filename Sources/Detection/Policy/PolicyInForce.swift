import CloudTrail
import Synchronization

/// A policy as the engine applies it, with what judging asks for at every record worked out once.
///
/// A class, so that handing it to a rule costs one reference.
final class PolicyInForce: Sendable {
    /// An entry of `images.approved` in the forms in which images are known.
    final class Approval: Sendable {
        /// Its place in the policy.
        let index: Int
        let ids: Set<ResourceID>?
        let owners: Owners?
        let names: [Pattern]?
        let tags: [(key: ExactText, value: ExactText)]
        /// Whether it asks for nothing but tags.
        let hasTagsOnly: Bool

        init(_ index: Int, _ entry: Policy.ApprovedImage) {
            self.index = index
            ids = entry.ids.map { Set($0.map { ResourceID($0.string) }) }
            owners = entry.owners.map { Owners($0) }
            names = entry.names
            tags = (entry.tags ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
            hasTagsOnly = ids == nil && owners == nil && names == nil
        }
    }

    /// Owners of images: accounts, and aliases such as `amazon`.
    struct Owners: Sendable {
        let accounts: Set<AccountID>
        /// What is no account may be an alias, and so may be what looks like one.
        let aliases: Set<ExactText>
        let hasAliases: Bool

        init(_ names: Set<ExactText>) {
            accounts = Set(names.compactMap { AccountID($0.string) })
            aliases = names
            hasAliases = accounts.count < names.count
        }
    }

    /// An entry of `declarative_policies`.
    struct DeclaredPolicy: Sendable {
        /// Tells it from others, and from those that AWS Organizations has.
        let name: ExactText
        let file: String
        let content: PolicyContents.Content
        let targets: [ExactText]
    }

    let policy: Policy
    /// Tells the policies apart that one engine has put in force.
    let number: UInt32
    /// The ids of rules that the policy switches off: few, and asked for at every judgement.
    private let disabledRules: [String]
    /// `images.approved`, in order.
    let approvals: [Approval]
    /// Those that ask for tags, too.
    let approvalsByTags: [Approval]
    /// Those that ask for nothing that changes with time.
    let constantApprovals: [Approval]
    /// Those that ask for a name of somebody.
    let approvalsByNameOfOwner: [Approval]
    /// The keys of tags by which images are approved.
    let approvalTagKeys: [ExactText]
    /// The attributes of an image that tell those tags.
    let approvalTags: [ImageAttribute]
    /// `iam_statements`, as calls are judged by them: those that may find something.
    let statements: [JudgingStatement]
    /// The keys of all tags that it asks of images, in lower case.
    private let tagKeys: Set<ExactText>
    /// What these ask of callers' sessions.
    let sessionKeys: SessionKeys
    /// What is told of records because something asks for it.
    let optionalFacts: OptionalFacts
    /// `images.denied`.
    let deniedImages: Set<ResourceID>
    /// By an account, a unit or a root what `organization.parents` says that it is in, and what is in it.
    let besideInOrganization: [ExactText: [ExactText]]
    /// `declarative_policies`, on each target in the order of attachment.
    let declaredPolicies: [DeclaredPolicy]
    /// What has been worked out of declarative policies.
    let policyContents = PolicyContents()
    private let baselines = Mutex<[AccountID: Policy.Baseline]>([:])

    /// The number is not 0.
    init(_ policy: Policy, number: UInt32 = 1) {
        self.policy = policy
        self.number = number
        disabledRules = policy.rules.filter { !$1.isEnabled }.keys.sorted()
        let approvals = (policy.images.approved ?? []).enumerated().map { Approval($0.offset, $0.element) }
        self.approvals = approvals
        approvalsByTags = approvals.filter { !$0.tags.isEmpty }
        constantApprovals = approvals.filter(\.tags.isEmpty)
        approvalsByNameOfOwner = approvals.filter { $0.names != nil && $0.owners != nil }
        approvalTagKeys = Set(approvals.flatMap { $0.tags.map(\.key) }).sorted()
        approvalTags = approvalTagKeys.map { .tag($0) } + [.allTags]
        statements = JudgingStatement.all(policy.iamStatements)
        tagKeys = Set(
            (approvalTagKeys + policy.requiredTags.map(\.key)).map { ExactText($0.string.lowercased()) }
                + statements.flatMap(\.resourceTagKeys)
        )
        sessionKeys = statements.reduce(into: []) { $0.formUnion($1.sessionKeys) }
        var optionalFacts: OptionalFacts = statements.isEmpty ? [] : .statements
        if policy.thresholds.silentHours != nil, !disabledRules.contains(AccountSilent.id) {
            optionalFacts.insert(.hours)
        }
        self.optionalFacts = optionalFacts
        deniedImages = Set(policy.images.denied.map { ResourceID($0.string) })
        var beside: [ExactText: [ExactText]] = [:]
        for (child, parent) in policy.organization.parents {
            beside[child, default: []].append(parent)
            beside[parent, default: []].append(child)
        }
        besideInOrganization = beside
        declaredPolicies = policy.declarativePolicies.map { [policyContents] in
            DeclaredPolicy(
                name: $0.id ?? ExactText("\(OrganizationPolicies.file)\($0.file)"),
                file: $0.file,
                content: policyContents.content(of: $0.content),
                targets: $0.targets
            )
        }
    }

    /// What an account's guardrails should be, as far as the policy alone tells.
    func baseline(of account: AccountID) -> Policy.Baseline {
        if policy.declarativePolicies.isEmpty { return policy.baseline }
        return baselines.withLock { baselines in
            let baseline =
                baselines[account]
                ?? OrganizationPolicies(self).baseline(of: ExactText(account.description), policy)
            baselines[account] = baseline
            return baseline
        }
    }

    /// Whether a tag of an image can decide anything.
    func asksForTag(_ key: ExactText) -> Bool { tagKeys.contains(ExactText(key.string.lowercased())) }

    /// The statement of a name.
    func statement(_ name: ExactText) -> JudgingStatement? { statements.first { $0.name == name } }

    /// Whether the policy leaves a rule on.
    func isEnabled(_ rule: @autoclosure () -> String) -> Bool {
        if disabledRules.isEmpty { return true }
        let rule = rule()
        return !disabledRules.contains { $0.hasSameBytes(as: rule) }
    }
}
