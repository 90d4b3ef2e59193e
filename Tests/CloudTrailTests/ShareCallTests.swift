import CloudTrail
import Testing

/// Who may launch an image.
@Suite
struct ShareCallTests: CallReading {
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
        func change(
            _ added: [Grantee],
            _ removed: [Grantee] = [],
            unread: ExactText? = nil,
            unreadRemoval: ExactText? = nil
        ) -> Call {
            .modifyLaunchPermission(
                .init(
                    image: Self.ami,
                    added: added,
                    removed: removed,
                    unread: unread,
                    unreadRemoval: unreadRemoval
                )
            )
        }
        func unknown(_ values: String) -> ExactText { "a grantee of an unknown shape: \(values)" }
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
        // What can be read counts, and what cannot is told.
        #expect(
            Self.shared(#","launchPermission":{"add":{"items":[{"group":"all"},{"who":"x"}]}}"#)
                == change([.everyone], unread: unknown(#"{"who":"x"}"#))
        )
        // What is only taken back is told apart, and in part or not at all readable it is still a change.
        #expect(
            Self.shared(
                #","launchPermission":{"add":{"items":[{"group":"all"}]},"remove":{"items":[{"userId":"000000000000"}]}}"#
            ) == change([.everyone], unreadRemoval: unknown(#"{"userId":"000000000000"}"#))
        )
        #expect(
            Self.shared(#","launchPermission":{"remove":{"items":[{"who":"x"},{},1,{"who":"y"}]}}"#)
                == change([], unreadRemoval: unknown(#"{"who":"x"}, {}, 1, and 1 more"#))
        )
        #expect(
            Self.shared(#","operationType":"remove","userIds":["x"]"#, attribute: nil)
                == change([], unreadRemoval: unknown(#""x""#))
        )
        #expect(
            Self.shared(
                #","launchPermission":{"add":{"items":[{"group":"all"},{"userId":"7"}]}}"#,
                error: "Client.UnauthorizedOperation"
            ) == change([.everyone])
        )
        #expect(
            Self.shared(#","operationType":"add","userIds":["x"],"userGroup":"all""#)
                == change([.everyone], unread: unknown(#""x""#))
        )
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
}
