// The calls that share images.

extension WatchedCall {
    /// Shares an image, or changes something else about it.
    public static let modifyImageAttribute = WatchedCall("ModifyImageAttribute", modifiedAttribute)
    /// Ends all shares of an image.
    public static let resetImageAttribute = WatchedCall("ResetImageAttribute", resetAttribute)
    /// Gives up the permission to use somebody else's image.
    public static let cancelImageLaunchPermission = WatchedCall(
        "CancelImageLaunchPermission",
        ofImage: Call.cancelLaunchPermission
    )

    private static func modifiedAttribute(_ parameters: Parameters) throws(Unreadable) -> Call {
        guard let change = try PermissionChange(parameters, to: "launchPermission") else { return .nothing }
        return .modifyLaunchPermission(
            LaunchPermissionChange(
                image: try parameters.requestedImage(),
                added: change.added,
                removed: change.removed,
                unread: change.unread,
                unreadRemoval: change.unreadRemoval
            )
        )
    }

    /// There is no other attribute than the launch permissions.
    private static func resetAttribute(_ parameters: Parameters) throws(Unreadable) -> Call {
        let request = try parameters.requestFields()
        guard let attribute = (request?.field("attributeType") ?? request?.field("attribute"))?.plain else {
            throw Unreadable("attributeType is missing")
        }
        guard PermissionChange.isNamed(attribute, "launchPermission") else { return .nothing }
        return .resetLaunchPermission(try parameters.requestedImage())
    }
}
