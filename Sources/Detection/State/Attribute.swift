public import CloudTrail

/// One kind of thing that facts tell: a row that says where such facts are kept, in which form, and for how long.
///
/// A rule that needs a fact of its own declares its attribute beside itself.
public struct Attribute: Sendable {
    /// Which facts of one key are kept.
    enum Keeping: UInt8 {
        /// All, each once.
        case all
        /// Of those that say the same the first: the others add nothing.
        case first
        /// The first of each second.
        case firstOfSecond
    }

    /// When facts may be forgotten.
    enum Lifetime: UInt8 {
        /// Behind the horizon, when newer ones stand before them.
        case standing
        /// Each at the end of the retention: what happened once.
        case occurrence
        /// All, at the end of the retention after the value that ends them; whatever else keeps their finding open.
        case untilEnded
        /// With all other facts and the findings about their entity, at the end of the retention after the value that
        /// ends them.
        case untilGone
    }

    /// Part of the state's format: never reuse one.
    let tag: UInt16
    /// Whether every detector needs it: what other accounts' launches and shares ask for.
    let isInCatalogue: Bool
    let keeping: Keeping
    let lifetime: Lifetime
    /// Whether each record's fact is an entry of its own in the changelog: what may change often must not be written whole
    /// each time.
    let hasEntryPerRecord: Bool
    /// Whether it never changes, so that a fact holds before its own time too.
    let isConstant: Bool
    /// Whether triggers ask who told its facts.
    let hasTellers: Bool
    /// The place among the attributes that an image has once; nil for the others.
    let slot: UInt8?

    /// A row; what is not said is as most attributes are.
    init(
        _ tag: UInt16,
        isInCatalogue: Bool = false,
        keeping: Keeping = .all,
        lifetime: Lifetime = .standing,
        hasEntryPerRecord: Bool = true,
        isConstant: Bool = false,
        hasTellers: Bool = false,
        slot: UInt8? = nil
    ) {
        self.tag = tag
        self.isInCatalogue = isInCatalogue
        self.keeping = keeping
        self.lifetime = lifetime
        self.hasEntryPerRecord = hasEntryPerRecord
        self.isConstant = isConstant
        self.hasTellers = hasTellers
        self.slot = slot
    }
}

extension Attribute: Fingerprinted {
    /// Tags tell attributes apart.
    public static func == (left: Attribute, right: Attribute) -> Bool { left.tag == right.tag }

    /// Feeds the tag.
    public func feed(to fingerprint: inout TextFingerprint) { fingerprint.feed(UInt64(tag)) }
}

// Of an account and Region, an account, an organization.
extension Attribute {
    /// State of Allowed AMIs.
    static let allowedImages = Attribute(0)
    /// Image criteria of Allowed AMIs.
    static let imageCriteria = Attribute(1)
    /// Who manages Allowed AMIs.
    static let managedBy = Attribute(2, keeping: .first, hasEntryPerRecord: false)
    /// State of block public access.
    static let blockPublicAccess = Attribute(3)
    /// Images made public here.
    static let madePublic = Attribute(4)
    /// The first successful watched call of one second (of the epoch).
    static let activity = Attribute(
        5,
        keeping: .firstOfSecond,
        lifetime: .occurrence,
        hasEntryPerRecord: false
    )
    /// Watched calls of one name that could not be read.
    static let unreadable = Attribute(6, lifetime: .occurrence)
    /// An instance.
    static let instance = Attribute(7, lifetime: .untilGone, hasEntryPerRecord: false)
    /// Refused attempts to share an image with a grantee.
    static let refusedShare = Attribute(8, lifetime: .occurrence)
    /// Refused attempts to share anything, of one principal.
    static let refusals = Attribute(9, lifetime: .occurrence)
    /// The accounts of an organization, `o-…`.
    static let members = Attribute(11, isInCatalogue: true, hasEntryPerRecord: false)
    /// Whether an account belongs to an organization.
    static let membership = Attribute(12, isInCatalogue: true)

    static let ofPlaces: [Attribute] = [
        .allowedImages, .imageCriteria, .managedBy, .blockPublicAccess, .madePublic, .activity, .unreadable,
        .instance, .refusedShare, .refusals, .members, .membership,
    ]
}

// Of an image.
extension Attribute {
    /// The tag of every key about an image that the first format has; the attribute's own follows it.
    static let imageTag: UInt8 = 10

    private init(
        image tag: UInt8,
        slot: UInt8? = nil,
        isConstant: Bool = false,
        keeping: Keeping = .all,
        lifetime: Lifetime = .standing,
        hasTellers: Bool = false
    ) {
        self.init(
            UInt16(Self.imageTag) << 8 | UInt16(tag),
            isInCatalogue: true,
            keeping: keeping,
            lifetime: lifetime,
            hasEntryPerRecord: !isConstant,
            isConstant: isConstant,
            hasTellers: hasTellers,
            slot: slot
        )
    }

    /// Its owner; holds for all times.
    static let owner = Attribute(image: 0, slot: 0, isConstant: true, keeping: .first)
    /// Its owner's alias; holds for all times.
    static let ownerAlias = Attribute(image: 1, slot: 1, isConstant: true)
    /// Its name; holds for all times.
    static let name = Attribute(image: 2, slot: 2, isConstant: true)
    /// Its date of creation; holds for all times.
    static let creationDate = Attribute(image: 3, slot: 3, isConstant: true)
    /// Its source image or instance; holds for all times.
    static let origin = Attribute(image: 4, slot: 4, isConstant: true)
    /// Its Marketplace product codes.
    static let productCodes = Attribute(image: 5, slot: 5)
    /// Its date of deprecation.
    static let deprecation = Attribute(image: 6, slot: 6)
    /// Created, disabled, enabled, deregistered.
    static let lifecycle = Attribute(image: 7, slot: 7, hasTellers: true)
    /// One tag.
    static let tag = Attribute(image: 8, hasTellers: true)
    /// All tags at once, at creation and in an inventory.
    static let allTags = Attribute(image: 9, slot: 8, hasTellers: true)
    /// One grantee's launch permission.
    static let permission = Attribute(image: 10, lifetime: .untilEnded, hasTellers: true)
    /// All launch permissions at once: reset, or listed by an inventory.
    static let allPermissions = Attribute(image: 11, slot: 9)

    static let ofImages: [Attribute] = [
        .owner, .ownerAlias, .name, .creationDate, .origin, .productCodes, .deprecation, .lifecycle, .tag,
        .allTags, .permission, .allPermissions,
    ]
}

extension Attribute {
    /// What the first format knows.
    static let known = ofPlaces + ofImages

    /// The attribute of a tag that the first format has.
    static func known(_ tag: UInt16) -> Attribute? { byTag[tag] }

    private static let byTag = Dictionary(uniqueKeysWithValues: known.map { ($0.tag, $0) })

    /// From here on a key carries its attribute's row, so that a version that does not know the attribute keeps its facts.
    static let firstSelfDescribed: UInt16 = 0x1000

    /// The row in two bytes.
    var traits: (UInt8, UInt8) {
        (
            (isInCatalogue ? 1 : 0) | (hasEntryPerRecord ? 2 : 0) | (isConstant ? 4 : 0)
                | (hasTellers ? 8 : 0),
            keeping.rawValue << 4 | lifetime.rawValue
        )
    }

    /// A row as it was written; nil when no version writes such.
    init?(_ tag: UInt16, traits: (UInt8, UInt8)) {
        guard tag >= Self.firstSelfDescribed, traits.0 < 16, let keeping = Keeping(rawValue: traits.1 >> 4),
            keeping != .firstOfSecond, let lifetime = Lifetime(rawValue: traits.1 & 15)
        else { return nil }
        self.init(
            tag,
            isInCatalogue: traits.0 & 1 != 0,
            keeping: keeping,
            lifetime: lifetime,
            hasEntryPerRecord: traits.0 & 2 != 0,
            isConstant: traits.0 & 4 != 0,
            hasTellers: traits.0 & 8 != 0
        )
    }
}
