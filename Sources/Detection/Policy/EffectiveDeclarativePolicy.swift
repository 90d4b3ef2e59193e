public import AWSPolicies
public import CloudTrail

/// The EC2 declarative policy that holds for one account: what the files of a policy attach above it and to it, merged.
public struct EffectiveDeclarativePolicy: Sendable {
    /// The merged settings.
    public let content: EffectivePolicy
    /// From the root, where that is known, to the account.
    public let path: [ExactText]
    /// The files that are attached on the path.
    public let files: [String]
    /// Organizational units with policies in which the account may be or not; while there are any, nothing is certain.
    public let unknownUnits: [ExactText]

    /// Merges what a policy attaches.
    public init(of account: AccountID, in policy: Policy) {
        let policies = OrganizationPolicies(PolicyInForce(policy))
        let account = ExactText(account.description)
        path = policies.path(to: account)
        content = policies.effectivePolicy(path)
        files = policies.files(path)
        unknownUnits = policies.doubtfulUnits(above: account)
    }
}
