import CloudTrail
import Testing

/// What services tell of themselves.
@Suite
struct ServiceEventTests: CallReading {
    /// A record with `serviceEventDetails` instead of parameters.
    private static func told(_ call: WatchedCall, _ details: String) -> Call? {
        var record = Samples.record(call.rawValue, source: WatchedCall.source)
        record.removeLast()
        record += ",\"eventType\":\"AwsServiceEvent\",\"serviceEventDetails\":\(details)}"
        return RecordReader().gather(message: record).records.first?.call
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
    func whatTheyLeaveOutIsUnreadable() {
        for details in ["null", "{}", "[]", #""x""#, #"{"instanceIdSet":[]}"#] {
            #expect(Self.isUnreadable(Self.told(.bidEvicted, details)), "\(details)")
        }
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
