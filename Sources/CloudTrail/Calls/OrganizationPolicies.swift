// Calls of AWS Organizations that change which EC2 declarative policy holds where. They keep:
//
// * of a policy `policy`, its id; `type`, as AWS names it; `settings`, what it says, packed; `unread`, where that cannot be read;
//   `made`, `renamed` (it says what it said before) and `deleted`
// * of an attachment `policy`, `target`, and `attached`, whether it is attached from then on
// * of a type of policy `root`, and `enabled`, whether its policies hold from then on
// * of a unit `child`, and `parent`, what it is in; without a parent it is gone
//
// Of a call that failed they keep what it asked for, where that is or may be about an EC2 declarative policy: `type`, else `policy`.
//
// Sources: AWS Organizations API Reference; User Guide, "Declarative policy syntax and examples".

extension WatchedCall {
    /// Makes a policy, which is attached to nothing yet.
    public static let createPolicy = ofOrganizationPolicies("CreatePolicy") {
        (parameters) throws(Unreadable) in
        guard var fields = try content(parameters) else { return nil }
        guard let id = parameters.answer("policy")?.field("policySummary")?.field("id")?.exact else {
            throw Unreadable("the response shows no policy id")
        }
        (fields["policy"], fields["made"]) = (.text(id), .flag(true))
        return fields
    }
    /// Changes what a policy says, or only its name.
    public static let updatePolicy = ofOrganizationPolicies("UpdatePolicy") {
        (parameters) throws(Unreadable) in
        guard var fields = try content(parameters) else { return nil }
        fields["policy"] = .text(try id("policyId", parameters))
        if try parameters.requestFields()?.field("content") == nil { fields["renamed"] = .flag(true) }
        return fields
    }
    /// Removes a policy.
    public static let deletePolicy = ofOrganizationPolicies("DeletePolicy") {
        (parameters) throws(Unreadable) in
        var fields = Fields()
        (fields["policy"], fields["deleted"]) = (.text(try id("policyId", parameters)), .flag(true))
        return fields
    }
    /// Attaches a policy to a root, a unit or an account.
    public static let attachPolicy = ofOrganizationPolicies("AttachPolicy", attachment)
    /// Takes a policy off again.
    public static let detachPolicy = ofOrganizationPolicies("DetachPolicy", attachment)
    /// Puts all policies of a type in force.
    public static let enablePolicyType = ofOrganizationPolicies("EnablePolicyType", policyType)
    /// Puts all policies of a type out of force.
    public static let disablePolicyType = ofOrganizationPolicies("DisablePolicyType", policyType)
    /// Makes a unit.
    public static let createOrganizationalUnit = ofOrganizationPolicies("CreateOrganizationalUnit") {
        (parameters) throws(Unreadable) in
        guard let unit = parameters.answer("organizationalUnit")?.field("id")?.exact else {
            throw Unreadable("the response shows no unit")
        }
        var fields = Fields()
        (fields["child"], fields["parent"]) = (.text(unit), .text(try id("parentId", parameters)))
        return fields
    }
    /// Removes a unit, which is empty by then.
    public static let deleteOrganizationalUnit = ofOrganizationPolicies("DeleteOrganizationalUnit") {
        (parameters) throws(Unreadable) in
        var fields = Fields()
        fields["child"] = .text(try id("organizationalUnitId", parameters))
        return fields
    }

    /// All of these.
    public static let organizationPolicies = [
        createPolicy, updatePolicy, deletePolicy, attachPolicy, detachPolicy, enablePolicyType,
        disablePolicyType, createOrganizationalUnit, deleteOrganizationalUnit,
    ]

    private static func ofOrganizationPolicies(
        _ name: String,
        _ read: @escaping @Sendable (Parameters) throws(Unreadable) -> Fields?
    ) -> WatchedCall {
        WatchedCall(name, of: .organizations, isUse: false) { (parameters) throws(Unreadable) in
            if parameters.failed { return try asked(parameters).map { .other($0) } ?? .nothing }
            return try read(parameters).map { .other($0) } ?? .nothing
        }
    }

    /// What a failed call would have changed; nil when that is no EC2 declarative policy.
    private static func asked(_ parameters: Parameters) throws(Unreadable) -> Fields? {
        var fields = Fields()
        switch parameters.call {
        case .enablePolicyType, .disablePolicyType:
            guard let asked = try policyType(parameters) else { return nil }
            fields["type"] = .text(PolicyContent.ec2)
            fields["enabled"] = asked["enabled"]
        case .attachPolicy, .detachPolicy:
            fields["policy"] = try attachment(parameters)?["policy"]
            if fields["policy"] == nil { return nil }
        case .createPolicy, .updatePolicy, .deletePolicy:
            if let type = try content(parameters)?.text("type") {
                guard PolicyContent.isOfEC2(type) else { return nil }
                fields["type"] = .text(PolicyContent.ec2)
            }
            if parameters.call != .createPolicy { fields["policy"] = .text(try id("policyId", parameters)) }
            if fields.all.isEmpty { return nil }
        default: return nil
        }
        return fields
    }

    private static func id(
        _ name: StaticString,
        _ parameters: Parameters
    ) throws(Unreadable) -> ExactText {
        guard let id = try parameters.requestFields()?.field(name)?.exact else {
            throw Unreadable(ExactText("\(name) is missing"))
        }
        return id
    }

    private static func attachment(_ parameters: Parameters) throws(Unreadable) -> Fields? {
        let policy = try id("policyId", parameters)
        // What AWS attaches by itself to whatever is new is of other types.
        if policy == "p-FullAWSAccess" || policy == "p-RCPFullAWSAccess" { return nil }
        var fields = Fields()
        (fields["policy"], fields["target"]) = (.text(policy), .text(try id("targetId", parameters)))
        fields["attached"] = .flag(parameters.call == .attachPolicy)
        return fields
    }

    /// The response still shows the state of before.
    private static func policyType(_ parameters: Parameters) throws(Unreadable) -> Fields? {
        let root = try id("rootId", parameters)
        guard PolicyContent.isOfEC2(try id("policyType", parameters)) else { return nil }
        var fields = Fields()
        (fields["root"], fields["enabled"]) = (.text(root), .flag(parameters.call == .enablePolicyType))
        return fields
    }

    /// The type, and what an EC2 declarative policy says; nil where nothing is told of either.
    ///
    /// The request of a change has no type. Without a response the content shows it.
    private static func content(_ parameters: Parameters) throws(Unreadable) -> Fields? {
        let (request, policy) = (try parameters.requestFields(), parameters.answer("policy"))
        let content = (request?.field("content") ?? policy?.field("content"))?.text
            .map { PolicyContent($0) }
        let told = (policy?.field("policySummary")?.field("type") ?? request?.field("type"))?.exact
        guard let type = told ?? content?.type else { return nil }
        var fields = Fields()
        fields["type"] = .text(type)
        guard PolicyContent.isOfEC2(type), let content else { return fields }
        if let settings = content.settings {
            fields["settings"] = .texts(settings)
        } else {
            fields["unread"] = .flag(true)
        }
        return fields
    }
}

/// What an EC2 declarative policy says of images, out of its JSON text.
///
/// Packed: `allowed_images_settings.state @@assign`, then each value behind a `=`. Names are folded to lower case, as Organizations
/// compares them; a value without an operator counts as assigned.
private struct PolicyContent {
    /// Nil when the text is no policy.
    private(set) var settings: [ExactText]?
    /// What the content shows; nil when it shows none.
    private(set) var type: ExactText?

    static let ec2: ExactText = "DECLARATIVE_POLICY_EC2"

    static func isOfEC2(_ type: ExactText) -> Bool { type == ec2 || type == "EC2_POLICY" }

    /// AWS takes 10,000 characters.
    private static let maximumBytes = 40_000

    private static let settingsOfImages = ["allowed_images_settings", "image_block_public_access"]

    init(_ text: UTF8Text) {
        let parser = JSONParser(depth: 32)
        // Values live as long as their parser.
        defer { withExtendedLifetime(parser) {} }
        guard text.count <= Self.maximumBytes, let root = try? parser.parse(text.raw), root.isObject
        else { return }
        guard let attributes = root.members.first(where: { $0.0.lowercasedASCII == "ec2_attributes" })?.1
        else {
            type = "other"
            return
        }
        type = Self.ec2
        var packed: [ExactText] = []
        for (name, value) in attributes.members where Self.settingsOfImages.contains(name.lowercasedASCII) {
            Self.pack(value, at: name.lowercasedASCII, into: &packed)
        }
        settings = packed
    }

    private static func pack(_ value: JSONValue, at path: String, into packed: inout [ExactText]) {
        guard value.isObject else { return pack(value, "\(path) @@assign", into: &packed) }
        for (name, member) in value.members {
            let name = name.lowercasedASCII
            if name.hasBytes(prefix: "@@") {
                pack(member, "\(path) \(name)", into: &packed)
            } else {
                pack(member, at: "\(path).\(name)", into: &packed)
            }
        }
    }

    private static func pack(_ value: JSONValue, _ operation: String, into packed: inout [ExactText]) {
        packed.append(ExactText(operation))
        let values = value.isArray ? value.elements.compactMap(\.scalar) : value.scalar.map { [$0] } ?? []
        packed += values.map { ExactText("=\($0)") }
    }
}
