// Calls that share snapshots, and what becomes of them: `snapshot`; of a share `added` and `removed`, and `unread` and
// `unread removal` for what could not be read of either.

extension WatchedCall {
    /// Shares a snapshot.
    public static let modifySnapshotAttribute = WatchedCall("ModifySnapshotAttribute") {
        (parameters) throws(Unreadable) in
        guard let change = try PermissionChange(parameters, to: "createVolumePermission") else {
            return .nothing
        }
        var fields = try snapshot(parameters)
        fields["added"] = .texts(change.added.map { ExactText($0.description) })
        fields["removed"] = .texts(change.removed.map { ExactText($0.description) })
        fields["unread"] = change.unread.map { .text($0) }
        fields["unread removal"] = change.unreadRemoval.map { .text($0) }
        return .other(fields)
    }
    /// Ends all shares of a snapshot.
    public static let resetSnapshotAttribute = WatchedCall("ResetSnapshotAttribute", fields: snapshot)
    /// Removes a snapshot.
    public static let deleteSnapshot = WatchedCall("DeleteSnapshot", fields: snapshot)
    /// Brings a removed snapshot back, with its permissions.
    public static let restoreSnapshot = WatchedCall("RestoreSnapshotFromRecycleBin", fields: snapshot)
    /// The owner is told that another account copies a shared snapshot.
    public static let sharedSnapshotCopied = WatchedCall(
        "SharedSnapshotCopyInitiated",
        isUse: false,
        fields: sharedSnapshot
    )
    /// The owner is told that another account has made a volume of a shared snapshot.
    public static let sharedSnapshotVolumeCreated = WatchedCall(
        "SharedSnapshotVolumeCreated",
        isUse: false,
        fields: sharedSnapshot
    )

    private static func snapshot(_ parameters: Parameters) throws(Unreadable) -> Fields {
        try named(parameters.requestFields())
    }

    private static func sharedSnapshot(_ parameters: Parameters) throws(Unreadable) -> Fields {
        try named(parameters.details)
    }

    private static func named(_ members: JSONValue?) throws(Unreadable) -> Fields {
        guard let id = members?.field("snapshotId")?.exact else { throw Unreadable("snapshotId is missing") }
        var fields = Fields()
        fields["snapshot"] = .text(id)
        return fields
    }
}
