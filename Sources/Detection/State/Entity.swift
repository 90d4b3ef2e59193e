public import CloudTrail

/// What facts are about.
public enum Entity: Fingerprinted, Sendable {
    /// An account's part of one Region.
    case accountRegion(AccountRegion)
    /// A resource of one account and Region: an instance, a snapshot, somebody's attempt to share an image.
    case resource(AccountRegion, ResourceID)
    /// An account.
    case account(AccountID)
    /// An image, whoever owns it.
    case image(ResourceID)
    /// An organization, `o-…`, or a part of one: a policy, a root, a unit, an account as such.
    case organization(ExactText)

    /// Feeds what tells entities apart in practice: an id alone, where there is one.
    public func feed(to fingerprint: inout TextFingerprint) {
        switch self {
        case .accountRegion(let scope): scope.feed(to: &fingerprint)
        case .resource(_, let id), .image(let id): id.feed(to: &fingerprint)
        case .account(let account): fingerprint.feed(account.number)
        case .organization(let organization): organization.feed(to: &fingerprint)
        }
    }

    /// The account whose state its facts are part of; nil where they belong to no single one.
    var account: AccountID? {
        switch self {
        case .accountRegion(let scope), .resource(let scope, _): scope.account
        case .account(let account): account
        case .image, .organization: nil
        }
    }

    /// The account and Region that it is in.
    var scope: AccountRegion? {
        switch self {
        case .accountRegion(let scope), .resource(let scope, _): scope
        case .account, .image, .organization: nil
        }
    }

    /// The resource that it is.
    var id: ResourceID? {
        switch self {
        case .resource(_, let id), .image(let id): id
        case .accountRegion, .account, .organization: nil
        }
    }
}

/// Which of several of a kind is meant: one tag of an image, one grantee's permission.
public enum Qualifier: Fingerprinted, Sendable {
    /// There is one only.
    case none
    /// That of a name: a tag's key, a call's name, a principal's ARN.
    case text(ExactText)
    /// That of a grantee.
    case grantee(Grantee)
    /// That of a second of the epoch.
    case second(Int64)
    /// A tag that is required of an image, or of the snapshots made with it.
    case requiredTag(ExactText, Policy.RequiredTag.Resource)

    /// Feeds the text, the grantee or the second.
    public func feed(to fingerprint: inout TextFingerprint) {
        switch self {
        case .none: break
        case .text(let text), .requiredTag(let text, _): text.feed(to: &fingerprint)
        case .grantee(let grantee): grantee.feed(to: &fingerprint)
        case .second(let second): fingerprint.feed(UInt64(bitPattern: second))
        }
    }

    /// As a finding's discriminator shows it; nil where there is one only.
    var description: String? {
        switch self {
        case .none: nil
        case .text(let text), .requiredTag(let text, .image): text.string
        case .grantee(let grantee): grantee.description
        case .second(let second): String(second)
        case .requiredTag(let text, .snapshot): "snapshot/\(text)"
        }
    }
}
