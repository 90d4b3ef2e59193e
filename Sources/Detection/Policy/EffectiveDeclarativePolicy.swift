public import AWSPolicies
public import CloudTrail

/// The EC2 declarative policy that holds for one account: what is attached above it and to it, merged.
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
        var path = [ExactText(account.description)]
        while let parent = policy.organization.parents[path[0]], !path.contains(parent) {
            path.insert(parent, at: 0)
        }
        let targets = Set(policy.declarativePolicies.flatMap(\.targets))
        var unknownUnits: [ExactText] = []
        if !path[0].isRoot {
            // An organization has one root.
            let root =
                targets.first(where: \.isRoot) ?? policy.organization.parents.values.first(where: \.isRoot)
            unknownUnits = targets.filter { $0.string.hasPrefix("ou-") && !path.contains($0) }.sorted()
            if let root { path.insert(root, at: 0) }
        }
        let levels = path.map { target in
            policy.declarativePolicies.filter { $0.targets.contains(target) }
        }
        content = EffectivePolicy(levels.map { $0.map(\.content) })
        files = levels.joined().map(\.file)
        self.path = path
        self.unknownUnits = unknownUnits
    }
}
