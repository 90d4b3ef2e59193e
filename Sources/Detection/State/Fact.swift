public import CloudTrail

/// Something that a record proved about one attribute, at the record's time.
public struct Fact: Hashable, Sendable {
    /// Where a fact stands among those of the same second.
    public enum Phase: UInt8, Comparable, Sendable {
        /// Something came into being.
        case creates
        /// Something became another.
        case changes
        /// Something came to its end.
        case ends

        /// In the order in which one second is read.
        public static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }
    }

    // In this order a fact takes 40 bytes.

    /// Its time: the record's, or `distantPast` for what a document without a date tells.
    public let time: EventTime
    /// By what.
    public let evidence: Evidence
    /// What was proved.
    public let value: FactValue
    /// Its place within the second.
    public let phase: Phase

    /// A fact from its parts.
    public init(time: EventTime, phase: Phase, value: FactValue, evidence: Evidence) {
        self.time = time
        self.phase = phase
        self.value = value
        self.evidence = evidence
    }

    /// Whether two facts stand for one: told by the same record at the same place.
    func isSame(as other: Fact) -> Bool {
        time == other.time && phase == other.phase && evidence.id == other.evidence.id
            && evidence.account == other.evidence.account
    }
}

/// A fact with the key of its timeline.
///
/// No tuple, for arrays of tuples are destroyed by the runtime, part by part.
struct KeyedFact: Sendable {
    let key: FactKey
    let fact: Fact

    init(_ key: FactKey, _ fact: Fact) {
        self.key = key
        self.fact = fact
    }
}

extension Fact: Comparable {
    /// The order in which facts are read: time; creates, changes, ends; the riskier value later; event id.
    public static func < (left: Fact, right: Fact) -> Bool {
        left.time != right.time ? left.time < right.time : FactOrder(left) < FactOrder(right)
    }
}

/// The value of a fact.
///
/// Which cases an attribute can have is told by its `FactKey`. What is rare and large is kept apart, so that a fact
/// stays small.
public enum FactValue: Hashable, Sendable {
    /// State of Allowed AMIs.
    case allowedImages(AllowedImagesState)
    /// Image criteria of Allowed AMIs, the whole list.
    case criteria([ImageCriterion])
    /// State of block public access.
    case blockPublicAccess(BlockPublicAccessState)
    /// A text: a name, an alias (nil: the owner has none).
    case text(ExactText?)
    /// An owner.
    case account(AccountID)
    /// An owner, told by a document that leaves out whether it has an alias.
    case accountAlone(AccountID)
    /// A date: of creation, of deprecation (nil: none).
    case date(EventTime?)
    /// Marketplace product codes.
    case productCodes([ExactText])
    /// Launch permission granted.
    case granted
    /// Launch permission taken back.
    case revoked
    /// Launch permissions of everybody but these are gone; an inventory's list, or none after a reset.
    case grantees([Grantee])
    /// A tag set to a value.
    case tagSet(ExactText)
    /// A tag deleted; with a value, only if it had that.
    case tagDeleted(ExactText?)
    /// All tags that there are; with the image whose tags were copied along.
    indirect case allTags([ExactText: ExactText], copiedFrom: ResourceID?)
    /// An image created, with the tags that the call put on snapshots; nil when the call makes none.
    case created(snapshotTags: [ExactText: ExactText]?)
    /// An image disabled.
    case disabled
    /// An image enabled again.
    case enabled
    /// An image deregistered.
    case deregistered
    /// Something that was removed brought back, as it was.
    case restored
    /// An instance launched from an image.
    case launched(ResourceID?)
    /// An instance seen in an inventory, with its image.
    case seen(ResourceID?)
    /// An instance terminated, or another resource removed.
    case terminated
    /// A call that shares an image with some grantees; whether it was refused, the attribute tells.
    indirect case share(ResourceID, [Grantee])
    /// An image made public.
    case madePublic(ResourceID)
    /// A successful watched call.
    case active
    /// A watched call that could not be read, and why.
    case unreadable(ExactText)
    /// A watched call of which could not be read what it takes back, and why.
    case unreadableRemoval(ExactText)
    /// An account belongs to an organization, `o-…` where the record says which.
    case joined(ExactText?)
    /// An account belongs to an organization no more.
    case left(ExactText?)
    /// The accounts of an organization.
    case members([AccountID])
    /// What one rule alone knows the meaning of.
    case fields(Fields)

    /// The image of a launch, or of an instance that was seen.
    var launchedImage: ResourceID? {
        switch self {
        case .launched(let image), .seen(let image): image
        default: nil
        }
    }

    /// What one rule alone knows the meaning of.
    var fields: Fields? { if case .fields(let fields) = self { fields } else { nil } }
    /// The image of a call that shares one.
    var sharedImage: ResourceID? { if case .share(let image, _) = self { image } else { nil } }

    /// The owner that it tells.
    var owner: AccountID? {
        switch self {
        case .account(let account), .accountAlone(let account): account
        default: nil
        }
    }

    /// Whether an instance was launched or seen.
    var isLaunch: Bool {
        switch self {
        case .launched, .seen: true
        default: false
        }
    }

    /// Within one second the riskier value counts as the later one.
    var risk: UInt8 {
        switch self {
        case .allowedImages(.disabled): 2
        case .allowedImages(.auditMode): 1
        case .blockPublicAccess(.unblocked), .granted, .madePublic, .enabled, .restored, .tagDeleted, .left:
            1
        default: 0
        }
    }

    /// The greatest `risk`.
    static let highestRisk: UInt8 = 2
}
