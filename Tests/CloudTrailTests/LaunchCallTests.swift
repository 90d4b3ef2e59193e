import CloudTrail
import CloudTrailTestSupport
import Testing

/// Launching and ending instances.
@Suite
struct LaunchCallTests: CallReading {
    @Test
    func launches() {
        let a = ResourceID("i-0aaaaaaaaaaaaaaaa"), b = ResourceID("i-0bbbbbbbbbbbbbbbb")
        guard
            case .runInstances(let launch)? = RecordReader().gather(message: Samples.launch).records.first?
                .call
        else {
            Issue.record("the sample is no launch")
            return
        }
        #expect(launch.instances == [.init(id: a, image: Self.ami), .init(id: b, image: Self.ami)])
        #expect(launch.requestedImage == nil)
        #expect(launch.request?.fields.texts("resources") == ["launch-template/lt-1"])
        #expect(launch.request?.fields["template"] != nil)
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

    /// What AWS authorises a launch on, in both dialects and wherever request and answer tell it.
    @Test
    func requests() throws {
        let request = #"""
            "instanceType":"t3.micro","subnetId":"subnet-1","groupSet":{"items":[{"groupId":"sg-1"},{"groupId":"sg-2"}]},
            "blockDeviceMapping":{"items":[{"deviceName":"/dev/xvda","ebs":{"encrypted":true,"volumeSize":8,"snapshotId":"snap-1"}},
            {"deviceName":"/dev/sdf","ebs":{"encrypted":false}},{"deviceName":"/dev/sdg","noDevice":""}]},
            "tagSpecificationSet":{"items":[{"resourceType":"instance","tags":[{"key":"Role","value":"web"},{"key":"a:b","value":""}]},
            {"resourceType":"volume","tags":[{"key":"12:x","value":"5:y"}]}]}
            """#
        let answer = #"""
            {"instancesSet":{"items":[{"instanceId":"i-0aaaaaaaaaaaaaaaa","imageId":"ami-0abcdef1234567890","instanceType":"t3.small",
            "rootDeviceName":"/dev/xvda","vpcId":"vpc-1","placement":{"availabilityZone":"us-east-1a","tenancy":"default"},
            "metadataOptions":{"httpTokens":"required","httpPutResponseHopLimit":2},"ebsOptimized":false}]}}
            """#
        let call = Self.call(
            "RunInstances",
            #"{"instancesSet":{"items":[{"imageId":"ami-2","keyName":"key"}]},\#(request)}"#,
            answer
        )
        guard case .runInstances(let launch)? = call else {
            Issue.record("no launch")
            return
        }
        let fields = try #require(launch.request?.fields)
        #expect(
            fields.texts("resources") == [
                "subnet/subnet-1", "security-group/sg-1", "security-group/sg-2", "network-interface/*",
                "key-pair/key",
                "volume/*", "snapshot/snap-1", "volume/*",
            ]
        )
        let texts: [ExactText: ExactText] = [
            "instance ec2:instancetype": "t3.small", "instance ec2:availabilityzone": "us-east-1a",
            "instance ec2:tenancy": "default", "instance ec2:metadatahttptokens": "required",
            "instance ec2:metadatahttpputresponsehoplimit": "2", "instance ec2:ebsoptimized": "false",
            "instance ec2:instancemarkettype": "on-demand", "0 ec2:subnetid": "subnet-1",
            "0 ec2:vpc": "vpc-1",
            "2 ec2:securitygroupid": "sg-2", "3 ec2:subnet": "subnet-1", "5 ec2:encrypted": "true",
            "5 ec2:volumesize": "8", "5 ec2:parentsnapshot": "snap-1", "7 ec2:encrypted": "false",
            "root": "true",
        ]
        for (name, text) in texts { #expect(fields.text(name) == text, "\(name)") }
        // The root volume is listed, and no other is made of a snapshot; of a profile the answer would tell.
        #expect(fields["7 ec2:parentsnapshot"] == .flag(false))
        #expect(fields["instance ec2:instanceprofile"] == .flag(false))
        #expect(fields.texts("tags instance") == ["Role", "web", "a:b", ""])
        #expect(fields.texts("tags volume") == ["12:x", "5:y"])
        #expect(fields["template"] == nil)

        let wrapped = Self.wrapped(
            "RunInstances",
            #"{"ImageId":"ami-2","InstanceType":"t3.micro","SubnetId":"subnet-1","TagSpecification":{"ResourceType":"instance","Tag":{"Key":"Role","Value":"web"}},"BlockDeviceMapping":{"DeviceName":"/dev/xvda","Ebs":{"Encrypted":true}}}"#,
            #""instancesSet":{"item":{"instanceId":"i-0aaaaaaaaaaaaaaaa"}}"#
        )
        guard case .runInstances(let other)? = wrapped else {
            Issue.record("no launch")
            return
        }
        let others = try #require(other.request?.fields)
        #expect(others.text("instance ec2:instancetype") == "t3.micro")
        #expect(others.texts("resources") == ["subnet/subnet-1", "network-interface/*", "volume/*"])
        #expect(others.text("2 ec2:encrypted") == "true")
        #expect(others.texts("tags instance") == ["Role", "web"])
    }
}
