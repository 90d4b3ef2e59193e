import CloudTrail
import CloudTrailTestSupport
import Testing

/// What records tell of callers' sessions, where somebody asks.
struct SessionKeyTests {
    private static let names = [
        "aws:userid", "aws:tokenissuetime", "aws:multifactorauthpresent", "aws:multifactorauthage",
        "aws:sourceidentity", "ec2:roledelivery", "aws:sourcevpce", "aws:vpceaccount", "aws:securetransport",
    ]
    private static let all = names.reduce(into: SessionKeys()) { $0.formUnion(.telling($1)) }

    /// What is told by a record with such a `userIdentity`, and such members beside it: `absent` where the request had no
    /// such key.
    private func told(
        _ identity: String,
        _ members: String = "",
        asking keys: SessionKeys = all
    ) throws -> [String: String] {
        let reader = RecordReader()
        reader.sessionKeys = keys
        let record = """
            {"eventVersion":"1.11","userIdentity":\(identity),"eventTime":"2026-03-04T05:06:07Z",
             "eventSource":"ec2.amazonaws.com","eventName":"DeregisterImage","awsRegion":"eu-central-1",
             "sourceIPAddress":"192.0.2.7","requestParameters":{"imageId":"ami-1"},"responseElements":{"_return":true},
             "eventID":"11111111-2222-4333-8444-555555555555","recipientAccountId":"123456789012"\(members)}
            """
        let read = try #require(reader.gather(message: record).records.first)
        let values = read.session?.all ?? []
        return Dictionary(
            uniqueKeysWithValues: values.map { name, value in
                if case .text(let text) = value { return (name.string, text.string) }
                return (name.string, value == .flag(false) ? "absent" : "?")
            }
        )
    }

    @Test("A role's session")
    func role() throws {
        let identity =
            #"{"type":"AssumedRole","principalId":"AROAEXAMPLE:alice","accountId":"123456789012","accessKeyId":"ASIAEXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role"},"attributes":{"creationDate":"2026-03-04T05:00:00Z","mfaAuthenticated":"true"},"sourceIdentity":"alice","ec2RoleDelivery":"1.0"}}"#
        let members =
            #","vpcEndpointId":"vpce-1","vpcEndpointAccountId":"111122223333","tlsDetails":{"tlsVersion":"TLSv1.3"}"#
        #expect(
            try told(identity, members) == [
                "aws:userid": "AROAEXAMPLE:alice", "aws:tokenissuetime": "2026-03-04T05:00:00Z",
                "aws:multifactorauthpresent": "true", "aws:sourceidentity": "alice",
                "ec2:roledelivery": "1.0", "aws:sourcevpce": "vpce-1", "aws:vpceaccount": "111122223333",
                "aws:securetransport": "true",
            ]
        )
        let bare =
            #"{"type":"AssumedRole","principalId":"AROAEXAMPLE:alice","accessKeyId":"ASIAEXAMPLE","sessionContext":{"attributes":{"mfaAuthenticated":"false"}}}"#
        #expect(
            try told(bare) == [
                "aws:userid": "AROAEXAMPLE:alice", "aws:multifactorauthage": "absent",
                "aws:sourceidentity": "absent", "ec2:roledelivery": "absent", "aws:sourcevpce": "absent",
                "aws:vpceaccount": "absent",
            ]
        )
    }

    @Test("A long-term key has no session, and nothing follows where the record is silent")
    func longTerm() throws {
        let user =
            #"{"type":"IAMUser","principalId":"AIDAEXAMPLE","accountId":"123456789012","accessKeyId":"AKIAEXAMPLE"}"#
        let absent = [
            "aws:tokenissuetime", "aws:multifactorauthpresent", "aws:multifactorauthage",
            "aws:sourceidentity",
            "ec2:roledelivery", "aws:sourcevpce", "aws:vpceaccount",
        ]
        var expected = Dictionary(uniqueKeysWithValues: absent.map { ($0, "absent") })
        expected["aws:userid"] = "AIDAEXAMPLE"
        #expect(try told(user) == expected)
        #expect(
            try told(#"{"type":"IAMUser","accountId":"123456789012"}"#)
                == ["aws:sourcevpce": "absent", "aws:vpceaccount": "absent"]
        )
    }

    @Test("Only what is asked for is read")
    func asking() throws {
        let user = #"{"type":"IAMUser","principalId":"AIDAEXAMPLE","accessKeyId":"AKIAEXAMPLE"}"#
        #expect(try told(user, asking: .telling("aws:userid")) == ["aws:userid": "AIDAEXAMPLE"])
        #expect(try told(user, asking: []).isEmpty)
        // Whether there is an endpoint tells of its VPC.
        #expect(SessionKeys.telling("aws:sourcevpc") == .telling("aws:sourcevpce"))
        for key in ["aws:principaltag/team", "aws:username", "aws:chatbotsourcearn", ""] {
            #expect(SessionKeys.telling(key).isEmpty, "\(key)")
        }
    }
}
