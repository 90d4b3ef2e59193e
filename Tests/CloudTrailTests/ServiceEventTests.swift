import CloudTrail
import CloudTrailTestSupport
import Testing

/// What services tell of themselves, and what AWS Organizations tells.
@Suite
struct ServiceEventTests: CallReading {
    private static let member = AccountID("444455556666")

    /// A record with `serviceEventDetails` instead of parameters.
    private static func told(_ call: WatchedCall, _ details: String) -> Call? {
        var record = Samples.record(call.name, source: call.source)
        record.removeLast()
        record += ",\"eventType\":\"AwsServiceEvent\",\"serviceEventDetails\":\(details)}"
        return RecordReader().gather(message: record).records.first?.call
    }

    private static func called(
        _ call: WatchedCall,
        _ request: String,
        _ response: String = "null",
        error: String? = nil
    ) -> Call? {
        let record = Samples.record(
            call.name,
            source: call.source,
            request: request,
            response: response,
            error: error
        )
        return RecordReader().gather(message: record).records.first?.call
    }

    private static func change(_ isMember: Bool, of organization: ExactText? = nil) -> Call {
        .membership(MembershipChange(account: member, organization: organization, isMember: isMember))
    }

    @Test
    func accountsJoin() {
        let created =
            #"{"createAccountStatus":{"id":"car-1","state":"SUCCEEDED","accountName":"****","accountId":"444455556666"}}"#
        #expect(Self.told(.createAccountResult, created) == Self.change(true))
        #expect(Self.told(.createAccountResult, Samples.string(created)) == Self.change(true))
        #expect(
            Self.told(
                .createAccountResult,
                #"{"createAccountStatus":{"state":"FAILED","failureReason":"X"}}"#
            )
                == .nothing
        )
        #expect(
            Self.told(.accountJoined, #"{"joinedMethod":"Created","accountId":444455556666}"#)
                == Self.change(true)
        )
        #expect(
            Self.told(
                .accountJoined,
                #"{"accountJoined":{"accountId":"444455556666"},"organizationId":"o-exampleorgid"}"#
            ) == Self.change(true, of: "o-exampleorgid")
        )
        #expect(
            Self.called(
                .moveAccount,
                #"{"accountId":"444455556666","sourceParentId":"r-ab12","destinationParentId":"ou-ab12-cdef3456"}"#
            )
                == .membership(
                    MembershipChange(
                        account: Self.member,
                        isMember: true,
                        parent: "ou-ab12-cdef3456",
                        formerParent: "r-ab12"
                    )
                )
        )
        let handshake =
            #"{"handshake":{"state":"ACCEPTED","action":"INVITE","arn":"arn:aws:organizations::111122223333:handshake/o-exampleorgid/invite/h-example","parties":[{"type":"ORGANIZATION","id":"o-exampleorgid"},{"type":"ACCOUNT","id":"444455556666"}]}}"#
        #expect(
            Self.called(.acceptHandshake, #"{"handshakeId":"h-example"}"#, handshake)
                == .membership(
                    MembershipChange(
                        account: Self.member,
                        organization: "o-exampleorgid",
                        isMember: true,
                        management: AccountID("111122223333")
                    )
                )
        )
        let organization =
            #"{"organization":{"id":"o-exampleorgid","masterAccountId":"444455556666","featureSet":"ALL"}}"#
        #expect(
            Self.called(.createOrganization, #"{"featureSet":"ALL"}"#, organization)
                == Self.change(true, of: "o-exampleorgid")
        )
        // Without its answer it is known all the same whose trail it is in.
        #expect(
            Self.called(.createOrganization, "{}")
                == .membership(MembershipChange(account: nil, isMember: true))
        )
        #expect(
            Self.called(.acceptHandshake, "{}", #"{"handshake":{"action":"APPROVE_ALL_FEATURES"}}"#)
                == .nothing
        )
    }

    @Test
    func accountsLeave() {
        #expect(
            Self.called(.removeAccount, #"{"accountId":"444455556666"}"#) == Self.change(false)
        )
        #expect(
            Self.called(.leaveOrganization, "null")
                == .membership(MembershipChange(account: nil, isMember: false))
        )
        #expect(Self.called(.leaveOrganization, "null", error: "AccessDeniedException") == .nothing)
        #expect(Self.called(.removeAccount, "null", error: "AccessDeniedException") == .nothing)
        #expect(
            Self.told(
                .accountDeparted,
                #"{"departureMethod":"REMOVED","accountId":"444455556666","organizationId":"o-exampleorgid"}"#
            ) == Self.change(false, of: "o-exampleorgid")
        )
        #expect(
            Self.told(
                .closeAccountResult,
                #"{"closeAccountStatus":{"accountId":"444455556666","state":"SUCCEEDED"}}"#
            ) == Self.change(false)
        )
    }

    @Test
    func whatTheyLeaveOutIsUnreadable() {
        for call in [
            WatchedCall.createAccountResult, .closeAccountResult, .accountJoined, .accountDeparted,
            .bidEvicted,
        ] {
            for details in ["null", "{}", "[]", #""x""#, "{\"accountId\":\"4444\"}"] {
                #expect(Self.isUnreadable(Self.told(call, details)), "\(call) \(details)")
            }
        }
        for call in [WatchedCall.moveAccount, .removeAccount, .acceptHandshake] {
            #expect(Self.isUnreadable(Self.called(call, "{}")), "\(call)")
        }
    }

    /// The names are other services' too.
    @Test
    func anotherServicesEventsAreIgnored() {
        for call in WatchedCall.allCases {
            let other = call.source == WatchedCall.source ? "organizations.amazonaws.com" : WatchedCall.source
            let read = RecordReader().gather(message: Samples.record(call.name, source: other))
            #expect(read.records.isEmpty && read.letters.isEmpty, "\(call)")
        }
    }

    @Test
    func spotInstancesEnd() {
        let ids = ["i-0aaaaaaaaaaaaaaaa", "i-0bbbbbbbbbbbbbbbb"]
        #expect(
            Self.told(.bidEvicted, "{\"instanceIdSet\":[\"\(ids[1])\",\"\(ids[0])\"]}")
                == .terminateInstances(ids.map { ResourceID($0) })
        )
        #expect(
            Self.told(.bidEvicted, "{\"instanceIdSet\":{\"items\":[{\"instanceId\":\"\(ids[0])\"}]}}")
                == .terminateInstances([ResourceID(ids[0])])
        )
    }

    @Test
    func imagesComeBack() {
        #expect(
            Self.wrapped("RestoreImageFromRecycleBin", "{\"ImageId\":\"\(Self.amiText)\"}", #""return":true"#)
                == .restoreImage(Self.ami)
        )
        #expect(Self.isUnreadable(Self.call("RestoreImageFromRecycleBin", "{}")))
    }

    /// A task's tags are those that its image and snapshots get.
    @Test
    func anImportsTagsAreItsTasks() {
        let imported = Self.call(
            "ImportImage",
            #"{"tagSpecificationSet":{"items":[{"resourceType":"import-image-task","tags":[{"key":"A","value":"1"}]}]}}"#,
            #"{"importTaskId":"import-ami-0abcdef1234567890"}"#
        )
        guard case .createImage(let creation) = imported else { return #expect(Bool(false), "\(imported)") }
        #expect(creation.image?.isImportTask == true)
        #expect(creation.imageTags == ["A": "1"] && creation.snapshotTags == ["A": "1"])
    }

    @Test(arguments: [
        ("You can't publicly share this image because block public access for AMIs is enabled.", true),
        ("… with an explicit deny in a Service Control Policy", true),
        ("This is blocked by a policy of your organization.", true),
        ("Blocked by an EC2 declarative policy", true),
        ("Request has expired.", false), ("The policy is malformed", false),
        ("The organization is unknown", false),
        ("", false),
    ])
    func anErrorOfAGuardrailIsToldByItsMessage(_ message: String, isGuardrail: Bool) {
        let record = Samples.record("ModifyImageAttribute", error: "Client.X")
            .replacing("\"errorMessage\":\"no\"", with: "\"errorMessage\":\(Samples.string(message))")
        #expect(RecordReader().gather(message: record).records.first?.isErrorOfGuardrail == isGuardrail)
    }
}
