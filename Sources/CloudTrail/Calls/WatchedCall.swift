/// The calls that amiwatch watches, all of `ec2.amazonaws.com`.
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

    /// The service that all of them belong to; the same name under another one is ignored.
    public static let source = "ec2.amazonaws.com"

    static let sourceText: StaticString = "ec2.amazonaws.com"

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
