/// What a rule says about itself.
public struct RuleMetadata: Sendable {
    /// What a rule looks at.
    public enum Kind: String, Sendable, CaseIterable {
        /// One record against the state as of its time.
        case event
        /// One use of an image, as of its time.
        case launch
        /// The current value of something.
        case standing
        /// One record after others, within some time.
        case sequence
    }

    /// When a finding is over.
    enum Lifetime {
        /// When its cause is undone.
        case untilResolved
        /// What happened is not undone: some time after it was last seen.
        case occurrence
    }

    /// The id: also the name of its fixture folder, and of its file in camel case.
    public let id: String
    /// One line for people.
    public let title: String
    /// What it looks at.
    public let kind: Kind
    /// When its findings are over, and may be forgotten.
    var lifetime: Lifetime { kind == .event || kind == .sequence ? .occurrence : .untilResolved }
    /// The severity unless the policy or a nuance says otherwise.
    public let severity: Severity
    /// The event names it listens to.
    public let events: [String]
    /// Pages that explain the danger or the setting.
    public let references: [String]
    /// MITRE ATT&CK techniques, `T1537`.
    public let attack: [String]
    /// The controls of benchmarks and the checks of other tools that ask for the same: `CIS AWS Compute Services 2.1.5`
    /// (version 1.0.0), `Prowler ec2_ami_public`.
    public let compliance: [String]

    /// Metadata from its parts.
    public init(
        id: String,
        title: String,
        kind: Kind,
        severity: Severity,
        events: [String],
        references: [String] = [],
        attack: [String] = [],
        compliance: [String] = []
    ) {
        self.id = id
        self.title = title
        self.kind = kind
        self.severity = severity
        self.events = events
        self.references = references
        self.attack = attack
        self.compliance = compliance
    }
}
