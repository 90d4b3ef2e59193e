public import CloudTrail

/// An account's part of one Region.
public struct Place: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The account.
    public let account: AccountID
    /// The Region.
    public let region: String

    /// A place from its parts.
    public init(_ account: AccountID, _ region: String) {
        self.account = account
        self.region = region
    }

    /// Feeds a fingerprint of both.
    public func hash(into hasher: inout Hasher) {
        var fingerprint = TextFingerprint()
        fingerprint.feed(account.number)
        fingerprint.feed(region)
        hasher.combine(fingerprint.value)
    }

    /// `<account>/<region>`, the id of the resource `account-region`.
    public var description: String { "\(account)/\(region)" }

    /// By account, then Region.
    public static func < (left: Place, right: Place) -> Bool {
        left.account != right.account ? left.account < right.account : left.region < right.region
    }
}

/// What a timeline is about.
///
/// Indirect, for a key is copied many times: into the journal, and to what a record touches.
public indirect enum FactKey: Hashable, Sendable {
    /// State of Allowed AMIs.
    case allowedImages(Place)
    /// Image criteria of Allowed AMIs.
    case imageCriteria(Place)
    /// Who manages Allowed AMIs.
    case managedBy(Place)
    /// State of block public access.
    case blockPublicAccess(Place)
    /// Images made public here.
    case madePublic(Place)
    /// The first successful watched call of one second (of the epoch).
    case activity(Place, second: Int64)
    /// Watched calls of one name that could not be read.
    case unreadable(Place, name: String)
    /// An instance.
    case instance(Place, ResourceID)
    /// Refused attempts to share an image with a grantee.
    case refusedShare(Place, ResourceID, Grantee)
    /// Refused attempts to share anything, of one principal.
    case refusals(AccountID, principal: String)
    /// An attribute of an image; in the catalogue.
    case image(ResourceID, ImageAttribute)
    /// The accounts of an organization, `o-…`; in the catalogue.
    case members(organization: String)

    /// Whether of the facts that say the same only the first in order is kept: the others add nothing.
    var keepsFirstOnly: Bool {
        switch self {
        case .activity, .managedBy, .image(_, .owner): true
        default: false
        }
    }

    /// Feeds what tells keys apart in practice: an id alone, where there is one.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .allowedImages(let place): hasher.combine(place)
        case .imageCriteria(let place): hash(place, 1, into: &hasher)
        case .managedBy(let place): hash(place, 2, into: &hasher)
        case .blockPublicAccess(let place): hash(place, 3, into: &hasher)
        case .madePublic(let place): hash(place, 4, into: &hasher)
        case .activity(let place, let second):
            hasher.combine(place)
            hasher.combine(second)
        case .unreadable(let place, let name):
            hasher.combine(place)
            hasher.combine(name)
        case .instance(_, let id): hasher.combine(id)
        case .refusedShare(_, let image, let grantee):
            hasher.combine(image)
            hasher.combine(grantee)
        case .refusals(let account, let principal):
            hasher.combine(account)
            hasher.combine(principal)
        case .image(let id, let attribute):
            hasher.combine(id)
            hasher.combine(attribute)
        case .members(let organization): hasher.combine(organization)
        }
    }

    private func hash(_ place: Place, _ kind: UInt8, into hasher: inout Hasher) {
        hasher.combine(place)
        hasher.combine(kind)
    }

    /// Whether every detector needs it: images and organizations, of which other accounts' launches and shares ask.
    public var isInCatalogue: Bool {
        switch self {
        case .image, .members: true
        default: false
        }
    }
}

/// An attribute of an image.
public enum ImageAttribute: Hashable, Sendable {
    /// Its owner. Holds for all times.
    case owner
    /// Its owner's alias. Holds for all times.
    case ownerAlias
    /// Its name. Holds for all times.
    case name
    /// Its date of creation. Holds for all times.
    case creationDate
    /// Its source image or instance. Holds for all times.
    case origin
    /// Its Marketplace product codes.
    case productCodes
    /// Its date of deprecation.
    case deprecation
    /// Created, disabled, enabled, deregistered.
    case lifecycle
    /// One tag.
    case tag(String)
    /// All tags at once, at creation and in an inventory.
    case allTags
    /// One grantee's launch permission.
    case permission(Grantee)
    /// All launch permissions at once: reset, or listed by an inventory.
    case allPermissions

    /// Whether an attribute never changes, so that a fact holds before its own time too.
    var isConstant: Bool {
        switch self {
        case .owner, .ownerAlias, .name, .creationDate, .origin: true
        default: false
        }
    }
}
