// The settings of Allowed AMIs and of block public access; of that for snapshots `state`.

extension WatchedCall {
    /// Switches Allowed AMIs to `enabled` or `audit-mode`.
    public static let enableAllowedImagesSettings = WatchedCall("EnableAllowedImagesSettings", allowedImages)
    /// Switches Allowed AMIs off.
    public static let disableAllowedImagesSettings = WatchedCall(
        "DisableAllowedImagesSettings",
        allowedImages
    )
    /// Sets the image criteria of Allowed AMIs.
    public static let replaceImageCriteria = WatchedCall("ReplaceImageCriteriaInAllowedImagesSettings") {
        (parameters) throws(Unreadable) in .imageCriteria(try ImageCriterion.list(parameters))
    }
    /// Blocks new public images.
    public static let enableImageBlockPublicAccess = WatchedCall(
        "EnableImageBlockPublicAccess",
        blockPublicAccess
    )
    /// Lets images be made public.
    public static let disableImageBlockPublicAccess = WatchedCall(
        "DisableImageBlockPublicAccess",
        blockPublicAccess
    )

    /// Blocks new public snapshots, or all of them.
    public static let enableSnapshotBlockPublicAccess = WatchedCall(
        "EnableSnapshotBlockPublicAccess",
        fields: snapshotBlockPublicAccess
    )
    /// Lets snapshots be made public.
    public static let disableSnapshotBlockPublicAccess = WatchedCall(
        "DisableSnapshotBlockPublicAccess",
        fields: snapshotBlockPublicAccess
    )

    /// The calls that change a guardrail of an account.
    public static let guardrails: [WatchedCall] =
        [
            enableAllowedImagesSettings, disableAllowedImagesSettings, replaceImageCriteria,
            enableImageBlockPublicAccess, disableImageBlockPublicAccess, enableSnapshotBlockPublicAccess,
            disableSnapshotBlockPublicAccess,
        ] + trails

    /// The states of block public access for snapshots.
    static let snapshotStates: [ExactText] = ["block-all-sharing", "block-new-sharing", "unblocked"]

    private static func snapshotBlockPublicAccess(_ parameters: Parameters) throws(Unreadable) -> Fields {
        var text = parameters.answer("state")?.exact
        if text == nil, parameters.call == .disableSnapshotBlockPublicAccess { text = "unblocked" }
        if text == nil { text = try parameters.requestFields()?.field("state")?.exact }
        guard let text else { throw Unreadable("state is missing") }
        guard snapshotStates.contains(text) else { throw Unreadable("unknown state \(text)") }
        var fields = Fields()
        fields["state"] = .text(text)
        return fields
    }

    private static func allowedImages(_ parameters: Parameters) throws(Unreadable) -> Call {
        if let text = parameters.answer("allowedImagesSettingsState")?.plain {
            return .allowedImages(try state(text))
        }
        if parameters.call == .disableAllowedImagesSettings { return .allowedImages(.disabled) }
        guard let text = try parameters.requestFields()?.field("allowedImagesSettingsState")?.plain else {
            throw Unreadable("allowedImagesSettingsState is missing")
        }
        return .allowedImages(try state(text))
    }

    private static func blockPublicAccess(_ parameters: Parameters) throws(Unreadable) -> Call {
        for name in ["imageBlockPublicAccessState", "return", "_return"] as [StaticString] {
            guard let text = parameters.answer(name)?.plain else { continue }
            if text != "true" { return .blockPublicAccess(try state(text)) }
        }
        if parameters.call == .disableImageBlockPublicAccess { return .blockPublicAccess(.unblocked) }
        guard let text = try parameters.requestFields()?.field("imageBlockPublicAccessState")?.plain else {
            throw Unreadable("imageBlockPublicAccessState is missing")
        }
        return .blockPublicAccess(try state(text))
    }

    private static func state<State: RawRepresentable<String>>(_ text: String) throws(Unreadable) -> State {
        guard let state = State(rawValue: text) else { throw Unreadable("unknown state \(text)") }
        return state
    }
}
