// What becomes of an image after it was made. Calls of which one rule alone knows the meaning keep `image`, and `watermark`.

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

    /// Protects an image from being removed.
    public static let enableImageDeregistrationProtection = WatchedCall(
        "EnableImageDeregistrationProtection",
        fields: named
    )
    /// Ends that protection.
    public static let disableImageDeregistrationProtection = WatchedCall(
        "DisableImageDeregistrationProtection",
        fields: named
    )
    /// Puts a watermark on an image, which its descendants inherit.
    public static let attachImageWatermark = WatchedCall("AttachImageWatermark", fields: watermarked)
    /// Takes a watermark off an image.
    public static let detachImageWatermark = WatchedCall("DetachImageWatermark", fields: watermarked)

    private static func named(_ parameters: Parameters) throws(Unreadable) -> Fields {
        var fields = Fields()
        fields["image"] = .text(ExactText(try parameters.requestedImage().description))
        return fields
    }

    private static func watermarked(_ parameters: Parameters) throws(Unreadable) -> Fields {
        var fields = try named(parameters)
        let request = try parameters.requestFields()
        let watermark =
            request?.field("imageWatermark") ?? request?.field("watermark") ?? request?.field("watermarkName")
            ?? request?.field("watermarkKey")
        if let name = (watermark?.field("name") ?? watermark)?.exact { fields["watermark"] = .text(name) }
        return fields
    }

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
