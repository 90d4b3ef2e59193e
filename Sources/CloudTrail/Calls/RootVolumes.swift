// The call that swaps the disk of a running instance: `instance`, and `image` or `snapshot` where it names one.

extension WatchedCall {
    /// Gives an instance another root volume: of an image, of a snapshot, or as it was launched.
    public static let createReplaceRootVolumeTask = WatchedCall("CreateReplaceRootVolumeTask") {
        (parameters) throws(Unreadable) in
        let request = try parameters.requestFields()
        guard let instance = request?.field("instanceId")?.exact else {
            throw Unreadable("instanceId is missing")
        }
        let task = parameters.answer("replaceRootVolumeTask")
        var fields = Fields()
        fields["instance"] = .text(instance)
        fields["image"] = (task?.field("imageId") ?? request?.field("imageId"))?.exact.map { .text($0) }
        fields["snapshot"] = (task?.field("snapshotId") ?? request?.field("snapshotId"))?.exact
            .map { .text($0) }
        return .other(fields)
    }
}
