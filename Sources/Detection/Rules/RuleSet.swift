import CloudTrail

/// The rules that an engine applies.
public struct RuleSet: Sendable {
    /// The rules, in the order in which they judge.
    public let rules: [any Rule]
    private let byID: [String: any Rule]
    /// Which facts reach what these rules judge.
    let triggers: TriggerTable
    private let ownFacts: [String: [CallFacts]]
    private let byKind: [Subject.Kind: [AppliedRule]]

    /// A set of rules.
    public init(_ rules: [any Rule]) {
        self.rules = rules
        byID = Dictionary(rules.map { ($0.metadata.id, $0) }) { first, _ in first }
        ownFacts = Dictionary(grouping: rules.flatMap(\.ownFacts), by: \.name)
        triggers = TriggerTable(rules.flatMap(\.triggers))
        var byKind: [Subject.Kind: [AppliedRule]] = [:]
        for applied in rules.map({ AppliedRule($0) }) {
            for kind in applied.rule.subjects { byKind[kind, default: []].append(applied) }
        }
        self.byKind = byKind
    }

    /// The rules that judge subjects of one's kind; some of them may have nothing to say of this one.
    func rules(evaluating subject: Subject) -> [AppliedRule] { byKind[subject.kind] ?? [] }

    /// Facts of single rules that calls of a name tell.
    func facts(toldBy call: String) -> [CallFacts] { ownFacts[call] ?? [] }

    /// The rule with an id.
    public func rule(_ id: String) -> (any Rule)? { byID[id] }

    /// Every rule of this version.
    public static let all = RuleSet([
        AMISharedPublicly(), AMISharedWithUntrustedAccount(), AMISharedWithUntrustedOrganization(),
        AMISharedByService(), AMIShareAttemptDenied(), AMIShareBurst(), AMIExported(),
        AMISnapshotShared(), BlockPublicAccessDisabled(),
        LaunchFromUnapprovedAMI(),
        LaunchNotAllowedByCriteria(), LaunchFromDeniedAMI(), LaunchFromTaintedAMI(),
        AMICreatedWithoutRequiredTags(),
        ApprovalTagTampered(), AllowedAMIsNotInUse(), AllowedAMIsDisabled(), AllowedAMIsDowngraded(),
        AllowedAMIsCriteriaWeakened(), WatchedCallUnreadable(),
    ])
}

/// A rule with its metadata at hand, which a rule itself would hand out as a copy each time.
final class AppliedRule: Sendable {
    let rule: any Rule
    let metadata: RuleMetadata

    init(_ rule: any Rule) {
        self.rule = rule
        metadata = rule.metadata
    }
}
