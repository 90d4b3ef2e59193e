public import CloudTrail

/// What a rule judges: one thing that can be in violation.
///
/// With a rule's id it is a finding's identity. One reference, for it is copied many times.
public struct Subject: Fingerprinted, Sendable {
    private final class Parts: Sendable {
        let kind: Kind
        let scope: AccountRegion
        let id: ResourceID?
        let qualifier: Qualifier
        /// The key that named it, to be looked up in again.
        let key: FactKey?
        let fingerprint: UInt64

        init(_ kind: Kind, _ scope: AccountRegion, _ id: ResourceID?, _ qualifier: Qualifier, _ key: FactKey?)
        {
            self.kind = kind
            self.key = key
            self.scope = scope
            self.id = id
            self.qualifier = qualifier
            var fingerprint = TextFingerprint()
            fingerprint.feed(UInt64(kind.tag))
            // An id is of one account and Region in practice.
            if let id { id.feed(to: &fingerprint) } else { scope.feed(to: &fingerprint) }
            qualifier.feed(to: &fingerprint)
            self.fingerprint = fingerprint.value
        }
    }

    private let parts: Parts

    /// A subject from its parts.
    init(_ kind: Kind, _ scope: AccountRegion, _ id: ResourceID? = nil, _ qualifier: Qualifier = .none) {
        parts = Parts(kind, scope, id, qualifier, nil)
    }

    /// The subject with a key's account, Region, resource and qualifier; nil when the key is of no account.
    init?(_ kind: Kind, of key: FactKey) {
        guard let scope = key.entity.scope else { return nil }
        parts = Parts(kind, scope, key.entity.id, key.qualifier, key)
    }

    /// The key of an attribute with the same account, Region, resource and qualifier.
    func key(of attribute: Attribute) -> FactKey {
        if let key = parts.key, key.attribute == attribute { return key }
        let entity = id.map { Entity.resource(scope, $0) } ?? .accountRegion(scope)
        return FactKey(attribute, entity, qualifier)
    }

    /// The key that named it; nil when that was none of its own.
    var source: FactKey? { parts.key }

    /// What kind of thing it is.
    public var kind: Kind { parts.kind }
    /// The account and Region of the finding.
    public var scope: AccountRegion { parts.scope }
    /// The instance or image that it is about; nil when that is the account and Region.
    public var id: ResourceID? { parts.id }
    /// What sets findings on one resource apart.
    public var qualifier: Qualifier { parts.qualifier }

    /// Feeds what tells subjects apart in practice.
    public func feed(to fingerprint: inout TextFingerprint) { fingerprint.feed(parts.fingerprint) }

    /// Goes on from the fingerprint at hand.
    public func _rawHashValue(seed: Int) -> Int {
        var fingerprint = TextFingerprint(from: parts.fingerprint)
        fingerprint.feed(UInt64(bitPattern: Int64(seed)))
        return Int(truncatingIfNeeded: fingerprint.value)
    }

    /// The same thing.
    public static func == (left: Subject, right: Subject) -> Bool {
        left.parts === right.parts
            || (left.parts.fingerprint == right.parts.fingerprint && left.kind == right.kind
                && left.scope == right.scope && left.id == right.id && left.qualifier == right.qualifier)
    }

    /// What the finding is about.
    public var resource: Resource {
        Resource(type: kind.resource, id: id?.description ?? scope.description)
    }

    /// What sets findings on one resource apart, as alerts show it.
    public var discriminator: String? { qualifier.description }

    /// With whom an image is, or should have been, shared.
    var grantee: Grantee? { if case .grantee(let grantee) = qualifier { grantee } else { nil } }

    /// The key of a tag, or the name of a call.
    var name: ExactText? {
        switch qualifier {
        case .text(let text), .requiredTag(let text, _): text
        case .none, .grantee, .second: nil
        }
    }
}

extension Subject {
    /// A kind of subject: a row.
    ///
    /// A rule that judges something new declares its kind beside itself.
    public struct Kind: Fingerprinted, Comparable, Sendable {
        /// Part of the state's format: never reuse one.
        ///
        /// Subjects are judged in the order of their kinds' tags.
        let tag: UInt16
        /// What the findings are about.
        public let resource: Resource.Kind
        /// Whether there are several of one resource.
        let hasDiscriminator: Bool

        init(_ tag: UInt16, _ resource: Resource.Kind, hasDiscriminator: Bool = false) {
            self.tag = tag
            self.resource = resource
            self.hasDiscriminator = hasDiscriminator
        }

        /// Tags tell kinds apart.
        public static func == (left: Kind, right: Kind) -> Bool { left.tag == right.tag }

        /// Feeds the tag.
        public func feed(to fingerprint: inout TextFingerprint) { fingerprint.feed(UInt64(tag)) }

        /// The order in which they are judged.
        public static func < (left: Kind, right: Kind) -> Bool { left.tag < right.tag }

        /// An account and Region, by its guardrails.
        static let guardrails = Kind(0, .accountRegion)
        /// An account and Region, by its activity without guardrails.
        static let activity = Kind(1, .accountRegion)
        /// Calls of one name that could not be read.
        static let unreadable = Kind(2, .accountRegion, hasDiscriminator: true)
        /// An instance.
        static let launch = Kind(3, .instance)
        /// An image shared with a grantee.
        static let share = Kind(4, .image, hasDiscriminator: true)
        /// An image that should have been shared with a grantee, and was refused.
        static let refusedShare = Kind(5, .image, hasDiscriminator: true)
        /// A tag that an image, or the snapshots made with it, should have had from the beginning.
        static let requiredTag = Kind(6, .image, hasDiscriminator: true)
        /// A tag by which an image is approved.
        static let approvalTag = Kind(7, .image, hasDiscriminator: true)

        /// From here on a subject carries its kind's row, so that a version that does not know the kind keeps its findings.
        static let firstSelfDescribed: UInt16 = 0x1000

        /// The kind of a tag that the first format has.
        static func known(_ tag: UInt16) -> Kind? { tag < known.count ? known[Int(tag)] : nil }

        private static let known = [
            guardrails, activity, unreadable, launch, share, refusedShare, requiredTag, approvalTag,
        ]
    }

    /// An account and Region, by its guardrails.
    static func guardrails(_ scope: AccountRegion) -> Subject { Subject(.guardrails, scope) }
    /// An account and Region, by its activity without guardrails.
    static func activity(_ scope: AccountRegion) -> Subject { Subject(.activity, scope) }
    /// Calls of one name that could not be read.
    static func unreadable(_ scope: AccountRegion, name: ExactText) -> Subject {
        Subject(.unreadable, scope, nil, .text(name))
    }
    /// An instance.
    static func launch(_ scope: AccountRegion, _ instance: ResourceID) -> Subject {
        Subject(.launch, scope, instance)
    }
    /// An image shared with a grantee.
    static func share(_ scope: AccountRegion, _ image: ResourceID, _ grantee: Grantee) -> Subject {
        Subject(.share, scope, image, .grantee(grantee))
    }
    /// An image that should have been shared with a grantee, and was refused.
    static func refusedShare(_ scope: AccountRegion, _ image: ResourceID, _ grantee: Grantee) -> Subject {
        Subject(.refusedShare, scope, image, .grantee(grantee))
    }
    /// A tag that an image, or the snapshots made with it, should have had from the beginning.
    static func requiredTag(
        _ scope: AccountRegion,
        _ image: ResourceID,
        key: ExactText,
        _ resource: Policy.RequiredTag.Resource
    ) -> Subject {
        Subject(.requiredTag, scope, image, .requiredTag(key, resource))
    }
    /// A tag by which an image is approved.
    static func approvalTag(_ scope: AccountRegion, _ image: ResourceID, key: ExactText) -> Subject {
        Subject(.approvalTag, scope, image, .text(key))
    }
}

extension Subject: Comparable {
    /// The order in which subjects touched by one record are judged.
    public static func < (left: Subject, right: Subject) -> Bool {
        if left.kind != right.kind { return left.kind < right.kind }
        if left.scope != right.scope { return left.scope < right.scope }
        if let first = left.id, let second = right.id, first != second { return first < second }
        return (left.discriminator ?? "").bytesPrecede(right.discriminator ?? "")
    }
}

/// What a finding is about, as alerts name it.
public struct Resource: Hashable, Sendable {
    /// The kinds of resource.
    public enum Kind: String, Sendable, CaseIterable {
        /// `ami-…`.
        case image
        /// `i-…`.
        case instance
        /// `snap-…`.
        case snapshot
        /// `<account>/<region>`.
        case accountRegion = "account-region"
        /// `<account>`: in all its Regions.
        case account
        /// `lt-…`, or what else plans launches: the name of a configuration, the id of a fleet or a Spot request.
        case launchTemplate = "launch-template"
        /// A part of the policy, or a policy of AWS Organizations.
        case policy
        /// The ARN of a user or role: what it did in all Regions of an account.
        case principal
    }

    /// Its kind.
    public let type: Kind
    /// Its id.
    public let id: String

    /// A resource from its parts.
    public init(type: Kind, id: String) {
        self.type = type
        self.id = id
    }

    /// The same kind, and ids of the same bytes.
    public static func == (left: Resource, right: Resource) -> Bool {
        left.type == right.type && left.id.hasSameBytes(as: right.id)
    }
}
