// What becomes of an image after it was made.

extension WatchedCall {
    /// Removes an image, and its snapshots when it is told to.
    public static let deregisterImage = WatchedCall("DeregisterImage") { (parameters) throws(Unreadable) in
        let results = parameters.answer("deleteSnapshotResultSet").list
        let deleted = results.filter { $0.field("returnCode")?.plain == "success" }
        return .deregisterImage(
            try parameters.requestedImage(),
            deletedSnapshots: deleted.compactMap { $0.field("snapshotId")?.exact }.sortedOnce
        )
    }
    /// Brings a removed image back, with its permissions and tags.
    public static let restoreImage = WatchedCall("RestoreImageFromRecycleBin", ofImage: Call.restoreImage)
    /// Makes an image unusable and ends its shares.
    public static let disableImage = WatchedCall("DisableImage", ofImage: Call.disableImage)
    /// Makes a disabled image usable again.
    public static let enableImage = WatchedCall("EnableImage", ofImage: Call.enableImage)
    /// Sets the date from which an image is deprecated.
    public static let enableImageDeprecation = WatchedCall("EnableImageDeprecation") {
        (parameters) throws(Unreadable) in
        .deprecateImage(try parameters.requestedImage(), at: try deprecation(parameters))
    }
    /// Removes that date.
    public static let disableImageDeprecation = WatchedCall(
        "DisableImageDeprecation",
        ofImage: {
            .deprecateImage($0, at: nil)
        }
    )

    /// A call that names an image, and tells no more.
    convenience init(_ name: String, ofImage told: @escaping @Sendable (ResourceID) -> Call) {
        self.init(name) { (parameters) throws(Unreadable) in told(try parameters.requestedImage()) }
    }

    private static func deprecation(_ parameters: Parameters) throws(Unreadable) -> EventTime {
        guard let text = try parameters.requestFields()?.field("deprecateAt")?.plain else {
            throw Unreadable("deprecateAt is missing")
        }
        guard let time = EventTime(text) else { throw Unreadable("deprecateAt is not a valid date") }
        return time
    }
}
