/// The rules that an engine applies.
public struct RuleSet: Sendable {
    /// The rules, in the order in which they judge.
    public let rules: [any Rule]
    private let byID: [String: any Rule]
    private let byKind: [[any Rule]]

    /// A set of rules.
    public init(_ rules: [any Rule]) {
        self.rules = rules
        byID = Dictionary(rules.map { ($0.metadata.id, $0) }) { first, _ in first }
        byKind = Subject.Kind.allCases.map { kind in rules.filter { $0.subjects == kind } }
    }

    /// The rules that judge subjects of one's kind; some of them may have nothing to say of this one.
    func rules(judging subject: Subject) -> [any Rule] { byKind[subject.kind.rawValue] }

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
