import CloudTrail
import Testing

/// Launching and ending instances.
@Suite
struct LaunchCallTests: CallReading {
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
            Self.call(
                "RunInstances",
                "{}",
                #"{"instancesSet":{"items":[{"imageId":"ami-2"},{"instanceId":"i-0aaaaaaaaaaaaaaaa"}]}}"#
            )
                == .runInstances(
                    .init(
                        instances: [.init(id: a, image: nil)],
                        requestedImage: nil,
                        unread: "an instance without instanceId"
                    )
                )
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
}
