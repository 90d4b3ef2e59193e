// The settings of Allowed AMIs and of block public access.

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
