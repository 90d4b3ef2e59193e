import CloudTrail
import Testing

/// Tags, and the settings of accounts.
@Suite
struct SettingCallTests: CallReading {
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
        // Without what cannot be read the list would admit something else.
        for value in [#"{"tag":1}"#, #"{"tag":1,"content":1234567890123}"#, "[{}]", #"[{"content":[]}]"#] {
            let list = #"{"ImageCriterion":{"tag":1,"ImageProvider":\#(value),"ImageName":"a*"}}"#
            #expect(Self.isUnreadable(Self.wrapped(name, list)), "\(value)")
        }
    }

    /// Days that AWS would refuse never get into a calculation.
    @Test(arguments: [
        "\"soon\"", "-1", "2147483648", "9223372036854775807", "-9223372036854775808", "18446744073709551615",
        "1e300", "\"9223372036854775807\"", "\"99999999999999999999\"",
    ])
    func impossibleDays(_ days: String) {
        for condition in [
            "CreationDateCondition\":{\"MaximumDaysSinceCreated",
            "DeprecationTimeCondition\":{\"MaximumDaysSinceDeprecated",
        ] {
            let list = "{\"ImageCriterion\":{\"tag\":1,\"\(condition)\":\(days)}}}"
            #expect(
                Self.isUnreadable(Self.wrapped("ReplaceImageCriteriaInAllowedImagesSettings", list)),
                "\(list)"
            )
        }
    }

    @Test
    func blockPublicAccessForSnapshots() {
        func state(_ text: ExactText) -> Call {
            var fields = Fields()
            fields["state"] = .text(text)
            return .other(fields)
        }
        let enable = "EnableSnapshotBlockPublicAccess", disable = "DisableSnapshotBlockPublicAccess"
        let asked = #"{"State":"block-all-sharing"}"#
        #expect(Self.wrapped(enable, asked, #""state":"block-all-sharing""#) == state("block-all-sharing"))
        #expect(Self.wrapped(enable, asked, #""state":"block-new-sharing""#) == state("block-new-sharing"))
        #expect(Self.wrapped(enable, asked) == state("block-all-sharing"))
        #expect(Self.wrapped(disable, "\"\"", #""state":"unblocked""#) == state("unblocked"))
        #expect(Self.wrapped(disable, "\"\"") == state("unblocked"))
        #expect(Self.isUnreadable(Self.wrapped(enable, #"{"State":"half"}"#)))
        #expect(Self.isUnreadable(Self.wrapped(enable, "{}")))
        #expect(Self.isUnreadable(Self.call(enable, "null")))
    }
}
