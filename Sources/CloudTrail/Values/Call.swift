/// What a watched call asked for and got, in one form for both of EC2's dialects.
public enum Call: Hashable, Sendable {
    /// `RunInstances`.
    case runInstances(InstanceLaunch)
    /// `TerminateInstances`, `BidEvictedEvent`: the instances.
    case terminateInstances([ResourceID])
    /// `CreateImage`, `CopyImage`, `RegisterImage`, `ImportImage`, `CreateRestoreImageTask`.
    case createImage(ImageCreation)
    /// `DeregisterImage`, with the image's snapshots that it deleted.
    case deregisterImage(ResourceID, deletedSnapshots: [ExactText] = [])
    /// `RestoreImageFromRecycleBin`.
    case restoreImage(ResourceID)
    /// `DisableImage`.
    case disableImage(ResourceID)
    /// `EnableImage`.
    case enableImage(ResourceID)
    /// `EnableImageDeprecation` with its date, `DisableImageDeprecation` with nil.
    case deprecateImage(ResourceID, at: EventTime?)
    /// `ModifyImageAttribute` of the launch permissions.
    case modifyLaunchPermission(LaunchPermissionChange)
    /// `ResetImageAttribute` of the launch permissions.
    case resetLaunchPermission(ResourceID)
    /// `CancelImageLaunchPermission`: the calling account gives up its own permission.
    case cancelLaunchPermission(ResourceID)
    /// `CreateTags`, `DeleteTags`.
    case changeTags(TagChange)
    /// `EnableAllowedImagesSettings`, `DisableAllowedImagesSettings`.
    case allowedImages(AllowedImagesState)
    /// `ReplaceImageCriteriaInAllowedImagesSettings`: the whole new list.
    case imageCriteria([ImageCriterion])
    /// `EnableImageBlockPublicAccess`, `DisableImageBlockPublicAccess`.
    case blockPublicAccess(BlockPublicAccessState)
    /// What AWS Organizations tells of an account.
    case membership(MembershipChange)
    /// A call of which one rule alone knows the meaning; the record's name says which.
    case other(Fields)
    /// What the AWS CLI printed, published as facts by `amiwatch inventory`.
    case inventory(Inventory)
    /// A sound record that tells nothing more: another attribute modified, a failed call without parameters.
    case nothing
    /// A successful call whose parameters are missing or of unknown shape; the reason, for people.
    case unreadable(ExactText)
}

/// What `RunInstances` started.
public struct InstanceLaunch: Hashable, Sendable {
    /// One instance that came into being.
    public struct Instance: Hashable, Sendable {
        /// The instance.
        public var id: ResourceID
        /// Its image as the response says, else as the request says.
        public var image: ResourceID?

        /// An instance and its image.
        public init(id: ResourceID, image: ResourceID?) {
            self.id = id
            self.image = image
        }
    }

    /// One for each instance of the response, sorted by id.
    ///
    /// Empty when the call failed.
    public var instances: [Instance]
    /// The image that the request named, if any.
    public var requestedImage: ResourceID?
    /// Why further instances could not be read, when there are such.
    public var unread: ExactText?
    /// What the launch was authorised on; nil where the record does not tell.
    public var request: LaunchRequest?

    /// A launch from its parts.
    public init(
        instances: [Instance],
        requestedImage: ResourceID?,
        unread: ExactText? = nil,
        request: LaunchRequest? = nil
    ) {
        self.instances = instances
        self.requestedImage = requestedImage
        self.unread = unread
        self.request = request
    }
}

/// How an image came into being.
public struct ImageCreation: Hashable, Sendable {
    /// What an image was made from.
    public enum Origin: Hashable, Sendable {
        /// `CreateImage`: from an instance.
        case instance(ResourceID)
        /// `CopyImage`: from an image of a Region.
        case copy(ResourceID, region: ExactText?)
        /// `RegisterImage`: from snapshots (none when from S3).
        case snapshots([ExactText])
        /// `ImportImage`: from disk files.
        case imported
        /// `CreateRestoreImageTask`: from an S3 object.
        case restored(bucket: ExactText?, key: ExactText?)
    }

    /// The new image; nil when the response does not say (always so when the call failed).
    public var image: ResourceID?
    /// Its name, when the request gives one.
    public var name: ExactText?
    /// What it was made from.
    public var origin: Origin?
    /// Tags that the call puts on the image.
    public var imageTags: [ExactText: ExactText]
    /// Tags that the call puts on the snapshots it makes.
    public var snapshotTags: [ExactText: ExactText]
    /// `CopyImage` only: the source's tags come along.
    public var copiesImageTags: Bool
    /// Disks of which the call says that they are not encrypted, sorted; of the others nothing follows.
    public var unencryptedDevices: [ExactText]

    /// A creation from its parts.
    public init(
        image: ResourceID?,
        name: ExactText? = nil,
        origin: Origin? = nil,
        imageTags: [ExactText: ExactText] = [:],
        snapshotTags: [ExactText: ExactText] = [:],
        copiesImageTags: Bool = false,
        unencryptedDevices: [ExactText] = []
    ) {
        self.image = image
        self.name = name
        self.origin = origin
        self.imageTags = imageTags
        self.snapshotTags = snapshotTags
        self.copiesImageTags = copiesImageTags
        self.unencryptedDevices = unencryptedDevices
    }
}

/// With whom an image is shared.
public enum Grantee: Fingerprinted, Sendable, CustomStringConvertible {
    /// An account.
    case account(AccountID)
    /// Group `all`: everybody.
    case everyone
    /// An organization's ARN, as given.
    case organization(String)
    /// An organizational unit's ARN, as given.
    case organizationalUnit(String)

    /// The grantee of a description: `all`, 12 digits, or the ARN of an organization or a unit.
    public init(_ description: String) {
        if description.hasSameBytes(as: "all") {
            self = .everyone
        } else if let account = AccountID(description) {
            self = .account(account)
        } else {
            let isUnit = description.utf8.split(separator: 0x3A).last?.starts(with: "ou/".utf8) ?? false
            self = isUnit ? .organizationalUnit(description) : .organization(description)
        }
    }

    /// Feeds the account or the ARN; of an organization and a unit no two ARNs are the same.
    public func feed(to fingerprint: inout TextFingerprint) {
        switch self {
        case .account(let account): fingerprint.feed(account.number)
        case .everyone: fingerprint.feed(0)
        case .organization(let arn), .organizationalUnit(let arn): fingerprint.feed(arn)
        }
    }

    /// The same account, everybody, or ARNs of the same bytes.
    public static func == (left: Grantee, right: Grantee) -> Bool {
        switch (left, right) {
        case (.account(let account), .account(let other)): account == other
        case (.everyone, .everyone): true
        case (.organization(let arn), .organization(let other)),
            (.organizationalUnit(let arn), .organizationalUnit(let other)):
            arn.hasSameBytes(as: other)
        default: false
        }
    }

    /// The 12 digits, `all`, or the ARN.
    public var description: String {
        switch self {
        case .account(let account): account.description
        case .everyone: "all"
        case .organization(let arn), .organizationalUnit(let arn): arn
        }
    }
}

/// What `ModifyImageAttribute` does to an image's launch permissions.
public struct LaunchPermissionChange: Hashable, Sendable {
    /// The image.
    public var image: ResourceID
    /// Those added, sorted by their text, each once.
    public var added: [Grantee]
    /// Those removed, likewise.
    public var removed: [Grantee]
    /// Why further grantees that were added could not be read, when there are such.
    public var unread: ExactText?
    /// The same of those that were removed.
    public var unreadRemoval: ExactText?

    /// A change from its parts.
    public init(
        image: ResourceID,
        added: [Grantee],
        removed: [Grantee],
        unread: ExactText? = nil,
        unreadRemoval: ExactText? = nil
    ) {
        self.image = image
        self.added = added
        self.removed = removed
        self.unread = unread
        self.unreadRemoval = unreadRemoval
    }
}

/// What tells that an account belongs to an organization, or no more.
public struct MembershipChange: Hashable, Sendable {
    /// The account; nil when it is the one of the trail.
    public var account: AccountID?
    /// `o-…`, where the record says.
    public var organization: ExactText?
    /// Whether it belongs to the organization from then on.
    public var isMember: Bool
    /// The root or unit, `r-…` or `ou-…`, that it is in from then on, where the record says.
    public var parent: ExactText?
    /// The root or unit that it was in until then, where the record says.
    public var formerParent: ExactText?
    /// The account that manages the organization, where the record says; most are from its trail.
    public var management: AccountID?

    /// A change from its parts.
    public init(
        account: AccountID?,
        organization: ExactText? = nil,
        isMember: Bool,
        parent: ExactText? = nil,
        formerParent: ExactText? = nil,
        management: AccountID? = nil
    ) {
        self.account = account
        self.organization = organization
        self.isMember = isMember
        self.parent = parent
        self.formerParent = formerParent
        self.management = management
    }
}

/// What `CreateTags` or `DeleteTags` does.
public struct TagChange: Hashable, Sendable {
    /// The resources, of any kind, as given.
    public var resources: [ExactText]
    /// `CreateTags`: each key with its value.
    ///
    /// `DeleteTags`: each key with nil, or with the value that it must have to be deleted.
    public var tags: [ExactText: ExactText?]
    /// Whether this is `DeleteTags`.
    ///
    /// Without any tag it deletes all of them.
    public var deletes: Bool

    /// A change from its parts.
    public init(resources: [ExactText], tags: [ExactText: ExactText?], deletes: Bool) {
        self.resources = resources
        self.tags = tags
        self.deletes = deletes
    }
}

/// The state of Allowed AMIs in one account and Region, from the riskiest down.
public enum AllowedImagesState: String, Hashable, Sendable, CaseIterable {
    /// The criteria are not applied.
    case disabled
    /// The criteria are evaluated, nothing is blocked.
    case auditMode = "audit-mode"
    /// Only images that the criteria admit can be used.
    case enabled
}

/// The state of block public access for images in one account and Region.
public enum BlockPublicAccessState: String, Hashable, Sendable, CaseIterable {
    /// Images can be made public.
    case unblocked
    /// No image can be made public anew.
    case blockNewSharing = "block-new-sharing"
}

/// One image criterion of Allowed AMIs.
///
/// Values in one parameter are alternatives; all parameters must hold.
public struct ImageCriterion: Hashable, Sendable {
    /// The days that AWS takes in a condition.
    public static let days = 0...2_147_483_647

    /// `ImageProviders`: `amazon`, `aws-marketplace`, `aws-backup-vault`, `none`, or 12-digit accounts.
    public var providers: [ExactText]?
    /// `ImageNames`, with `?` and `*`.
    public var names: [ExactText]?
    /// `MarketplaceProductCodes`.
    public var productCodes: [ExactText]?
    /// `CreationDateCondition.MaximumDaysSinceCreated`, in days.
    public var maximumDaysSinceCreated: Int?
    /// `DeprecationTimeCondition.MaximumDaysSinceDeprecated`, in days.
    public var maximumDaysSinceDeprecated: Int?
    /// Parameters that this version does not know (`ImageWatermarks`, say), each as canonical JSON.
    public var unknown: [ExactText: ExactText]

    /// A criterion from the parameters that it has.
    public init(
        providers: [ExactText]? = nil,
        names: [ExactText]? = nil,
        productCodes: [ExactText]? = nil,
        maximumDaysSinceCreated: Int? = nil,
        maximumDaysSinceDeprecated: Int? = nil,
        unknown: [ExactText: ExactText] = [:]
    ) {
        self.providers = providers
        self.names = names
        self.productCodes = productCodes
        self.maximumDaysSinceCreated = maximumDaysSinceCreated
        self.maximumDaysSinceDeprecated = maximumDaysSinceDeprecated
        self.unknown = unknown
    }
}
