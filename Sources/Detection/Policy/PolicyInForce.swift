import CloudTrail

/// A policy as the engine applies it, with what judging asks for at every record worked out once.
///
/// A class, so that handing it to a rule costs one reference.
final class PolicyInForce: Sendable {
    let policy: Policy
    /// The keys of tags by which images are approved.
    let approvalTagKeys: [String]
    /// `images.denied`.
    let deniedImages: Set<ResourceID>

    init(_ policy: Policy) {
        self.policy = policy
        approvalTagKeys = Set((policy.approvedImages ?? []).flatMap { ($0.tags ?? [:]).keys }).sorted()
        deniedImages = Set(policy.deniedImages.map { ResourceID($0) })
    }

    /// Whether the policy leaves a rule on.
    func isEnabled(_ rule: String) -> Bool {
        policy.rules.isEmpty || policy.rules[rule]?.isEnabled ?? true
    }
}
