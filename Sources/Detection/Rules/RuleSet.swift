/// The rules that an engine applies.
public struct RuleSet: Sendable {
    /// The rules, in the order in which they judge.
    public let rules: [any Rule]
    private let byID: [String: any Rule]

    /// A set of rules.
    public init(_ rules: [any Rule]) {
        self.rules = rules
        byID = Dictionary(rules.map { ($0.metadata.id, $0) }) { first, _ in first }
    }

    /// The rule with an id.
    public func rule(_ id: String) -> (any Rule)? { byID[id] }

    /// Every rule of this version.
    public static let all = RuleSet([
        AMISharedPublicly(), AMISharedWithUntrustedAccount(), AMISharedWithUntrustedOrganization(),
        AMISharedByService(), AMIShareAttemptDenied(), BlockPublicAccessDisabled(), LaunchFromUnapprovedAMI(),
        LaunchNotAllowedByCriteria(), LaunchFromDeniedAMI(), AMICreatedWithoutRequiredTags(),
        ApprovalTagTampered(), AllowedAMIsNotInUse(), AllowedAMIsDisabled(), AllowedAMIsDowngraded(),
        AllowedAMIsCriteriaWeakened(), WatchedCallUnreadable(),
    ])
}
