public import CloudTrail

/// What a timeline is about: an attribute of an entity.
///
/// One reference, for a key is copied many times: into the journal, and to what a record touches.
public struct FactKey: Fingerprinted, Sendable {
    private final class Parts: Sendable {
        let attribute: Attribute
        let entity: Entity
        let qualifier: Qualifier
        let shelf: Shelf
        let fingerprint: UInt64

        init(_ attribute: Attribute, _ entity: Entity, _ qualifier: Qualifier) {
            var fingerprint = TextFingerprint()
            fingerprint.feed(UInt64(attribute.tag))
            switch entity {
            case .image: shelf = .image
            case .accountRegion where attribute.keeping == .firstOfSecond: shelf = .activity
            case .resource where attribute == .instance: shelf = .instance
            default: shelf = .timelines
            }
            entity.feed(to: &fingerprint)
            qualifier.feed(to: &fingerprint)
            self.fingerprint = fingerprint.value
            self.attribute = attribute
            self.entity = entity
            self.qualifier = qualifier
        }
    }

    /// Where the state keeps facts.
    enum Shelf {
        /// With all that is known about their image.
        case image
        /// In the log of an account and Region's calls.
        case activity
        /// With the other instances; a row that cannot hold them leaves them to the timelines.
        case instance
        /// Each timeline by itself.
        case timelines
    }

    private let parts: Parts

    /// A key from its parts.
    init(_ attribute: Attribute, _ entity: Entity, _ qualifier: Qualifier = .none) {
        parts = Parts(attribute, entity, qualifier)
    }

    /// What the facts tell.
    public var attribute: Attribute { parts.attribute }
    /// What they tell it of.
    public var entity: Entity { parts.entity }
    /// Which of several they tell.
    public var qualifier: Qualifier { parts.qualifier }
    /// Where the state keeps its facts.
    var shelf: Shelf { parts.shelf }

    /// Feeds what tells keys apart in practice.
    public func feed(to fingerprint: inout TextFingerprint) { fingerprint.feed(parts.fingerprint) }

    /// Goes on from the fingerprint at hand.
    public func _rawHashValue(seed: Int) -> Int {
        var fingerprint = TextFingerprint(from: parts.fingerprint)
        fingerprint.feed(UInt64(bitPattern: Int64(seed)))
        return Int(truncatingIfNeeded: fingerprint.value)
    }

    /// The same attribute of the same entity.
    public static func == (left: FactKey, right: FactKey) -> Bool {
        left.parts === right.parts
            || (left.parts.fingerprint == right.parts.fingerprint && left.attribute == right.attribute
                && left.entity == right.entity && left.qualifier == right.qualifier)
    }

    /// Whether every detector needs it.
    public var isInCatalogue: Bool { attribute.isInCatalogue }

    /// The account whose state this is part of; nil in the catalogue.
    var account: AccountID? { attribute.isInCatalogue ? nil : entity.account }

    /// The image that it is about, if it is about one.
    var image: ResourceID? { if case .image(let id) = entity { id } else { nil } }

    /// What it tells of an image.
    var ofImage: ImageAttribute { ImageAttribute(attribute, qualifier) }
}

extension FactKey: CustomStringConvertible {
    /// Attribute, entity and qualifier, for tests.
    public var description: String { "\(attribute.tag) of \(entity), \(qualifier)" }
}

extension FactKey {
    /// State of Allowed AMIs.
    static func allowedImages(_ scope: AccountRegion) -> FactKey {
        FactKey(.allowedImages, .accountRegion(scope))
    }
    /// Image criteria of Allowed AMIs.
    static func imageCriteria(_ scope: AccountRegion) -> FactKey {
        FactKey(.imageCriteria, .accountRegion(scope))
    }
    /// Who manages Allowed AMIs.
    static func managedBy(_ scope: AccountRegion) -> FactKey { FactKey(.managedBy, .accountRegion(scope)) }
    /// State of block public access.
    static func blockPublicAccess(_ scope: AccountRegion) -> FactKey {
        FactKey(.blockPublicAccess, .accountRegion(scope))
    }
    /// Images made public in an account and Region.
    static func madePublic(_ scope: AccountRegion) -> FactKey { FactKey(.madePublic, .accountRegion(scope)) }
    /// The first successful watched call of one second (of the epoch).
    static func activity(_ scope: AccountRegion, second: Int64) -> FactKey {
        FactKey(.activity, .accountRegion(scope), .second(second))
    }
    /// The same of whichever second: of a fact at this key its time tells.
    static func activity(_ scope: AccountRegion) -> FactKey { FactKey(.activity, .accountRegion(scope)) }

    /// The key of the timeline that a fact at this key stands on: of activity, the one of its second.
    func ofTimeline(_ fact: Fact) -> FactKey {
        guard shelf == .activity, case .accountRegion(let scope) = entity else { return self }
        return .activity(scope, second: fact.time.seconds)
    }
    /// Watched calls of one name that could not be read.
    static func unreadable(_ scope: AccountRegion, name: ExactText) -> FactKey {
        FactKey(.unreadable, .accountRegion(scope), .text(name))
    }
    /// An instance.
    static func instance(_ scope: AccountRegion, _ id: ResourceID) -> FactKey {
        FactKey(.instance, .resource(scope, id))
    }
    /// Refused attempts to share an image with a grantee.
    static func refusedShare(_ scope: AccountRegion, _ image: ResourceID, _ grantee: Grantee) -> FactKey {
        FactKey(.refusedShare, .resource(scope, image), .grantee(grantee))
    }
    /// Refused attempts to share anything, of one principal.
    static func refusals(_ account: AccountID, principal: ExactText) -> FactKey {
        FactKey(.refusals, .account(account), .text(principal))
    }
    /// An attribute of an image.
    static func image(_ id: ResourceID, _ told: ImageAttribute) -> FactKey {
        FactKey(told.attribute, .image(id), told.qualifier)
    }
    /// The accounts of an organization, `o-…`.
    static func members(organization: ExactText) -> FactKey {
        FactKey(.members, .organization(organization))
    }
    /// Whether an account belongs to an organization.
    static func membership(_ account: AccountID) -> FactKey { FactKey(.membership, .account(account)) }
}

/// An attribute of an image, whichever image that is.
public struct ImageAttribute: Fingerprinted, Sendable {
    let attribute: Attribute
    let qualifier: Qualifier

    init(_ attribute: Attribute, _ qualifier: Qualifier = .none) {
        self.attribute = attribute
        self.qualifier = qualifier
    }

    /// Feeds the attribute, and a tag's key or a permission's grantee.
    public func feed(to fingerprint: inout TextFingerprint) {
        fingerprint.feed(UInt64(attribute.tag))
        qualifier.feed(to: &fingerprint)
    }

    /// Its owner.
    public static var owner: ImageAttribute { ImageAttribute(.owner) }
    /// Its owner's alias.
    public static var ownerAlias: ImageAttribute { ImageAttribute(.ownerAlias) }
    /// Its name.
    public static var name: ImageAttribute { ImageAttribute(.name) }
    /// Its date of creation.
    public static var creationDate: ImageAttribute { ImageAttribute(.creationDate) }
    /// Its source image or instance.
    public static var origin: ImageAttribute { ImageAttribute(.origin) }
    /// Its Marketplace product codes.
    public static var productCodes: ImageAttribute { ImageAttribute(.productCodes) }
    /// Its date of deprecation.
    public static var deprecation: ImageAttribute { ImageAttribute(.deprecation) }
    /// Created, disabled, enabled, deregistered.
    public static var lifecycle: ImageAttribute { ImageAttribute(.lifecycle) }
    /// One tag.
    public static func tag(_ key: ExactText) -> ImageAttribute { ImageAttribute(.tag, .text(key)) }
    /// All tags at once, at creation and in an inventory.
    public static var allTags: ImageAttribute { ImageAttribute(.allTags) }
    /// One grantee's launch permission.
    public static func permission(_ grantee: Grantee) -> ImageAttribute {
        ImageAttribute(.permission, .grantee(grantee))
    }
    /// All launch permissions at once: reset, or listed by an inventory.
    public static var allPermissions: ImageAttribute { ImageAttribute(.allPermissions) }

    /// The grantee of a launch permission.
    var grantee: Grantee? {
        if attribute == .permission, case .grantee(let grantee) = qualifier { grantee } else { nil }
    }

    /// Whether it never changes, so that a fact holds before its own time too.
    var isConstant: Bool { attribute.isConstant }
}
