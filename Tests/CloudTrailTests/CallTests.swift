import CloudTrail
import Testing

/// Every call in both dialects, in the shapes that AWS documents.
@Suite
struct CallTests {
    static func call(
        _ name: String,
        _ request: String,
        _ response: String = "null",
        error: String? = nil
    ) -> Call? {
        RecordReader().gather(
            message: Samples.record(name, request: request, response: response, error: error)
        ).records
            .first?.call
    }

    /// Wraps request and response as the later operations have them.
    static func wrapped(
        _ name: String,
        _ request: String,
        _ response: String? = nil,
        error: String? = nil
    ) -> Call? {
        call(
            name,
            "{\"\(name)Request\":\(request)}",
            response.map {
                "{\"\(name)Response\":{\"xmlns\":\"http://ec2.amazonaws.com/doc/2016-11-15/\",\"requestId\":\"r\",\($0)}}"
            } ?? "null",
            error: error
        )
    }

    static let ami = ResourceID("ami-0abcdef1234567890")
    static let amiText = "ami-0abcdef1234567890"

    static func isUnreadable(_ call: Call?) -> Bool { if case .unreadable = call { true } else { false } }

    @Test
    func launches() {
        let a = ResourceID("i-0aaaaaaaaaaaaaaaa"), b = ResourceID("i-0bbbbbbbbbbbbbbbb")
        #expect(
            RecordReader().gather(message: Samples.launch).records.first?.call
                == .runInstances(
                    .init(
                        instances: [.init(id: a, image: Self.ami), .init(id: b, image: Self.ami)],
                        requestedImage: nil
                    )
                )
        )
        let response =
            #""ownerId":200802171337,"instancesSet":{"item":{"instanceId":"i-0aaaaaaaaaaaaaaaa","imageId":"ami-0abcdef1234567890"}}"#
        let one = Call.runInstances(
            .init(instances: [.init(id: a, image: Self.ami)], requestedImage: ResourceID("ami-2"))
        )
        #expect(Self.wrapped("RunInstances", #"{"ImageId":"ami-2","MinCount":1}"#, response) == one)
        #expect(
            Self.call("RunInstances", #"{"instancesSet":{"items":[{"imageId":"ami-2"}]}}"#, "{\(response)}")
                == one
        )
        // A single element may have lost its list; the response may not say the image.
        #expect(
            Self.call(
                "RunInstances",
                #"{"instancesSet":{"items":{"imageId":"ami-0abcdef1234567890"}}}"#,
                #"{"instancesSet":{"items":{"instanceId":"i-0aaaaaaaaaaaaaaaa"}}}"#
            ) == .runInstances(.init(instances: [.init(id: a, image: Self.ami)], requestedImage: Self.ami))
        )
        #expect(
            Self.call(
                "RunInstances",
                #"{"instancesSet":{"items":[{"imageId":"resolve:ssm:/golden"}]}}"#,
                #"{"instancesSet":{"items":[{"instanceId":"i-0aaaaaaaaaaaaaaaa","imageId":"ami-0abcdef1234567890"}]}}"#
            ) == .runInstances(.init(instances: [.init(id: a, image: Self.ami)], requestedImage: nil))
        )
        #expect(
            Self.isUnreadable(Self.call("RunInstances", #"{"instancesSet":{"items":[{"imageId":"ami-2"}]}}"#))
        )
        #expect(
            Self.isUnreadable(Self.call("RunInstances", "null", #"{"omitted":true,"reason":"too large"}"#))
        )
        #expect(
            Self.call(
                "RunInstances",
                #"{"instancesSet":{"items":[{"imageId":"ami-2"}]}}"#,
                error: "Client.DryRunOperation"
            ) == .runInstances(.init(instances: [], requestedImage: ResourceID("ami-2")))
        )
        #expect(Self.call("RunInstances", "null", error: "Client.UnauthorizedOperation") == .nothing)
        for request in [
            #"{"instancesSet":{"items":[{"instanceId":"i-0bbbbbbbbbbbbbbbb"},{"instanceId":"i-0aaaaaaaaaaaaaaaa"}]}}"#,
            #"{"TerminateInstancesRequest":{"InstanceId":[{"tag":1,"content":"i-0aaaaaaaaaaaaaaaa"},{"tag":2,"content":"i-0bbbbbbbbbbbbbbbb"}]}}"#,
        ] {
            #expect(Self.call("TerminateInstances", request) == .terminateInstances([a, b]))
        }
        #expect(Self.isUnreadable(Self.call("TerminateInstances", "{}")))
    }

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

    @Test(arguments: [
        ("DeregisterImage", Call.deregisterImage(ami)), ("DisableImage", .disableImage(ami)),
        ("EnableImage", .enableImage(ami)),
        ("DisableImageDeprecation", .deprecateImage(ami, at: nil)),
        ("CancelImageLaunchPermission", .cancelLaunchPermission(ami)),
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

    static func shared(
        _ permission: String,
        attribute: String? = "launchPermission",
        error: String? = nil
    ) -> Call? {
        let type = attribute.map { ",\"attributeType\":\"\($0)\"" } ?? ""
        return call(
            "ModifyImageAttribute",
            "{\"imageId\":\"\(amiText)\"\(permission)\(type)}",
            #"{"_return":true}"#,
            error: error
        )
    }

    @Test
    func shares() {
        func change(_ added: [Grantee], _ removed: [Grantee] = []) -> Call {
            .modifyLaunchPermission(.init(image: Self.ami, added: added, removed: removed))
        }
        let one = AccountID("012345678901").map { Grantee.account($0) }.map { [$0] } ?? []
        #expect(
            Self.shared(#","launchPermission":{"add":{"items":[{"userId":"012345678901"}]}}"#) == change(one)
        )
        #expect(
            Self.shared(#","launchPermission":{"add":{"items":{"userId":12345678901}}}"#, attribute: nil)
                == change(one)
        )
        #expect(
            Self.shared(
                #","launchPermission":{"add":{"items":[{"group":"all"},{"userId":"012345678901"},{"group":"all"}]},"remove":{"items":[{"group":"all"}]}}"#,
                attribute: "LAUNCH_PERMISSION"
            ) == change(one + [.everyone], [.everyone])
        )
        let arn = "arn:aws:organizations::111111111111:ou/o-a/ou-b"
        #expect(
            Self.shared(
                #","launchPermission":{"add":{"items":[{"organizationalUnitArn":"\#(arn)"},{"organizationArn":"x"}]}}"#
            ) == change([.organizationalUnit(arn), .organization("x")])
        )
        #expect(
            Self.wrapped(
                "ModifyImageAttribute",
                #"{"ImageId":"\#(Self.amiText)","LaunchPermission":{"Add":{"tag":1,"UserId":12345678901}}}"#
            ) == change(one)
        )
        #expect(
            Self.wrapped(
                "ModifyImageAttribute",
                #"{"ImageId":"\#(Self.amiText)","LaunchPermission":{"Remove":[{"tag":1,"UserId":12345678901},{"tag":2,"Group":"all"}]}}"#
            ) == change([], one + [.everyone])
        )
        #expect(
            Self.shared(
                #","operationType":"add","userIdSet":{"items":[{"userId":"012345678901"}]},"userGroup":"all""#
            ) == change(one + [.everyone])
        )
        #expect(
            Self.shared(#","operationType":"remove","userIds":["012345678901"]"#, attribute: nil)
                == change([], one)
        )
        #expect(
            Self.shared(
                #","launchPermission":{"add":{"items":[{"group":"all"}]}}"#,
                error: "Client.UnauthorizedOperation"
            ) == change([.everyone])
        )
        #expect(Self.shared(#","description":{"value":"x"}"#, attribute: "description") == .nothing)
        #expect(
            Self.shared(#","someThing":{"add":{"items":[{"group":"all"}]}}"#, attribute: "someThing")
                == .nothing
        )
        #expect(Self.shared(#","description":{"value":"x"}"#, attribute: nil) == .nothing)
        for broken in [
            "", #","launchPermission":{}"#, #","launchPermission":{"add":{"items":[{"group":"some"}]}}"#,
            #","launchPermission":{"add":{"items":[{"userId":"000000000000"}]}}"#,
            #","launchPermission":{"add":{"items":[{}]}}"#,
            #","launchPermission":{"add":{"items":[{"who":"x"}]}}"#,
        ] {
            #expect(Self.isUnreadable(Self.shared(broken)), "\(broken)")
        }
        let reset = "{\"imageId\":\"\(Self.amiText)\",\"attributeType\":\"launchPermission\"}"
        #expect(Self.call("ResetImageAttribute", reset) == .resetLaunchPermission(Self.ami))
        #expect(
            Self.wrapped(
                "ResetImageAttribute",
                "{\"ImageId\":\"\(Self.amiText)\",\"Attribute\":\"launchPermission\"}"
            ) == .resetLaunchPermission(Self.ami)
        )
        #expect(Self.isUnreadable(Self.call("ResetImageAttribute", "{\"imageId\":\"\(Self.amiText)\"}")))
    }

    @Test
    func tags() {
        let request =
            #"{"resourcesSet":{"items":[{"resourceId":"i-1"},{"resourceId":"ami-1"}]},"tagSet":{"items":[{"key":"A","value":"true"},{"key":"B"}]}}"#
        let other =
            #"{"ResourceId":[{"tag":1,"content":"ami-1"},{"tag":2,"content":"i-1"}],"Tag":[{"tag":1,"Key":"A","Value":true},{"tag":2,"Key":"B"}]}"#
        let created = Call.changeTags(
            .init(resources: ["ami-1", "i-1"], tags: ["A": "true", "B": ""], deletes: false)
        )
        let deleted = Call.changeTags(
            .init(resources: ["ami-1", "i-1"], tags: ["A": "true", "B": nil], deletes: true)
        )
        #expect(Self.call("CreateTags", request) == created)
        #expect(Self.wrapped("CreateTags", other) == created)
        #expect(Self.call("DeleteTags", request) == deleted)
        #expect(Self.wrapped("DeleteTags", other) == deleted)
        #expect(
            Self.wrapped(
                "CreateTags",
                #"{"ResourceId":{"tag":1,"content":"ami-1"},"Tag":{"tag":1,"Key":"A","Value":1.5}}"#
            ) == .changeTags(.init(resources: ["ami-1"], tags: ["A": "1.5"], deletes: false))
        )
        #expect(
            Self.call("DeleteTags", #"{"resourcesSet":{"items":[{"resourceId":"i-1"}]},"tagSet":""}"#)
                == .changeTags(.init(resources: ["i-1"], tags: [:], deletes: true))
        )
        #expect(
            Self.isUnreadable(Self.call("CreateTags", #"{"tagSet":{"items":[{"key":"A","value":"b"}]}}"#))
        )
        #expect(
            Self.isUnreadable(Self.call("CreateTags", #"{"resourcesSet":{"items":[{"resourceId":"i-1"}]}}"#))
        )
    }

    @Test
    func settings() {
        let enable = "EnableAllowedImagesSettings", disable = "DisableAllowedImagesSettings"
        for state in AllowedImagesState.allCases where state != .disabled {
            #expect(
                Self.wrapped(
                    enable,
                    "{\"AllowedImagesSettingsState\":\"\(state.rawValue)\"}",
                    "\"allowedImagesSettingsState\":\"\(state.rawValue)\""
                ) == .allowedImages(state)
            )
            #expect(
                Self.wrapped(enable, "{\"AllowedImagesSettingsState\":\"\(state.rawValue)\"}")
                    == .allowedImages(state)
            )
            #expect(
                Self.call(enable, "{\"allowedImagesSettingsState\":\"\(state.rawValue)\"}")
                    == .allowedImages(state)
            )
        }
        #expect(
            Self.wrapped(
                enable,
                #"{"AllowedImagesSettingsState":"enabled"}"#,
                #""allowedImagesSettingsState":"audit-mode""#
            ) == .allowedImages(.auditMode)
        )
        #expect(Self.isUnreadable(Self.wrapped(enable, "\"\"")))
        #expect(Self.isUnreadable(Self.wrapped(enable, #"{"AllowedImagesSettingsState":"sideways"}"#)))
        #expect(
            Self.wrapped(disable, "\"\"", #""allowedImagesSettingsState":"disabled""#)
                == .allowedImages(.disabled)
        )
        #expect(Self.wrapped(disable, "\"\"") == .allowedImages(.disabled))
        let block = "EnableImageBlockPublicAccess", unblock = "DisableImageBlockPublicAccess"
        #expect(
            Self.wrapped(
                block,
                #"{"ImageBlockPublicAccessState":"block-new-sharing"}"#,
                #""imageBlockPublicAccessState":"block-new-sharing""#
            ) == .blockPublicAccess(.blockNewSharing)
        )
        #expect(
            Self.call(block, #"{"imageBlockPublicAccessState":"block-new-sharing"}"#, #"{"_return":true}"#)
                == .blockPublicAccess(.blockNewSharing)
        )
        #expect(Self.wrapped(unblock, "\"\"", #""return":"unblocked""#) == .blockPublicAccess(.unblocked))
        #expect(
            Self.call(unblock, "null", error: "Client.UnauthorizedOperation")
                == .blockPublicAccess(.unblocked)
        )
    }

    @Test
    func criteria() {
        let name = "ReplaceImageCriteriaInAllowedImagesSettings"
        let several =
            #"{"ImageCriterion":[{"tag":1,"ImageProvider":[{"tag":1,"content":"amazon"},{"tag":2,"content":12345678901}]},{"tag":2,"ImageName":{"tag":1,"content":"golden-*"},"MarketplaceProductCode":{"tag":1,"content":"abc"},"DeprecationTimeCondition":{"MaximumDaysSinceDeprecated":0},"CreationDateCondition":{"MaximumDaysSinceCreated":300},"ImageWatermark":{"tag":1,"b":1,"a":"x"}}]}"#
        let expected = Call.imageCriteria([
            .init(providers: ["amazon", "012345678901"]),
            .init(
                names: ["golden-*"],
                productCodes: ["abc"],
                maximumDaysSinceCreated: 300,
                maximumDaysSinceDeprecated: 0,
                unknown: ["ImageWatermark": #"{"a":"x","b":1,"tag":1}"#]
            ),
        ])
        #expect(Self.wrapped(name, several, #""return":true"#) == expected)
        #expect(
            Self.wrapped(name, #"{"ImageCriterion":{"tag":1,"ImageProvider":{"tag":1,"content":"amazon"}}}"#)
                == .imageCriteria([.init(providers: ["amazon"])])
        )
        #expect(
            Self.call(name, #"{"imageCriterionSet":{"items":[{"imageProviderSet":{"items":["amazon"]}}]}}"#)
                == .imageCriteria([.init(providers: ["amazon"])])
        )
        #expect(Self.wrapped(name, "\"\"") == .imageCriteria([]))
        #expect(Self.isUnreadable(Self.call(name, "null")))
        #expect(Self.isUnreadable(Self.wrapped(name, #"{"Criteria":[1]}"#)))
        #expect(
            Self.isUnreadable(
                Self.wrapped(
                    name,
                    #"{"ImageCriterion":{"tag":1,"CreationDateCondition":{"MaximumDaysSinceCreated":"soon"}}}"#
                )
            )
        )
    }
}
