/// The calls that amiwatch watches, and what services tell of themselves.
///
/// The one table: it feeds the prefilter, and a call is added by a line here and its decoding in `decode`.
public enum WatchedCall: String, Hashable, Sendable, CaseIterable {
    /// Starts instances.
    case runInstances = "RunInstances"
    /// Ends instances.
    case terminateInstances = "TerminateInstances"
    /// AWS takes Spot instances back, and tells it.
    case bidEvicted = "BidEvictedEvent"
    /// Makes an image of an instance.
    case createImage = "CreateImage"
    /// Copies an image, from another Region too.
    case copyImage = "CopyImage"
    /// Makes an image of snapshots or of files in S3.
    case registerImage = "RegisterImage"
    /// Makes an image of disk files.
    case importImage = "ImportImage"
    /// Makes an image of an S3 object.
    case createRestoreImageTask = "CreateRestoreImageTask"
    /// Removes an image.
    case deregisterImage = "DeregisterImage"
    /// Brings a removed image back, with its permissions and tags.
    case restoreImage = "RestoreImageFromRecycleBin"
    /// Makes an image unusable and ends its shares.
    case disableImage = "DisableImage"
    /// Makes a disabled image usable again.
    case enableImage = "EnableImage"
    /// Sets the date from which an image is deprecated.
    case enableImageDeprecation = "EnableImageDeprecation"
    /// Removes that date.
    case disableImageDeprecation = "DisableImageDeprecation"
    /// Shares an image, or changes something else about it.
    case modifyImageAttribute = "ModifyImageAttribute"
    /// Ends all shares of an image.
    case resetImageAttribute = "ResetImageAttribute"
    /// Gives up the permission to use somebody else's image.
    case cancelImageLaunchPermission = "CancelImageLaunchPermission"
    /// Sets tags.
    case createTags = "CreateTags"
    /// Removes tags.
    case deleteTags = "DeleteTags"
    /// Switches Allowed AMIs to `enabled` or `audit-mode`.
    case enableAllowedImagesSettings = "EnableAllowedImagesSettings"
    /// Switches Allowed AMIs off.
    case disableAllowedImagesSettings = "DisableAllowedImagesSettings"
    /// Sets the image criteria of Allowed AMIs.
    case replaceImageCriteria = "ReplaceImageCriteriaInAllowedImagesSettings"
    /// Blocks new public images.
    case enableImageBlockPublicAccess = "EnableImageBlockPublicAccess"
    /// Lets images be made public.
    case disableImageBlockPublicAccess = "DisableImageBlockPublicAccess"
    /// An account was made in the organization.
    case createAccountResult = "CreateAccountResult"
    /// An account has joined the organization.
    case accountJoined = "AccountJoinedOrganization"
    /// An account takes an invitation.
    case acceptHandshake = "AcceptHandshake"
    /// An account of the organization gets another place in it.
    case moveAccount = "MoveAccount"
    /// An account is removed from the organization.
    case removeAccount = "RemoveAccountFromOrganization"
    /// An account leaves its organization.
    case leaveOrganization = "LeaveOrganization"
    /// An account has left the organization.
    case accountDeparted = "AccountDepartedOrganization"
    /// An account was closed.
    case closeAccountResult = "CloseAccountResult"

    /// The service of most of them.
    public static let source = "ec2.amazonaws.com"

    /// The service that the call belongs to; the same name under another one is ignored.
    public var source: String { isOrganizations ? "organizations.amazonaws.com" : Self.source }

    var sourceText: StaticString { isOrganizations ? "organizations.amazonaws.com" : "ec2.amazonaws.com" }

    /// Whether it is a call, or an event, of AWS Organizations.
    public var isOrganizations: Bool {
        switch self {
        case .createAccountResult, .accountJoined, .acceptHandshake, .moveAccount, .removeAccount,
            .leaveOrganization, .accountDeparted, .closeAccountResult:
            true
        default: false
        }
    }

    /// The calls by the lengths of their names.
    private static let table: [[(name: [UInt8], call: WatchedCall)]] = allCases.reduce(into: []) {
        table,
        call in
        let name = Array(call.rawValue.utf8)
        while table.count <= name.count { table.append([]) }
        table[name.count].append((name, call))
    }

    /// The call of a name, exactly as CloudTrail spells it.
    init?(name: UTF8Text) {
        let table = Self.table
        guard name.count < table.count else { return nil }
        for entry in table[name.count] where name.bytes.elementsEqual(entry.name) {
            self = entry.call
            return
        }
        return nil
    }
}
