public import AWSPolicies
public import CloudTrail

/// What the organisation trusts: `policy.yaml`, read and validated.
///
/// Every part is optional.
///
/// Plain values: reading, errors and hashing of the files are Configuration's work.
public struct Policy: Sendable {
    /// The organisation itself.
    public struct Organization: Sendable {
        /// `o-…`.
        public var id: ExactText?
        /// Accounts known to be members.
        public var accounts: Set<AccountID> = []
        /// The root or organizational unit, `r-…` or `ou-…`, that an account or unit is in.
        public var parents: [ExactText: ExactText] = [:]

        /// An organisation of which nothing is known.
        public init() {}
    }

    /// Who outside is trusted with images.
    public struct Trust: Sendable {
        /// Accounts.
        public var accounts: Set<AccountID> = []
        /// Organizations, `o-…`.
        public var organizations: Set<ExactText> = []
        /// Organizational units, `ou-…`; when given, a share with the whole own organization is too wide.
        public var organizationalUnits: Set<ExactText> = []

        /// AWS services whose shares for the owner are their own work, and not what somebody had them do.
        public var services: Set<ExactText> = ["assets.marketplace.amazonaws.com"]

        /// S3 buckets that images may be exported to, by their names.
        public var buckets: [Pattern] = []

        /// Trusts nobody.
        public init() {}

        /// The AWS service that made a call for the owner by itself; nil where it ran what somebody wrote, with that
        /// one's identity.
        func service(of actor: Actor) -> String? {
            if actor.type.hasSameBytes(as: "AWSService") { return actor.service }
            if let service = actor.linkedService { return service }
            return actor.service.flatMap { services.contains(ExactText($0)) ? $0 : nil }
        }
    }

    /// One entry of `images.approved`: all its parts must match.
    public struct ApprovedImage: Sendable {
        /// Image ids.
        public var ids: Set<ExactText>?
        /// Owners: 12-digit accounts or aliases (`amazon`).
        public var owners: Set<ExactText>?
        /// Names with `*` and `?`.
        public var names: [Pattern]?
        /// The owner's tags, each with exactly this value.
        public var tags: [ExactText: ExactText]?

        /// An entry without parts, which matches every image.
        public init() {}
    }

    /// One entry of `required_tags`.
    public struct RequiredTag: Sendable {
        /// What must carry the tag.
        public enum Resource: String, Sendable, CaseIterable {
            /// The image.
            case image
            /// The snapshots that the creating call makes.
            case snapshot
        }

        /// What the tag's value must be.
        public enum Requirement: Sendable {
            /// Any value.
            case present
            /// This value.
            case value(ExactText)
            /// A value that the pattern matches.
            case pattern(Pattern)
        }

        /// What must carry it.
        public var resource: Resource
        /// The tag's key.
        public var key: ExactText
        /// What its value must be.
        public var requirement: Requirement
        /// Minutes after the creation in which the tag may still be added.
        public var graceMinutes: Int

        /// A requirement from its parts.
        public init(resource: Resource, key: ExactText, requirement: Requirement, graceMinutes: Int = 0) {
            self.resource = resource
            self.key = key
            self.requirement = requirement
            self.graceMinutes = graceMinutes
        }
    }

    /// `images`: which may be launched.
    public struct Images: Sendable {
        /// `approved`; nil turns the rules off that ask for it.
        public var approved: [ApprovedImage]?
        /// `denied`.
        public var denied: Set<ExactText> = []
        /// `max_age_days`.
        public var maximumAgeDays: Int?

        /// Approves and denies nothing.
        public init() {}
    }

    /// `baseline`: what the guardrails should be.
    public struct Baseline: Sendable {
        /// State that Allowed AMIs should be in.
        public var allowedImagesState: AllowedImagesState?
        /// Criteria that should be in force.
        public var imageCriteria: [ImageCriterion]?
        /// State that block public access should be in.
        public var blockPublicAccess: BlockPublicAccessState?
        /// What of the policy demands the state of Allowed AMIs, as findings name it.
        var stateClause = "baseline.allowed_images.state"
        /// What demands the criteria.
        var criteriaClause = "baseline.allowed_images.criteria_file"
        /// What demands the state of block public access.
        var blockPublicAccessClause = "baseline.block_public_access"

        /// Demands nothing.
        public init() {}
    }

    /// One entry of `declarative_policies`.
    public struct DeclarativePolicy: Sendable {
        /// The file, as the policy names it.
        public var file: String
        /// What it says.
        public var content: PolicyTree
        /// Where it is attached: roots, organizational units and accounts.
        public var targets: [ExactText]
        /// `p-…`, its id in AWS Organizations, so that its calls are known for its.
        public var id: ExactText?

        /// An entry from its parts.
        public init(file: String, content: PolicyTree, targets: [ExactText], id: ExactText? = nil) {
            self.id = id
            self.file = file
            self.content = content
            self.targets = targets
        }
    }

    /// `thresholds`, with their defaults.
    public struct Thresholds: Sendable, Equatable {
        /// `ami-share-burst`: images.
        public var shareBurstImages = 5
        /// `ami-share-burst`: minutes.
        public var shareBurstMinutes = 10
        /// `ami-shared-briefly`: minutes.
        public var briefShareMinutes = 60
        /// `ami-created-then-shared`: minutes.
        public var createThenShareMinutes = 60
        /// `image-lookup-without-owner`: minutes.
        public var lookupThenLaunchMinutes = 60
        /// `allowed-amis-stuck-in-audit-mode`: days.
        public var auditModeDays = 30
        /// `ami-first-time-sharer`: days, no more than detectors keep shares for.
        public var firstTimeDays = 30
        /// `ami-share-attempt-denied`: attempts of one principal in 24 hours from which on it is high.
        public var repeatedDenials = 5
        /// `account-silent`: hours; nil expects no account to be heard.
        public var silentHours: Int?

        /// The defaults.
        public init() {}
    }

    /// `rules.<id>`.
    public struct RuleSetting: Sendable {
        /// Whether the rule is on.
        public var isEnabled = true
        /// A severity instead of the rule's own.
        public var severity: Severity?

        /// On, with its own severity.
        public init() {}
    }

    /// One entry of `suppressions`.
    ///
    /// A part that is nil matches everything.
    public struct Suppression: Sendable {
        /// The rule's id.
        public var rule: String
        /// The finding's account.
        public var account: AccountID?
        /// The finding's Region.
        public var region: ExactText?
        /// The finding's resource id.
        public var resource: Pattern?
        /// The finding's discriminator.
        public var discriminator: ExactText?
        /// The id of the image that the finding is about, or that its instance was launched from.
        public var image: Pattern?
        /// The principals of all the finding's occurrences: one that does not match, or is not known, and it is told.
        public var principal: Pattern?
        /// Why.
        public var reason: String
        /// Who answers for it.
        public var owner: String
        /// The first second after its last day, UTC.
        public var ends: EventTime

        /// A suppression from its parts.
        public init(rule: String, reason: String, owner: String, ends: EventTime) {
            self.rule = rule
            self.reason = reason
            self.owner = owner
            self.ends = ends
        }
    }

    /// The first digits, 16 at least, of the hash of the policy whose place it takes, whatever that changes; nil when it
    /// does not say.
    public var replaces: String?

    /// Lower-case hex SHA-256 over the policy and the files it includes.
    public var hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    /// The files that it was read from, as they can be opened: its own, and those that it includes.
    public var files: [String] = []
    /// The organisation.
    public var organization = Organization()
    /// Who is trusted.
    public var trust = Trust()
    /// Outside, but a lower severity.
    public var knownVendors: Set<AccountID> = []
    /// `images`.
    public var images = Images()
    /// `publishers`: principals that may create and tag images; nil when not given.
    public var publishers: [Pattern]?
    /// `required_tags`.
    public var requiredTags: [RequiredTag] = []
    /// `production_accounts`.
    public var productionAccounts: Set<AccountID> = []
    /// `exempt_services`.
    public var exemptServices: Set<ExactText> = []
    /// `baseline`.
    public var baseline = Baseline()
    /// `iam_statements`.
    public var iamStatements: [IAMStatement] = []
    /// `declarative_policies`, on each target in the order of attachment.
    public var declarativePolicies: [DeclarativePolicy] = []
    /// `thresholds`.
    public var thresholds = Thresholds()
    /// `rules`, by rule id.
    public var rules: [String: RuleSetting] = [:]
    /// `suppressions`.
    public var suppressions: [Suppression] = []

    /// A policy that trusts nobody and demands nothing.
    public init() {}
}
