/// What one document of the AWS CLI tells, as far as amiwatch reads it.
///
/// The record that carries it has `id` `inventory/<hash>`, the account and Region of the snapshot, the API action as
/// `name`, and the snapshot's time; a document without a time has `isDated` false, and only what holds for ever is
/// taken from it.
public struct Inventory: Hashable, Sendable {
    /// One image of `describe-images`, or seen beside an instance.
    public struct Image: Hashable, Sendable {
        /// The image.
        public var id: ResourceID
        /// `OwnerId`.
        public var owner: AccountID?
        /// `ImageOwnerAlias`.
        public var ownerAlias: ExactText?
        /// Whether the document shows that there is no alias where `ownerAlias` is nil; one that leaves keys out does
        /// not.
        public var tellsOwnerAlias = true
        /// `Name`.
        public var name: ExactText?
        /// `CreationDate`.
        public var created: EventTime?
        /// `DeprecationTime`.
        public var deprecated: EventTime?
        /// Whether the document shows that there is no `DeprecationTime`.
        public var isNeverDeprecated = false
        /// Marketplace product codes; nil when the document does not say.
        public var productCodes: [ExactText]?
        /// `SourceImageId`.
        public var sourceImage: ResourceID?
        /// `SourceInstanceId`.
        public var sourceInstance: ResourceID?
        /// `Ebs.SnapshotId` of the block devices: what the image is made of.
        public var snapshots: [ExactText] = []
        /// `Public`.
        public var isPublic: Bool?
        /// `State` is `disabled`; nil when the document shows neither this nor an image that can be used.
        public var isDisabled: Bool?
        /// The owner's whole tags; nil when the document is not the owner's own or does not say.
        public var tags: [ExactText: ExactText]?

        /// An image of which nothing but the id is known.
        public init(id: ResourceID) { self.id = id }
    }

    /// One instance.
    public struct Instance: Hashable, Sendable {
        /// The instance.
        public var id: ResourceID
        /// Its account, when the document says.
        public var account: AccountID?
        /// Its Region, when the document says.
        public var region: ExactText?
        /// Its image.
        public var image: ResourceID?
        /// `LaunchTime`.
        public var launched: EventTime?
        /// `State` is `terminated` (or `shutting-down`).
        public var isTerminated: Bool

        /// An instance from its parts.
        public init(
            id: ResourceID,
            account: AccountID? = nil,
            region: ExactText? = nil,
            image: ResourceID? = nil,
            launched: EventTime? = nil,
            isTerminated: Bool = false
        ) {
            self.id = id
            self.account = account
            self.region = region
            self.image = image
            self.launched = launched
            self.isTerminated = isTerminated
        }
    }

    /// The launch permissions of one image, all of them.
    public struct LaunchPermissions: Hashable, Sendable {
        /// The image.
        public var image: ResourceID
        /// Every grantee there is.
        public var grantees: [Grantee]

        /// The permissions of an image.
        public init(image: ResourceID, grantees: [Grantee]) {
            self.image = image
            self.grantees = grantees
        }
    }

    /// Who may make volumes of one snapshot, all of them.
    public struct SnapshotPermissions: Hashable, Sendable {
        /// The snapshot.
        public var snapshot: ResourceID
        /// Every grantee there is.
        public var grantees: [Grantee]

        /// The permissions of a snapshot.
        public init(snapshot: ResourceID, grantees: [Grantee]) {
            self.snapshot = snapshot
            self.grantees = grantees
        }
    }

    /// One root of an organization.
    public struct Root: Hashable, Sendable {
        /// `r-…`.
        public var id: ExactText
        /// Whether EC2 declarative policies are in force below it.
        public var hasDeclarativePolicies: Bool

        /// A root from its parts.
        public init(id: ExactText, hasDeclarativePolicies: Bool) {
            self.id = id
            self.hasDeclarativePolicies = hasDeclarativePolicies
        }
    }

    /// Whether the time of the document is known.
    public var isDated: Bool
    /// Images, sorted by id.
    public var images: [Image] = []
    /// Instances, sorted by id.
    public var instances: [Instance] = []
    /// Launch permissions, sorted by image.
    public var launchPermissions: [LaunchPermissions] = []
    /// Permissions of snapshots, sorted by snapshot.
    public var snapshotPermissions: [SnapshotPermissions] = []
    /// The state of Allowed AMIs.
    public var allowedImages: AllowedImagesState?
    /// The image criteria of Allowed AMIs.
    public var imageCriteria: [ImageCriterion]?
    /// `ManagedBy`: `account` or `declarative-policy`.
    public var managedBy: ExactText?
    /// The state of block public access.
    public var blockPublicAccess: BlockPublicAccessState?
    /// The state of block public access for snapshots.
    public var snapshotBlockPublicAccess: ExactText?
    /// The organization that AWS Organizations was asked about, `o-…`.
    public var organization: ExactText?
    /// All accounts of the organization, sorted.
    public var members: [AccountID]?
    /// Accounts of the organization, sorted, where others may be in it, too.
    public var someMembers: [AccountID] = []
    /// Roots of the organization, sorted by id.
    public var roots: [Root] = []

    /// An inventory that tells nothing yet.
    public init(isDated: Bool) { self.isDated = isDated }
}
