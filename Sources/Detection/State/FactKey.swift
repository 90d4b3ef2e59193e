public import CloudTrail

/// An account's part of one Region.
public struct Place: Fingerprinted, Comparable, Sendable, CustomStringConvertible {
    /// The account.
    public let account: AccountID
    /// The Region.
    public let region: String

    /// A place from its parts.
    public init(_ account: AccountID, _ region: String) {
        self.account = account
        self.region = region
    }

    /// Feeds both.
    public func feed(to fingerprint: inout TextFingerprint) {
        fingerprint.feed(account.number)
        fingerprint.feed(region)
    }

    /// `<account>/<region>`, the id of the resource `account-region`.
    public var description: String { "\(account)/\(region)" }

    /// The same account, and the Region byte for byte.
    public static func == (left: Place, right: Place) -> Bool {
        left.account == right.account && left.region.hasSameBytes(as: right.region)
    }

    /// By account, then Region.
    public static func < (left: Place, right: Place) -> Bool {
        left.account != right.account
            ? left.account < right.account : left.region.bytesPrecede(right.region)
    }
}

/// What a timeline is about.
///
/// Indirect, for a key is copied many times: into the journal, and to what a record touches.
public indirect enum FactKey: Fingerprinted, Sendable {
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
    case unreadable(Place, name: ExactText)
    /// An instance.
    case instance(Place, ResourceID)
    /// Refused attempts to share an image with a grantee.
    case refusedShare(Place, ResourceID, Grantee)
    /// Refused attempts to share anything, of one principal.
    case refusals(AccountID, principal: ExactText)
    /// An attribute of an image; in the catalogue.
    case image(ResourceID, ImageAttribute)
    /// The accounts of an organization, `o-…`; in the catalogue.
    case members(organization: ExactText)
    /// Whether an account belongs to an organization; in the catalogue.
    case membership(AccountID)

    /// Whether of the facts that say the same only the first in order is kept: the others add nothing.
    var keepsFirstOnly: Bool {
        switch self {
        case .activity, .managedBy, .image(_, .owner): true
        default: false
        }
    }

    /// Whether each record's fact is an entry of its own in the changelog: what may change often must not be written whole
    /// each time.
    var hasEntryPerRecord: Bool {
        switch self {
        case .activity, .instance, .managedBy, .members: false
        case .image(_, let attribute): !attribute.isConstant
        default: true
        }
    }

    /// Feeds what tells keys apart in practice: an id alone, where there is one.
    public func feed(to fingerprint: inout TextFingerprint) {
        switch self {
        case .allowedImages(let place): place.feed(to: &fingerprint)
        case .imageCriteria(let place): feed(place, 1, to: &fingerprint)
        case .managedBy(let place): feed(place, 2, to: &fingerprint)
        case .blockPublicAccess(let place): feed(place, 3, to: &fingerprint)
        case .madePublic(let place): feed(place, 4, to: &fingerprint)
        case .activity(let place, let second):
            feed(place, UInt64(bitPattern: second), to: &fingerprint)
        case .unreadable(let place, let name):
            place.feed(to: &fingerprint)
            name.feed(to: &fingerprint)
        case .instance(_, let id): id.feed(to: &fingerprint)
        case .refusedShare(_, let image, let grantee):
            image.feed(to: &fingerprint)
            grantee.feed(to: &fingerprint)
        case .refusals(let account, let principal):
            fingerprint.feed(account.number)
            principal.feed(to: &fingerprint)
        case .image(let id, let attribute):
            id.feed(to: &fingerprint)
            attribute.feed(to: &fingerprint)
        case .members(let organization): organization.feed(to: &fingerprint)
        case .membership(let account): fingerprint.feed(account.number)
        }
    }

    private func feed(_ place: Place, _ number: UInt64, to fingerprint: inout TextFingerprint) {
        place.feed(to: &fingerprint)
        fingerprint.feed(number)
    }

    /// Whether every detector needs it: images and organizations, of which other accounts' launches and shares ask.
    public var isInCatalogue: Bool {
        switch self {
        case .image, .members, .membership: true
        default: false
        }
    }
}

/// An attribute of an image.
public enum ImageAttribute: Fingerprinted, Sendable {
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
    case tag(ExactText)
    /// All tags at once, at creation and in an inventory.
    case allTags
    /// One grantee's launch permission.
    case permission(Grantee)
    /// All launch permissions at once: reset, or listed by an inventory.
    case allPermissions

    /// Feeds a tag's key and a permission's grantee; the others are no keys of tables.
    public func feed(to fingerprint: inout TextFingerprint) {
        switch self {
        case .tag(let key): key.feed(to: &fingerprint)
        case .permission(let grantee): grantee.feed(to: &fingerprint)
        default: break
        }
    }

    /// Whether an attribute never changes, so that a fact holds before its own time too.
    var isConstant: Bool {
        switch self {
        case .owner, .ownerAlias, .name, .creationDate, .origin: true
        default: false
        }
    }
}
