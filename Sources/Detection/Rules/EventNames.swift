import CloudTrail

/// Event names that several rules listen to.
enum EventNames {
    /// Calls that make an image.
    static let creating = [
        "CopyImage", "CreateImage", "CreateRestoreImageTask", "ImportImage", "RegisterImage",
    ]
    /// Calls that tell an image's owner: only the owner can make them.
    static let owning =
        creating + [
            "DeregisterImage", "ModifyImageAttribute", "ResetImageAttribute", "RestoreImageFromRecycleBin",
        ]
    /// Calls that change tags.
    static let tagging = ["CreateTags", "DeleteTags"]
    /// Calls after which an image can be used no more, or again.
    static let retiring = ["DeregisterImage", "DisableImage", "EnableImage", "RestoreImageFromRecycleBin"]
    /// Calls that begin or end an instance.
    static let launching = ["BidEvictedEvent", "RunInstances", "TerminateInstances"]
    /// Calls that change the state of Allowed AMIs.
    static let allowedImages = ["DisableAllowedImagesSettings", "EnableAllowedImagesSettings"]
    /// Calls that change the criteria of Allowed AMIs.
    static let criteria = ["ReplaceImageCriteriaInAllowedImagesSettings"]
    /// Calls that change a guardrail.
    static let guardrails = WatchedCall.guardrails.map(\.name).sorted()
    /// Calls that give a share of an image to an account, end it, or change what it means.
    static let sharing = any(of: owning, retiring, membership, ["CancelImageLaunchPermission"])
    /// Every call that is watched.
    static let all = WatchedCall.allCases.map(\.name)
    /// What tells that an account joins or leaves an organization.
    static let membership = WatchedCall.memberships.map(\.name)
    /// Calls that use an account's Region.
    static let using = WatchedCall.allCases.filter(\.isUse).map(\.name)
    /// Calls that use images, make, share or tag them, and those that change the guardrails.
    static let authorised = using.filter { $0 != WatchedCall.terminateInstances.name }
    /// What EC2 tells of itself.
    static let toldByEC2 = WatchedCall.allCases.filter { !$0.isUse && $0.source == WatchedCall.source }
        .map(\.name)

    /// The names of several lists, sorted, each once.
    static func any(of lists: [String]...) -> [String] { Set(lists.joined()).sorted() }
}
