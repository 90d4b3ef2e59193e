public import CloudTrail

/// What a rule judges: one thing that can be in violation.
///
/// With a rule's id it is a finding's identity. Indirect, for it is copied many times.
public indirect enum Subject: Fingerprinted, Sendable {
    /// An account and Region, by its guardrails.
    case guardrails(Place)
    /// An account and Region, by its activity without guardrails.
    case activity(Place)
    /// Calls of one name that could not be read.
    case unreadable(Place, name: ExactText)
    /// An instance.
    case launch(Place, ResourceID)
    /// An image shared with a grantee.
    case share(Place, ResourceID, Grantee)
    /// An image that should have been shared with a grantee, and was refused.
    case refusedShare(Place, ResourceID, Grantee)
    /// A tag that an image, or the snapshots made with it, should have had from the beginning.
    case requiredTag(Place, ResourceID, key: ExactText, Policy.RequiredTag.Resource)
    /// A tag by which an image is approved.
    case approvalTag(Place, ResourceID, key: ExactText)

    /// Feeds what tells subjects apart in practice: an id alone, where there is one.
    public func feed(to fingerprint: inout TextFingerprint) {
        switch self {
        case .guardrails(let place), .activity(let place): place.feed(to: &fingerprint)
        case .unreadable(let place, let name):
            place.feed(to: &fingerprint)
            name.feed(to: &fingerprint)
        case .launch(_, let id): id.feed(to: &fingerprint)
        case .share(_, let image, let grantee), .refusedShare(_, let image, let grantee):
            image.feed(to: &fingerprint)
            grantee.feed(to: &fingerprint)
        case .requiredTag(_, let image, let key, _), .approvalTag(_, let image, let key):
            image.feed(to: &fingerprint)
            key.feed(to: &fingerprint)
        }
    }

    /// The account and Region of the finding.
    public var place: Place {
        switch self {
        case .guardrails(let place), .activity(let place), .unreadable(let place, _), .launch(let place, _),
            .share(let place, _, _), .refusedShare(let place, _, _), .requiredTag(let place, _, _, _),
            .approvalTag(let place, _, _):
            place
        }
    }

    /// What the finding is about.
    public var resource: Resource {
        switch self {
        case .guardrails(let place), .activity(let place), .unreadable(let place, _):
            Resource(type: .accountRegion, id: place.description)
        case .launch(_, let instance): Resource(type: .instance, id: instance.description)
        case .share(_, let image, _), .refusedShare(_, let image, _), .requiredTag(_, let image, _, _),
            .approvalTag(_, let image, _):
            Resource(type: .image, id: image.description)
        }
    }

    /// The instance or image that it is about; nil when that is the account and Region.
    fileprivate var resourceID: ResourceID? {
        switch self {
        case .guardrails, .activity, .unreadable: nil
        case .launch(_, let id), .share(_, let id, _), .refusedShare(_, let id, _),
            .requiredTag(_, let id, _, _), .approvalTag(_, let id, _):
            id
        }
    }

    /// What sets findings on one resource apart.
    public var discriminator: String? {
        switch self {
        case .guardrails, .activity, .launch: nil
        case .unreadable(_, let name): name.string
        case .share(_, _, let grantee), .refusedShare(_, _, let grantee): grantee.description
        case .requiredTag(_, _, let key, .image), .approvalTag(_, _, let key): key.string
        case .requiredTag(_, _, let key, .snapshot): "snapshot/\(key)"
        }
    }

    /// The kinds of subject, in the order in which they are judged.
    public enum Kind: Int, CaseIterable, Sendable {
        /// An account and Region, by its guardrails.
        case guardrails
        /// An account and Region, by its activity without guardrails.
        case activity
        /// Calls that could not be read.
        case unreadable
        /// An instance.
        case launch
        /// An image shared with a grantee.
        case share
        /// A refused share.
        case refusedShare
        /// A required tag.
        case requiredTag
        /// A tag by which images are approved.
        case approvalTag
    }

    /// Its kind.
    public var kind: Kind {
        switch self {
        case .guardrails: .guardrails
        case .activity: .activity
        case .unreadable: .unreadable
        case .launch: .launch
        case .share: .share
        case .refusedShare: .refusedShare
        case .requiredTag: .requiredTag
        case .approvalTag: .approvalTag
        }
    }
}

extension Subject: Comparable {
    /// The order in which subjects touched by one record are judged.
    public static func < (left: Subject, right: Subject) -> Bool {
        if left.kind != right.kind { return left.kind.rawValue < right.kind.rawValue }
        if left.place != right.place { return left.place < right.place }
        if let first = left.resourceID, let second = right.resourceID, first != second {
            return first < second
        }
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
        /// `<account>/<region>`.
        case accountRegion = "account-region"
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
