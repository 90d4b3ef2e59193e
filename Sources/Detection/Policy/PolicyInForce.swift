import CloudTrail

/// A policy as the engine applies it, with what judging asks for at every record worked out once.
///
/// A class, so that handing it to a rule costs one reference.
final class PolicyInForce: Sendable {
    /// An entry of `images.approved` in the forms in which images are known.
    final class Approval: Sendable {
        let ids: Set<ResourceID>?
        let owners: (accounts: Set<AccountID>, aliases: Set<ExactText>)?
        let names: [Pattern]?
        let tags: [(key: ExactText, value: ExactText)]

        init(_ entry: Policy.ApprovedImage) {
            ids = entry.ids.map { Set($0.map { ResourceID($0.string) }) }
            owners = entry.owners.map { (Set($0.compactMap { AccountID($0.string) }), $0) }
            names = entry.names
            tags = (entry.tags ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }
    }

    let policy: Policy
    /// `images.approved`; first the entries that are matched without reading tags, for that takes longest.
    let approvals: [Approval]
    /// The keys of tags by which images are approved.
    let approvalTagKeys: [ExactText]
    /// The attributes of an image that tell those tags.
    let approvalTags: [ImageAttribute]
    /// `images.denied`.
    let deniedImages: Set<ResourceID>

    init(_ policy: Policy) {
        self.policy = policy
        let entries = (policy.approvedImages ?? []).map { Approval($0) }
        approvals = entries.filter(\.tags.isEmpty) + entries.filter { !$0.tags.isEmpty }
        approvalTagKeys = Set(approvals.flatMap { $0.tags.map(\.key) }).sorted()
        approvalTags = approvalTagKeys.map { .tag($0) } + [.allTags]
        deniedImages = Set(policy.deniedImages.map { ResourceID($0.string) })
    }

    /// Whether the policy leaves a rule on.
    func isEnabled(_ rule: String) -> Bool {
        policy.rules.isEmpty || policy.rules[rule]?.isEnabled ?? true
    }
}
