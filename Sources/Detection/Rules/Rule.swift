public import CloudTrail

/// One rule: what it says about itself, and one pure function.
public protocol Rule: Sendable {
    /// What it says about itself.
    var metadata: RuleMetadata { get }

    /// The kinds of subjects that it evaluates.
    var subjects: [Subject.Kind] { get }

    /// Which facts make its subjects be evaluated again.
    var triggers: [Trigger] { get }

    /// Facts of its own, and which calls tell them.
    var ownFacts: [CallFacts] { get }

    /// The subjects that a policy brings by itself, whatever is known.
    ///
    /// They are evaluated with the policy, and at their deadlines.
    func subjects(of policy: Policy) -> [Subject]

    /// Evaluates a subject from the facts and the policy alone; nil when there is nothing to say.
    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement?
}

extension Rule {
    /// Most rules read facts that several rules know.
    public var ownFacts: [CallFacts] { [] }

    /// Most subjects are brought by facts.
    public func subjects(of policy: Policy) -> [Subject] { [] }

    /// What resource ids of its findings look like, in an account and Region where those are known.
    public func resources(account: AccountID?, region: String?) -> [Pattern] {
        subjects.map { kind in
            switch kind.resource {
            case .accountRegion: Pattern("\(account?.description ?? "????????????")/\(region ?? "*")")
            case .account: Pattern(account?.description ?? "????????????")
            case .instance: Pattern("i-*")
            case .snapshot: Pattern("snap-*")
            case .launchTemplate, .policy: Pattern("*")
            case .principal: Pattern("arn:*")
            case .image: Pattern(kind == .requiredTag ? "*ami-*" : "ami-*")
            }
        }
    }

    /// Whether its findings have a discriminator.
    public var hasDiscriminator: Bool { subjects.contains(where: \.hasDiscriminator) }

    /// Whether its findings are about images, or about instances of one.
    public var isAboutImages: Bool {
        subjects.contains { $0.resource == .image || $0.resource == .instance }
    }

    /// Whether each of its findings is about something in one Region.
    public var isAboutOneRegion: Bool {
        !subjects.contains { [.account, .principal, .policy].contains($0.resource) }
    }
}

/// What a rule may look at.
///
/// A view for the length of one call.
public struct RuleContext {
    /// The facts.
    public let facts: FactView
    let inForce: PolicyInForce
    /// The launch that is judged, if one is.
    let launch: LaunchRecord?
    /// What the organisation trusts.
    public var policy: Policy { _read { yield inForce.policy } }
    /// Stream time: deadlines at or before it have passed.
    public var now: EventTime { facts.now }

    /// A context from facts and a policy.
    init(_ facts: FactView, policy: PolicyInForce, of subject: Subject? = nil) {
        self.facts = facts
        inForce = policy
        launch = subject.flatMap { $0.kind == .launch ? LaunchRecord($0, in: facts) : nil }
    }
}
