// What `RunInstances` asks to be authorised on, beside the image: named values, as `LaunchRequest.fields` says.

/// What a launch says of the resources that AWS authorises it on, in one text: most launches are never asked for it.
public struct LaunchRequest: Hashable, Sendable {
    /// Lengths and texts, one after the other.
    let packed: ExactText

    /// Names and values: `resources` lists those resources of which anything is known, as `subnet/subnet-…`, and `volume/*`
    /// for one that the call makes; `0 ec2:subnetid` is a condition key's value of the first of them, `instance ec2:tenancy` of
    /// the instances, and `tags instance` the tags that they get, each key followed by its value.
    ///
    /// `template` stands where a launch template says more, `root` where the root volume is among those listed.
    public var fields: Fields {
        var fields = Fields()
        var rest = Substring(packed.string).utf8
        func next() -> String? {
            guard let colon = rest.firstIndex(of: UInt8(ascii: ":")),
                let count = Int(Substring(rest[..<colon]))
            else { return nil }
            let start = rest.index(after: colon)
            guard let end = rest.index(start, offsetBy: count, limitedBy: rest.endIndex) else { return nil }
            defer { rest = rest[end...] }
            return String(Substring(rest[start..<end]))
        }
        while let name = next(), let count = next().flatMap({ Int($0) }) {
            var values: [ExactText] = []
            for _ in 0..<count { if let value = next() { values.append(ExactText(value)) } }
            let isList = name == "resources" || name.hasPrefix("tags ")
            fields[ExactText(name)] = isList ? .texts(values) : values.first.map { .text($0) } ?? .flag(false)
        }
        return fields
    }

    /// Nil where the record tells nothing.
    init?(_ parameters: Parameters) {
        var writer = LaunchRequestWriter()
        writer.read(
            parameters.request.value,
            parameters.answer("instancesSet").list.lazy.compactMap(\.self).first { _ in true }
        )
        guard let packed = writer.packed else { return nil }
        self.packed = packed
    }

    /// From its text, as another copy of the record has it.
    init(packed: ExactText) { self.packed = packed }
}

private struct LaunchRequestWriter {
    private var text = ""
    private var resources: [String] = []

    var packed: ExactText? {
        guard !text.isEmpty || !resources.isEmpty else { return nil }
        var writer = self
        if !resources.isEmpty { writer.put("resources", resources) }
        return ExactText(writer.text)
    }

    private mutating func put(_ name: String, _ values: [String]) {
        for part in [name, String(values.count)] + values { text += "\(part.utf8.count):\(part)" }
    }

    private mutating func put(_ name: String, _ value: JSONValue?) {
        if let value = value?.plain { put(name, [value]) }
    }

    /// The place of a resource among those that are listed.
    private mutating func add(_ resource: String) -> Int {
        resources.append(resource)
        return resources.count - 1
    }

    /// From the request, and the first instance of the answer.
    mutating func read(_ request: JSONValue?, _ instance: JSONValue?) {
        readInstance(request, instance)
        readNetwork(request, instance)
        readVolumes(request, instance)
        readTags(request, instance)
    }

    private mutating func readInstance(_ request: JSONValue?, _ instance: JSONValue?) {
        func either(_ name: StaticString) -> JSONValue? { instance?.field(name) ?? request?.field(name) }
        let placement = either("placement")
        let metadata = instance?.field("metadataOptions") ?? request?.field("metadataOptions")
        let profile = either("iamInstanceProfile")?.field("arn")
        put("instance ec2:instancetype", either("instanceType"))
        put("instance ec2:availabilityzone", placement?.field("availabilityZone"))
        put("instance ec2:tenancy", placement?.field("tenancy"))
        put("instance ec2:ebsoptimized", either("ebsOptimized"))
        put("instance ec2:rootdevicetype", instance?.field("rootDeviceType"))
        put("instance ec2:metadatahttptokens", metadata?.field("httpTokens"))
        put("instance ec2:metadatahttpendpoint", metadata?.field("httpEndpoint"))
        put("instance ec2:metadatahttpputresponsehoplimit", metadata?.field("httpPutResponseHopLimit"))
        put("instance ec2:instancemetadatatags", metadata?.field("instanceMetadataTags"))
        put("instance ec2:instanceprofile", profile)
        // An answer that describes the instance would name them.
        guard instance?.field("instanceType") != nil else { return }
        if profile == nil { put("instance ec2:instanceprofile", []) }
        let market = instance?.field("instanceLifecycle")?.plain
        put(
            "instance ec2:instancemarkettype",
            [market == "spot" || market == "capacity-block" ? market ?? "" : "on-demand"]
        )
    }

    private mutating func readNetwork(_ request: JSONValue?, _ instance: JSONValue?) {
        let interfaces = request?.field("networkInterfaceSet").list
        let interface = interfaces?.lazy.compactMap(\.self).first { _ in true }
        let vpc = instance?.field("vpcId")?.plain
        let subnet =
            (instance?.field("subnetId") ?? request?.field("subnetId") ?? interface?.field("subnetId"))?.plain
        if let subnet {
            let place = add("subnet/\(subnet)")
            put("\(place) ec2:subnetid", [subnet])
            if let vpc { put("\(place) ec2:vpc", [vpc]) }
            put("\(place) ec2:availabilityzone", instance?.field("placement")?.field("availabilityZone"))
        }
        let groups = instance?.field("groupSet") ?? request?.field("groupSet") ?? interface?.field("groupSet")
        for group in groups.list {
            guard let id = group.field("groupId")?.plain else { continue }
            let place = add("security-group/\(id)")
            put("\(place) ec2:securitygroupid", [id])
            if let vpc { put("\(place) ec2:vpc", [vpc]) }
        }
        if subnet != nil || interface != nil {
            let place = add("network-interface/\(interface?.field("networkInterfaceId")?.plain ?? "*")")
            if let subnet { put("\(place) ec2:subnet", [subnet]) }
            if let vpc { put("\(place) ec2:vpc", [vpc]) }
            put("\(place) ec2:associatepublicipaddress", interface?.field("associatePublicIpAddress"))
        }
        let named = request?.field("instancesSet").list.lazy.compactMap { $0.field("keyName")?.plain }.first {
            _ in true
        }
        if let key = named ?? request?.field("keyName")?.plain {
            put("\(add("key-pair/\(key)")) ec2:keypairname", [key])
        }
    }

    private mutating func readVolumes(_ request: JSONValue?, _ instance: JSONValue?) {
        let root = instance?.field("rootDeviceName")?.plain
        for device in (request?.field("blockDeviceMapping") ?? request?.field("blockDeviceMappings")).list {
            guard let volume = device.field("ebs") else { continue }
            let place = add("volume/*")
            put("\(place) ec2:encrypted", volume.field("encrypted"))
            put("\(place) ec2:volumesize", volume.field("volumeSize"))
            put("\(place) ec2:volumetype", volume.field("volumeType"))
            put("\(place) ec2:volumeiops", volume.field("iops"))
            put("\(place) ec2:volumethroughput", volume.field("throughput"))
            let isRoot = root != nil && device.field("deviceName")?.plain == root
            if isRoot { put("root", ["true"]) }
            if let snapshot = volume.field("snapshotId")?.plain {
                put("\(place) ec2:parentsnapshot", [snapshot])
                put("\(add("snapshot/\(snapshot)")) ec2:snapshotid", [snapshot])
            } else if !isRoot, root != nil {
                put("\(place) ec2:parentsnapshot", [])
            }
        }
    }

    private mutating func readTags(_ request: JSONValue?, _ instance: JSONValue?) {
        let template = request?.field("launchTemplate")
        let specifications = request?.field("tagSpecificationSet") ?? request?.field("tagSpecification")
        var tags: [String: [ExactText: ExactText?]] = [:]
        for specification in specifications.list {
            guard let type = specification.field("resourceType")?.plain, let given = try? specification.tags()
            else {
                continue
            }
            tags[type, default: [:]].merge(given) { $1 }
        }
        if let template {
            put("template", ["true"])
            _ = add("launch-template/\(template.field("launchTemplateId")?.plain ?? "*")")
            if let all = instance?.field("tagSet"), let given = try? (instance?.tags() ?? [:]), !all.isNull {
                tags["instance", default: [:]].merge(given.filter { !$0.key.string.hasBytes(prefix: "aws:") })
                { $1 }
                put("whole instance", ["true"])
            }
        }
        for (type, tags) in tags.sorted(by: { $0.key.bytesPrecede($1.key) }) {
            put(
                "tags \(type)",
                tags.sorted { $0.key < $1.key }.flatMap { [$0.key.string, ($0.value ?? "")?.string ?? ""] }
            )
        }
    }
}
