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
    private var named = PackedTexts()
    private var resources = PackedTexts()

    var packed: ExactText? {
        guard named.count + resources.count > 0 else { return nil }
        var all = named
        if resources.count > 0 {
            all.append("resources")
            all.append(resources.count)
            all.append(contentsOf: resources)
        }
        return all.text
    }

    /// A name, after the place of the resource that it is about if it is about one, and how many values follow.
    private mutating func name(_ name: StaticString, at place: Int? = nil, count: Int = 1) {
        named.append(place, name)
        named.append(count)
    }

    private mutating func put(_ name: StaticString, at place: Int? = nil, _ value: UTF8Text) {
        self.name(name, at: place)
        named.append(value)
    }

    private mutating func put(_ name: StaticString, at place: Int? = nil, _ value: JSONValue?) {
        value?.withPlain { put(name, at: place, $0) }
    }

    private static let star: StaticString = "*"
    /// Stands for the id of what the call makes.
    private static var made: UTF8Text {
        UTF8Text(UnsafeBufferPointer(start: star.utf8Start, count: star.utf8CodeUnitCount))
    }

    /// The place of a resource among those that are listed; one without an id is made by the call.
    private mutating func add(_ type: StaticString, _ id: UTF8Text? = nil) -> Int {
        resources.append(type, id ?? Self.made)
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
        let metadata = either("metadataOptions")
        let profile = either("iamInstanceProfile")?.field("arn")?.plainText
        put("instance ec2:instancetype", either("instanceType"))
        put("instance ec2:availabilityzone", placement?.field("availabilityZone"))
        put("instance ec2:tenancy", placement?.field("tenancy"))
        put("instance ec2:ebsoptimized", either("ebsOptimized"))
        put("instance ec2:rootdevicetype", instance?.field("rootDeviceType"))
        put("instance ec2:metadatahttptokens", metadata?.field("httpTokens"))
        put("instance ec2:metadatahttpendpoint", metadata?.field("httpEndpoint"))
        put("instance ec2:metadatahttpputresponsehoplimit", metadata?.field("httpPutResponseHopLimit"))
        put("instance ec2:instancemetadatatags", metadata?.field("instanceMetadataTags"))
        if let profile { put("instance ec2:instanceprofile", profile) }
        // An answer that describes the instance would name them.
        guard let instance, instance.field("instanceType") != nil else { return }
        if profile == nil { name("instance ec2:instanceprofile", count: 0) }
        name("instance ec2:instancemarkettype")
        if let market = instance.field("instanceLifecycle")?.plainText,
            market == "spot" || market == "capacity-block"
        {
            named.append(market)
        } else {
            named.append("on-demand")
        }
    }

    private mutating func readNetwork(_ request: JSONValue?, _ instance: JSONValue?) {
        let interface = request?.field("networkInterfaceSet").list.lazy.compactMap(\.self).first { _ in true }
        func either(_ name: StaticString) -> JSONValue? {
            instance?.field(name) ?? request?.field(name) ?? interface?.field(name)
        }
        let vpc = instance?.field("vpcId")?.plainText
        let subnet = either("subnetId")?.plainText
        if let subnet {
            let place = add("subnet/", subnet)
            put("ec2:subnetid", at: place, subnet)
            if let vpc { put("ec2:vpc", at: place, vpc) }
            put(
                "ec2:availabilityzone",
                at: place,
                instance?.field("placement")?.field("availabilityZone")
            )
        }
        for group in either("groupSet").list {
            guard let id = group.field("groupId")?.plainText else { continue }
            let place = add("security-group/", id)
            put("ec2:securitygroupid", at: place, id)
            if let vpc { put("ec2:vpc", at: place, vpc) }
        }
        if subnet != nil || interface != nil {
            let place = add("network-interface/", interface?.field("networkInterfaceId")?.plainText)
            if let subnet { put("ec2:subnet", at: place, subnet) }
            if let vpc { put("ec2:vpc", at: place, vpc) }
            put(
                "ec2:associatepublicipaddress",
                at: place,
                interface?.field("associatePublicIpAddress")
            )
        }
        let key = request?.field("instancesSet").list.lazy.compactMap { $0.field("keyName")?.plainText }
            .first { _ in true }
        if let key = key ?? request?.field("keyName")?.plainText {
            put("ec2:keypairname", at: add("key-pair/", key), key)
        }
    }

    private mutating func readVolumes(_ request: JSONValue?, _ instance: JSONValue?) {
        let root = instance?.field("rootDeviceName")?.plainText
        for device in (request?.field("blockDeviceMapping") ?? request?.field("blockDeviceMappings")).list {
            guard let volume = device.field("ebs") else { continue }
            let place = add("volume/")
            put("ec2:encrypted", at: place, volume.field("encrypted"))
            put("ec2:volumesize", at: place, volume.field("volumeSize"))
            put("ec2:volumetype", at: place, volume.field("volumeType"))
            put("ec2:volumeiops", at: place, volume.field("iops"))
            put("ec2:volumethroughput", at: place, volume.field("throughput"))
            var isRoot = false
            if let root, let name = device.field("deviceName")?.plainText { isRoot = name == root }
            if isRoot { flag("root") }
            if let snapshot = volume.field("snapshotId")?.plainText {
                put("ec2:parentsnapshot", at: place, snapshot)
                put("ec2:snapshotid", at: add("snapshot/", snapshot), snapshot)
            } else if !isRoot, root != nil {
                name("ec2:parentsnapshot", at: place, count: 0)
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
            flag("template")
            _ = add("launch-template/", template.field("launchTemplateId")?.plainText)
            if let all = instance?.field("tagSet"), let given = try? (instance?.tags() ?? [:]), !all.isNull {
                tags["instance", default: [:]].merge(given.filter { !$0.key.string.hasBytes(prefix: "aws:") })
                { $1 }
                flag("whole instance")
            }
        }
        for (type, tags) in tags.sorted(by: { $0.key.bytesPrecede($1.key) }) {
            named.append(string: "tags \(type)")
            named.append(2 * tags.count)
            for (key, value) in tags.sorted(by: { $0.key < $1.key }) {
                named.append(string: key.string)
                named.append(string: (value ?? "")?.string ?? "")
            }
        }
    }

    /// Something that holds.
    private mutating func flag(_ name: StaticString) {
        self.name(name)
        named.append("true")
    }
}

/// Texts one after the other, each after its length in bytes and a colon.
private struct PackedTexts {
    private var bytes: [UInt8] = []
    private(set) var count = 0

    var text: ExactText { ExactText(String(decoding: bytes, as: UTF8.self)) }

    mutating func append(_ text: UTF8Text) {
        begin(text.count)
        bytes.append(contentsOf: text.bytes)
    }

    mutating func append(_ text: StaticString) {
        begin(text.utf8CodeUnitCount)
        put(text)
    }

    /// Two texts as one.
    mutating func append(_ text: StaticString, _ rest: UTF8Text) {
        begin(text.utf8CodeUnitCount + rest.count)
        put(text)
        bytes.append(contentsOf: rest.bytes)
    }

    /// A text behind a number, if there is one.
    mutating func append(_ number: Int?, _ text: StaticString) {
        guard let number else { return append(text) }
        begin(Self.width(number) + 1 + text.utf8CodeUnitCount)
        put(number)
        bytes.append(UInt8(ascii: " "))
        put(text)
    }

    mutating func append(_ number: Int) {
        begin(Self.width(number))
        put(number)
    }

    mutating func append(string: String) {
        begin(string.utf8.count)
        bytes.append(contentsOf: string.utf8)
    }

    mutating func append(contentsOf others: PackedTexts) {
        bytes.append(contentsOf: others.bytes)
        count += others.count
    }

    private mutating func begin(_ length: Int) {
        if bytes.isEmpty { bytes.reserveCapacity(1024) }
        count += 1
        put(length)
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func put(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func put(_ number: Int) {
        if number >= 10 { put(number / 10) }
        bytes.append(UInt8(ascii: "0") + UInt8(number % 10))
    }

    private static func width(_ number: Int) -> Int { number < 10 ? 1 : 1 + width(number / 10) }
}

extension JSONValue {
    /// A text, out of its `content` wrapper where it has one, as long as the record is read; nil for the empty one.
    fileprivate var plainText: UTF8Text? {
        let text = isObject ? member("content")?.text : self.text
        return text.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Calls `body` with what `plain` is, unless that is nil.
    fileprivate func withPlain(_ body: (UTF8Text) -> Void) {
        if let plainText { return body(plainText) }
        guard var plain else { return }
        plain.withUTF8 { body(UTF8Text($0)) }
    }
}
