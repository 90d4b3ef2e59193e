import CloudTrail
import CloudTrailTestSupport
import Testing

/// Calls that plan launches, and the one that swaps an instance's disk.
@Suite
struct PlanCallTests: CallReading {
    private static func plan(_ id: ExactText, _ images: [ExactText]) -> Call {
        var fields = Fields()
        (fields["plan"], fields["images"]) = (.text(id), .texts(images))
        return .other(fields)
    }

    private static func ended(_ id: ExactText) -> Call {
        var fields = Fields()
        (fields["plan"], fields["ended"]) = (.text(id), .flag(true))
        return .other(fields)
    }

    @Test
    func launchTemplates() {
        let request = #"{"LaunchTemplateName":"web","LaunchTemplateData":{"ImageId":"ami-1"}}"#
        let made = #""launchTemplate":{"launchTemplateId":"lt-1","latestVersionNumber":1}"#
        #expect(Self.wrapped("CreateLaunchTemplate", request, made) == Self.plan("lt-1", ["ami-1"]))
        #expect(Self.wrapped("CreateLaunchTemplate", request) == Self.plan("web", ["ami-1"]))
        #expect(Self.wrapped("CreateLaunchTemplate", #"{"LaunchTemplateName":"web"}"#, made) == .nothing)
        #expect(
            Self.wrapped(
                "CreateLaunchTemplateVersion",
                #"{"LaunchTemplateId":"lt-1","LaunchTemplateData":{}}"#,
                #""launchTemplateVersion":{"launchTemplateId":"lt-1","launchTemplateData":{"imageId":"ami-2"}}"#
            ) == Self.plan("lt-1", ["ami-2"])
        )
        #expect(
            Self.wrapped("DeleteLaunchTemplate", #"{"LaunchTemplateName":"web"}"#, made) == Self.ended("lt-1")
        )
        #expect(Self.isUnreadable(Self.call("CreateLaunchTemplate", "null")))
        #expect(Self.isUnreadable(Self.wrapped("DeleteLaunchTemplate", "{}")))
    }

    @Test
    func launchConfigurations() {
        func call(_ name: String, _ request: String) -> Call? {
            RecordReader().gather(
                message: Samples.record(name, source: "autoscaling.amazonaws.com", request: request)
            ).records.first?.call
        }
        let request = #"{"launchConfigurationName":"web","imageId":"ami-1"}"#
        #expect(call("CreateLaunchConfiguration", request) == Self.plan("web", ["ami-1"]))
        #expect(call("DeleteLaunchConfiguration", request) == Self.ended("web"))
    }

    @Test
    func fleetsAndSpotRequests() {
        #expect(
            Self.wrapped(
                "CreateFleet",
                #"{"LaunchTemplateConfigs":[{"tag":1,"Overrides":[{"tag":1,"ImageId":"ami-2"},{"tag":2,"ImageId":"ami-1"}]},{"tag":2,"Overrides":{"tag":1,"ImageId":"ami-2"}}]}"#,
                #""fleetId":"fleet-1""#
            ) == Self.plan("fleet-1", ["ami-1", "ami-2"])
        )
        #expect(
            Self.wrapped("CreateFleet", #"{"LaunchTemplateConfigs":{"tag":1}}"#, #""fleetId":"fleet-1""#)
                == .nothing
        )
        #expect(
            Self.call(
                "RequestSpotInstances",
                #"{"launchSpecification":{"imageId":"ami-1"}}"#,
                #"{"spotInstanceRequestSet":{"items":[{"spotInstanceRequestId":"sir-1"}]}}"#
            ) == Self.plan("sir-1", ["ami-1"])
        )
        #expect(
            Self.wrapped(
                "RequestSpotFleet",
                #"{"SpotFleetRequestConfig":{"LaunchSpecifications":{"tag":1,"ImageId":"ami-1"},"LaunchTemplateConfigs":{"tag":1,"Overrides":{"tag":1,"ImageId":"ami-2"}}}}"#,
                #""spotFleetRequestId":"sfr-1""#
            ) == Self.plan("sfr-1", ["ami-1", "ami-2"])
        )
    }

    @Test
    func rootVolumesAreReplaced() {
        func fields(_ fields: KeyValuePairs<ExactText, ExactText>) -> Call {
            var all = Fields()
            for (name, text) in fields { all[name] = .text(text) }
            return .other(all)
        }
        let name = "CreateReplaceRootVolumeTask"
        #expect(
            Self.wrapped(name, #"{"InstanceId":"i-1","ImageId":"ami-1"}"#)
                == fields(["instance": "i-1", "image": "ami-1"])
        )
        #expect(
            Self.wrapped(
                name,
                #"{"InstanceId":"i-1"}"#,
                #""replaceRootVolumeTask":{"instanceId":"i-1","snapshotId":"snap-1"}"#
            ) == fields(["instance": "i-1", "snapshot": "snap-1"])
        )
        #expect(Self.wrapped(name, #"{"InstanceId":"i-1"}"#) == fields(["instance": "i-1"]))
        #expect(Self.isUnreadable(Self.wrapped(name, #"{"ImageId":"ami-1"}"#)))
    }

    @Test
    func protectionAndWatermarks() {
        func fields(_ watermark: ExactText?) -> Call {
            var fields = Fields()
            fields["image"] = .text(ExactText(Self.amiText))
            fields["watermark"] = watermark.map { .text($0) }
            return .other(fields)
        }
        let image = "\"ImageId\":\"\(Self.amiText)\""
        for name in ["EnableImageDeregistrationProtection", "DisableImageDeregistrationProtection"] {
            #expect(Self.wrapped(name, "{\(image)}", #""return":"enabled-with-cooldown""#) == fields(nil))
        }
        for name in ["AttachImageWatermark", "DetachImageWatermark"] {
            #expect(Self.wrapped(name, "{\(image)}") == fields(nil))
            #expect(Self.wrapped(name, "{\(image),\"ImageWatermark\":\"a:b\"}") == fields("a:b"))
            #expect(Self.isUnreadable(Self.wrapped(name, "{}")))
        }
    }

    /// Only what the call says of a disk counts.
    @Test
    func unencryptedDisks() {
        func devices(_ mapping: String) -> [ExactText]? {
            let call = Self.call(
                "CreateImage",
                "{\"instanceId\":\"i-1\",\"name\":\"n\",\"blockDeviceMapping\":{\"items\":[\(mapping)]}}",
                "{\"imageId\":\"\(Self.amiText)\"}"
            )
            guard case .createImage(let creation)? = call else { return nil }
            return creation.unencryptedDevices
        }
        #expect(devices("") == [])
        #expect(devices(#"{"deviceName":"a","ebs":{"encrypted":true}},{"deviceName":"b","ebs":{}}"#) == [])
        #expect(
            devices(
                #"{"deviceName":"b","ebs":{"encrypted":false}},{"deviceName":"a","ebs":{"encrypted":"false"}}"#
            ) == ["a", "b"]
        )
    }
}
