import CloudTrail

/// The rules that an engine applies.
public struct RuleSet: Sendable {
    /// The rules, in the order in which they judge.
    public let rules: [any Rule]
    private let byID: [String: any Rule]
    /// Which facts reach what these rules judge.
    let triggers: TriggerTable
    private let calls: [ExactText: ToldByCall]
    /// By the kind's tag.
    private let byKind: [[AppliedRule]]

    /// A set of rules.
    public init(_ rules: [any Rule]) {
        self.rules = rules
        byID = Dictionary(rules.map { ($0.metadata.id, $0) }) { first, _ in first }
        calls = Dictionary(
            uniqueKeysWithValues: Dictionary(grouping: rules.flatMap(\.ownFacts), by: \.name)
                .merging(EventNames.toldByEC2.map { ($0, []) }) { known, _ in known }
                .map {
                    (ExactText($0.key), ToldByCall($0.value, isUse: !EventNames.toldByEC2.contains($0.key)))
                }
        )
        triggers = TriggerTable(rules.flatMap(\.triggers))
        let applied = rules.map { AppliedRule($0) }
        let kinds = (rules.flatMap(\.subjects).map { Int($0.tag) }.max() ?? -1) + 1
        var byKind = [[AppliedRule]](repeating: [], count: kinds)
        for rule in applied {
            for kind in rule.rule.subjects { byKind[Int(kind.tag)].append(rule) }
        }
        self.byKind = byKind
    }

    /// The rules that judge subjects of one's kind; some of them may have nothing to say of this one.
    func rules(evaluating subject: Subject) -> [AppliedRule] {
        let tag = Int(subject.kind.tag)
        return tag < byKind.count ? byKind[tag] : []
    }

    /// The subjects that a policy brings by itself.
    func subjects(of policy: Policy) -> [Subject] { rules.flatMap { $0.subjects(of: policy) } }

    /// What calls of a name tell beyond what several rules know; nil where that is nothing.
    func told(by call: String) -> ToldByCall? { calls[ExactText(call)] }

    /// The rule with an id.
    public func rule(_ id: String) -> (any Rule)? { byID[id] }

    /// Every rule of this version.
    public static let all = RuleSet([
        AMISharedPublicly(), AMISharedWithUntrustedAccount(), AMISharedWithUntrustedOrganization(),
        AMISharedByService(), AMIShareAttemptDenied(), AMISharedBriefly(), AMIShareBurst(),
        AMIFirstTimeSharer(), AMICreatedThenShared(), DepartedAccountKeepsShare(), AMIExported(),
        AMISnapshotShared(),
        BlockPublicAccessDisabled(),
        LaunchFromUnapprovedAMI(),
        LaunchNotAllowedByCriteria(), LaunchFromDeniedAMI(), LaunchFromTaintedAMI(),
        LaunchFromPublicLookalikeAMI(), LaunchFromNeverSeenAMI(),
        ImageLookupWithoutOwner(), LaunchFromStaleAMI(),
        RootVolumeReplacedFromUnapprovedAMI(),
        LaunchTemplateUsesUnapprovedAMI(), AMICreatedByUnauthorizedPrincipal(),
        AMICreatedFromUnapprovedSource(),
        GoldenAMIWithdrawn(), AMIWatermarkDetached(), AMIUnencrypted(),
        AMICreatedWithoutRequiredTags(),
        ApprovalTagTampered(), AllowedAMIsNotInUse(), AllowedAMIsStuckInAuditMode(), AllowedAMIsDisabled(),
        AllowedAMIsDowngraded(), AllowedAMIsCriteriaWeakened(), IAMConditionViolated(),
        AllowedAMIsDriftedFromBaseline(),
        SnapshotBlockPublicAccessDisabled(),
        GuardrailChangeDenied(), TrailBlinded(), AccountSilent(), DeclarativePolicyWeakened(),
        WatchedCallUnreadable(),
        SuppressionExpired(),
    ])
}

/// What calls of one name tell beyond what several rules know.
final class ToldByCall: Sendable {
    /// Facts of single rules.
    let facts: [CallFacts]
    /// Those that calls tell which were refused.
    let refusals: [CallFacts]
    /// Whether whoever calls it uses EC2.
    let isUse: Bool

    init(_ facts: [CallFacts], isUse: Bool) {
        self.facts = facts.filter { !$0.isOfRefusal }
        refusals = facts.filter(\.isOfRefusal)
        self.isUse = isUse
    }
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
