import CloudTrail
import Testing

/// Calls that write images and instances' disks to S3.
@Suite
struct ExportCallTests: CallReading {
    private static func fields(_ fields: KeyValuePairs<ExactText, ExactText>) -> Call {
        var all = Fields()
        for (name, text) in fields { all[name] = .text(text) }
        return .other(all)
    }

    @Test
    func imagesAreExported() {
        #expect(
            Self.wrapped(
                "CreateStoreImageTask",
                "{\"ImageId\":\"\(Self.amiText)\",\"Bucket\":\"b\"}",
                "\"objectKey\":\"\(Self.amiText).bin\""
            ) == Self.fields(["image": "\(Self.amiText)", "bucket": "b", "object": "\(Self.amiText).bin"])
        )
        #expect(
            Self.wrapped(
                "ExportImage",
                "{\"ImageId\":\"\(Self.amiText)\",\"S3ExportLocation\":{\"S3Bucket\":\"b\",\"S3Prefix\":\"x/\"}}",
                #""exportImageTaskId":"export-ami-1""#
            ) == Self.fields(["image": "\(Self.amiText)", "bucket": "b", "object": "x/"])
        )
    }

    @Test
    func instancesAreExported() {
        let request = #"{"instanceId":"i-1","exportToS3":{"s3Bucket":"b","s3Prefix":"x/"}}"#
        #expect(
            Self.call(
                "CreateInstanceExportTask",
                request,
                #"{"exportTask":{"exportToS3":{"s3Bucket":"b","s3Key":"x/export-i-1.ova"}}}"#
            ) == Self.fields(["instance": "i-1", "bucket": "b", "object": "x/export-i-1.ova"])
        )
        #expect(
            Self.call("CreateInstanceExportTask", request, "null")
                == Self.fields(["instance": "i-1", "bucket": "b", "object": "x/"])
        )
    }

    @Test
    func whatTheyLeaveOutIsUnreadable() {
        for name in ["CreateStoreImageTask", "ExportImage", "CreateInstanceExportTask"] {
            for request in [
                "null", "{}", #"{"bucket":"b","s3ExportLocation":{"s3Bucket":"b"}}"#,
                "{\"imageId\":\"\(Self.amiText)\",\"instanceId\":\"i-1\"}",
            ] {
                #expect(Self.isUnreadable(Self.call(name, request)), "\(name) \(request)")
            }
        }
    }
}
