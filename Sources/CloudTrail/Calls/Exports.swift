// Calls that write an image, or an instance's disk, to S3: `image` or `instance`, `bucket`, and `object`, which is the
// object's key, or how it begins, where the record tells.

extension WatchedCall {
    /// Writes an image to S3, from where it can be restored.
    public static let createStoreImageTask = WatchedCall("CreateStoreImageTask", fields: exportedImage)
    /// Writes an image to S3 as a disk file.
    public static let exportImage = WatchedCall("ExportImage", fields: exportedImage)
    /// Writes an instance's disk to S3.
    public static let createInstanceExportTask = WatchedCall(
        "CreateInstanceExportTask",
        fields: exportedInstance
    )

    private static func exportedInstance(_ parameters: Parameters) throws(Unreadable) -> Fields {
        guard let instance = try parameters.requestFields()?.field("instanceId")?.exact else {
            throw Unreadable("instanceId is missing")
        }
        return try export(of: "instance", instance, parameters)
    }

    private static func exportedImage(_ parameters: Parameters) throws(Unreadable) -> Fields {
        try export(of: "image", ExactText(parameters.requestedImage().description), parameters)
    }

    private static func export(
        of resource: ExactText,
        _ id: ExactText,
        _ parameters: Parameters
    ) throws(Unreadable) -> Fields {
        let request = try parameters.requestFields()
        let target = request?.field("s3ExportLocation") ?? request?.field("exportToS3") ?? request
        guard let bucket = (target?.field("s3Bucket") ?? target?.field("bucket"))?.exact else {
            throw Unreadable("the bucket is missing")
        }
        let answered = parameters.answer("exportTask")?.field("exportToS3")?.field("s3Key")
        var fields = Fields()
        fields[resource] = .text(id)
        fields["bucket"] = .text(bucket)
        if let object = (parameters.answer("objectKey") ?? answered ?? target?.field("s3Prefix"))?.exact {
            fields["object"] = .text(object)
        }
        return fields
    }
}
