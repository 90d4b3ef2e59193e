import CloudTrail
import CloudTrailTestSupport
import Testing

/// Making images, and calls about one image.
@Suite
struct ImageCallTests: CallReading {
    @Test
    func creations() {
        let answer = #"{"requestId":"r","imageId":"ami-0abcdef1234567890"}"#
        let tags =
            #""tagSpecificationSet":{"items":[{"resourceType":"image","tags":[{"key":"Role","value":"golden"}]},{"resourceType":"snapshot","tags":[{"key":"Stage","value":""}]}]}"#
        #expect(
            Self.call(
                "CreateImage",
                #"{"instanceId":"i-0aaaaaaaaaaaaaaaa","name":"n","noReboot":true,\#(tags)}"#,
                answer
            )
                == .createImage(
                    .init(
                        image: Self.ami,
                        name: "n",
                        origin: .instance(ResourceID("i-0aaaaaaaaaaaaaaaa")),
                        imageTags: ["Role": "golden"],
                        snapshotTags: ["Stage": ""]
                    )
                )
        )
        #expect(
            Self.call(
                "CopyImage",
                #"{"sourceRegion":"us-east-1","sourceImageId":"ami-9","name":"n","copyImageTags":true}"#,
                answer
            )
                == .createImage(
                    .init(
                        image: Self.ami,
                        name: "n",
                        origin: .copy(ResourceID("ami-9"), region: "us-east-1"),
                        copiesImageTags: true
                    )
                )
        )
        #expect(
            Self.wrapped(
                "CopyImage",
                #"{"SourceRegion":"us-east-1","SourceImageId":"ami-9","Name":1,"CopyImageTags":"true"}"#,
                #""imageId":"ami-0abcdef1234567890""#
            )
                == .createImage(
                    .init(
                        image: Self.ami,
                        name: "1",
                        origin: .copy(ResourceID("ami-9"), region: "us-east-1"),
                        copiesImageTags: true
                    )
                )
        )
        #expect(
            Self.call(
                "RegisterImage",
                #"{"name":"n","blockDeviceMapping":{"items":[{"deviceName":"a","ebs":{"snapshotId":"snap-2"}},{"ebs":{"snapshotId":"snap-1"}},{"virtualName":"x"}]}}"#,
                answer
            ) == .createImage(.init(image: Self.ami, name: "n", origin: .snapshots(["snap-1", "snap-2"])))
        )
        #expect(
            Self.call("RegisterImage", #"{"name":"n","imageLocation":"b/k","blockDeviceMapping":{}}"#, answer)
                == .createImage(.init(image: Self.ami, name: "n", origin: .snapshots([])))
        )
        let restored = Call.createImage(
            .init(
                image: Self.ami,
                name: "n",
                origin: .restored(bucket: "b", key: "k"),
                imageTags: ["A": "true", "B": "7"]
            )
        )
        #expect(
            Self.wrapped(
                "CreateRestoreImageTask",
                #"{"Bucket":"b","ObjectKey":"k","Name":"n","TagSpecification":{"tag":1,"ResourceType":"image","Tag":[{"tag":1,"Key":"A","Value":true},{"tag":2,"Key":"B","Value":7}]}}"#,
                #""imageId":"ami-0abcdef1234567890""#
            ) == restored
        )
        #expect(
            Self.call(
                "CreateRestoreImageTask",
                #"{"bucket":"b","objectKey":"k","name":"n","tagSpecificationSet":{"items":[{"resourceType":"image","tagSet":{"items":[{"key":"A","value":"true"},{"key":"B","value":"7"}]}}]}}"#,
                answer
            ) == restored
        )
        #expect(
            Self.wrapped(
                "CreateImage",
                #"{"InstanceId":"i-1","Name":"n","TagSpecification":{"tag":1,"ResourceType":"image","Tag":{"tag":1,"Key":"A","Value":"b"}}}"#,
                #""imageId":"ami-0abcdef1234567890""#
            )
                == .createImage(
                    .init(
                        image: Self.ami,
                        name: "n",
                        origin: .instance(ResourceID("i-1")),
                        imageTags: ["A": "b"]
                    )
                )
        )
        #expect(
            Self.call("ImportImage", "{}", #"{"importTaskId":"import-ami-1"}"#)
                == .createImage(.init(image: ResourceID("import-ami-1"), origin: .imported))
        )
        #expect(
            Self.wrapped("ImportImage", #"{"DiskContainer":{"tag":1}}"#, #""imageId":"import-ami-2""#)
                == .createImage(.init(image: ResourceID("import-ami-2"), origin: .imported))
        )
        #expect(
            Self.isUnreadable(
                Self.call("CreateImage", #"{"instanceId":"i-1","name":"n"}"#, #"{"requestId":"r"}"#)
            )
        )
        #expect(
            Self.call(
                "CreateImage",
                #"{"instanceId":"i-1","name":"n"}"#,
                error: "Client.UnauthorizedOperation"
            ) == .createImage(.init(image: nil, name: "n", origin: .instance(ResourceID("i-1"))))
        )
    }

    /// A tag that is left out would be one that is not there; of a deletion, all would be deleted.
    @Test(arguments: [
        #"{"name":"x"}"#, #"{"key":"a","value":[1]}"#, #"{"key":"a","value":{"text":"b"}}"#, #"{"key":{}}"#,
        "[1]",
    ])
    func tagsOfAnUnknownShape(_ tag: String) {
        let resources = #""resourcesSet":{"items":[{"resourceId":"ami-1"}]}"#
        for name in ["CreateTags", "DeleteTags"] {
            for list in ["[\(tag)]", #"[{"key":"b","value":"c"},\#(tag)]"#] {
                #expect(
                    Self.isUnreadable(Self.call(name, "{\(resources),\"tagSet\":{\"items\":\(list)}}")),
                    "\(name)"
                )
            }
            let unnamed =
                #"{"resourcesSet":{"items":[{"resourceId":"ami-1"},{"id":"ami-2"}]},"tagSet":{"items":[{"key":"b"}]}}"#
            #expect(Self.isUnreadable(Self.call(name, unnamed)))
        }
        #expect(
            Self.isUnreadable(
                Self.call(
                    "CreateImage",
                    #"{"name":"n","tagSpecificationSet":{"items":[{"resourceType":"image","tags":[\#(tag)]}]}}"#,
                    #"{"imageId":"ami-1"}"#
                )
            )
        )
    }

    @Test(arguments: [
        ("DeregisterImage", Call.deregisterImage(Samples.image)),
        ("DisableImage", .disableImage(Samples.image)),
        ("EnableImage", .enableImage(Samples.image)),
        ("DisableImageDeprecation", .deprecateImage(Samples.image, at: nil)),
        ("CancelImageLaunchPermission", .cancelLaunchPermission(Samples.image)),
    ])
    func callsOfOneImage(_ name: String, _ expected: Call) {
        #expect(Self.call(name, "{\"imageId\":\"\(Self.amiText)\"}", #"{"_return":true}"#) == expected)
        #expect(Self.wrapped(name, "{\"ImageId\":\"\(Self.amiText)\"}", #""return":true"#) == expected)
        #expect(Self.wrapped(name, "{\"ImageId\":{\"content\":\"\(Self.amiText)\"}}") == expected)
        #expect(Self.call(name, "\"{\\\"imageId\\\":\\\"\(Self.amiText)\\\"}\"") == expected)
        for broken in [
            "null", "{}", "\"\"", "5",
            #"{"omitted":true,"originalSize":200000,"reason":"requestParameters too large"}"#,
            "{\"\(name)Request\":\"\"}",
        ] {
            #expect(Self.isUnreadable(Self.call(name, broken)), "\(broken)")
            #expect(Self.call(name, broken, error: "Client.X") == .nothing, "\(broken)")
        }
    }

    @Test
    func deprecation() {
        let expected = Call.deprecateImage(Self.ami, at: EventTime("2027-01-01T00:00:00Z"))
        #expect(
            Self.wrapped(
                "EnableImageDeprecation",
                "{\"ImageId\":\"\(Self.amiText)\",\"DeprecateAt\":\"2027-01-01T00:00:00.000Z\"}"
            ) == expected
        )
        #expect(
            Self.call(
                "EnableImageDeprecation",
                "{\"imageId\":\"\(Self.amiText)\",\"deprecateAt\":\"2027-01-01T00:00:00Z\"}"
            ) == expected
        )
        #expect(
            Self.isUnreadable(Self.wrapped("EnableImageDeprecation", "{\"ImageId\":\"\(Self.amiText)\"}"))
        )
    }
}
