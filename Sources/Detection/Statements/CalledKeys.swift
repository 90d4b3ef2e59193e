import AWSPolicies
import CloudTrail

/// The condition keys of a call as they are for one resource that it was authorised on.
///
/// A key that the resource cannot have is absent; one that records do not tell is unknown.
final class CalledKeys: RequestContext {
    let call: JudgedCall
    let authorization: Authorization
    private let statement: JudgingStatement
    private let context: RuleContext
    private let caller: CallerKeys
    private let action: EC2Action?

    init(
        _ call: JudgedCall,
        _ authorization: Authorization,
        _ statement: JudgingStatement,
        _ context: RuleContext
    ) {
        (self.call, self.authorization, self.statement, self.context) = (
            call, authorization, statement, context
        )
        caller = CallerKeys(evidence: call.evidence, session: call.fields, policy: context.policy)
        action = EC2Action.named(authorization.action)
    }

    func value(of key: String) -> ContextValue { told(key).value }

    /// Whether the resource has such a key at all.
    func mayHave(_ key: String) -> Bool {
        if ConditionKey.isEverywhere(key) || key == "ec2:createaction" { return true }
        guard let action, let resource = authorization.resource else { return false }
        if action.resources.contains(where: { $0.type == resource.type }) {
            return action.has(key, on: resource.type)
        }
        // Types of which the table of `CreateTags` says nothing.
        return key.hasPrefix("aws:requesttag/") || key == "aws:tagkeys"
    }

    // MARK: Values

    /// A value, and the fact that told it where that is not the call's own.
    private typealias Told = (value: ContextValue, fact: Fact?)

    private func told(_ key: String) -> Told {
        if let value = caller.value(of: key) {
            return key == "aws:resourceaccount" ? (resourceAccount, nil) : (value, nil)
        }
        if key == "ec2:createaction" {
            return (authorization.createAction.map { .single($0) } ?? .absent, nil)
        }
        guard let resource = authorization.resource, mayHave(key) else { return (.absent, nil) }
        if let slash = key.firstIndex(of: "/"), key.contains("tag/") {
            let name = statement.spelling(of: key).dropFirst(
                key.distance(from: key.startIndex, to: slash) + 1
            )
            return key.hasPrefix("aws:requesttag/")
                ? (requestTag(String(name), resource), nil) : resourceTag(ExactText(String(name)), resource)
        }
        if key == "aws:tagkeys" { return (tagKeys(resource), nil) }
        if let value = listed(key, resource) { return (value, nil) }
        return resource.type == "image" ? ofImage(key, resource) : (ofOther(key, resource), nil)
    }

    /// What the record itself tells.
    private func listed(_ key: String, _ resource: CalledResource) -> ContextValue? {
        let value =
            resource.place.flatMap { call.fields["\($0) \(key)"] } ?? call.fields["\(resource.type) \(key)"]
        switch value {
        case .text(let text):
            return .single(Self.arnTypes[key].map { call.arn($0, text.string) } ?? text.string)
        case .flag(false): return .absent
        default: break
        }
        guard let slash = key.firstIndex(of: "/"), key.hasPrefix("ec2:attribute/") else { return nil }
        guard case .text(let attribute)? = resource.place.flatMap({ call.fields["\($0) ec2:attribute"] })
        else {
            return .unknown
        }
        let name = key[key.index(after: slash)...]
        return attribute.string.lowercased() == name ? .single(attribute.string) : .absent
    }

    /// Keys that are ARNs where records have ids.
    private static let arnTypes = [
        "ec2:vpc": "vpc", "ec2:subnet": "subnet", "ec2:parentsnapshot": "snapshot",
    ]

    private func ofImage(_ key: String, _ resource: CalledResource) -> Told {
        guard resource.id != "*" else {
            return switch key {
            case "ec2:owner": (.single(call.scope.account.description), nil)
            case "ec2:imageid": (call.name == "RunInstances" ? .unknown : .absent, nil)
            default: (.unknown, nil)
            }
        }
        let image = context.facts.image(ResourceID(resource.id))
        switch key {
        case "ec2:imageid": return (.single(resource.id), nil)
        case "ec2:imagetype": return (.single("machine"), nil)
        case "ec2:owner":
            guard let owner = image.owner else { return (.unknown, nil) }
            if let fact = image.latest(.ownerAlias), case .text(let alias?) = fact.value, alias != "self" {
                return (.single(alias.string), fact)
            }
            return image.isOwnerAliasUnknown
                ? (.unknown, nil) : (.single(owner.account.description), owner.fact)
        case "ec2:public": return isPublic(image)
        default: return (ofOther(key, resource), nil)
        }
    }

    /// Whether everybody could use the image before the call.
    private func isPublic(_ image: ImageView) -> Told {
        var last: (isPublic: Bool, fact: Fact)?
        func take(_ facts: ArraySlice<Fact>, _ read: (FactValue) -> Bool?) {
            for fact in facts where isBefore(fact) {
                guard let isPublic = read(fact.value), last.map({ $0.fact < fact }) ?? true else { continue }
                last = (isPublic, fact)
            }
        }
        let time = call.fact.time
        take(image.all(of: .permission(.everyone), asOf: time)) {
            $0 == .granted ? true : $0 == .revoked ? false : nil
        }
        take(image.all(of: .allPermissions, asOf: time)) {
            if case .grantees(let grantees) = $0 { grantees.contains(.everyone) } else { nil }
        }
        take(image.all(of: .lifecycle, asOf: time)) { $0.isCreation || $0 == .disabled ? false : nil }
        return (last.map { .single($0.isPublic ? "true" : "false") } ?? .unknown, last?.fact)
    }

    private func ofOther(_ key: String, _ resource: CalledResource) -> ContextValue {
        switch (resource.type, key) {
        case ("snapshot", "ec2:snapshotid"), ("instance", "ec2:instanceid"), ("volume", "ec2:volumeid"),
            ("network-interface", "ec2:networkinterfaceid"):
            return resource.id == "*" ? .absent : .single(resource.id)
        case ("snapshot", "ec2:owner"):
            // Nobody else can make these calls.
            let isOwners = resource.id == "*" || call.name.contains("Snapshot")
            return isOwners ? .single(call.scope.account.description) : .unknown
        case ("volume", "ec2:parentsnapshot"):
            return resource.snapshot.map { .single(call.arn("snapshot", $0)) } ?? .unknown
        case ("network-interface", "ec2:associatepublicipaddress"):
            // What the subnet does by itself is no part of the request.
            return call.fields["template"] == nil && isLaunchTold ? .absent : .unknown
        case (_, "ec2:islaunchtemplateresource"):
            return call.fields["template"] == nil && isLaunchTold ? .single("false") : .unknown
        case (_, "ec2:launchtemplate"):
            return call.fields["template"] == nil && isLaunchTold ? .absent : .unknown
        default: return .unknown
        }
    }

    /// Whether the record of a launch tells what was asked for.
    private var isLaunchTold: Bool { call.fields.all.count > 1 }

    private var resourceAccount: ContextValue {
        guard let resource = authorization.resource else { return .single(call.scope.account.description) }
        guard resource.type == "image", resource.id != "*" else {
            return resource.type == "snapshot" ? .unknown : .single(call.scope.account.description)
        }
        return context.facts.image(ResourceID(resource.id)).owner.map { .single($0.account.description) }
            ?? .unknown
    }

    // MARK: Tags

    private func pairs(_ name: ExactText, in fields: Fields) -> [(key: ExactText, value: ExactText)] {
        let texts = fields.texts(name)
        return stride(from: 0, to: texts.count - 1, by: 2).map { (texts[$0], texts[$0 + 1]) }
    }

    /// Whether a launch template may put further tags on what the call makes.
    private func hasFurtherTags(_ type: String) -> Bool {
        call.fields["template"] != nil && call.fields["whole \(type)"] == nil
    }

    private func requestTag(_ name: String, _ resource: CalledResource) -> ContextValue {
        let given = pairs("tags \(resource.type)", in: call.fields).first { $0.key.isSameTagKey(as: name) }
        if let given { return .single(given.value.string) }
        let isNamed = call.fields.texts("keys \(resource.type)").contains { $0.isSameTagKey(as: name) }
        return isNamed || hasFurtherTags(resource.type) ? .unknown : .absent
    }

    private func tagKeys(_ resource: CalledResource) -> ContextValue {
        let keys =
            pairs("tags \(resource.type)", in: call.fields).map(\.key)
            + call.fields.texts("keys \(resource.type)")
        if hasFurtherTags(resource.type) { return .unknown }
        return keys.isEmpty ? .absent : .multiple(Set(keys).sorted().map(\.string))
    }

    private func resourceTag(_ name: ExactText, _ resource: CalledResource) -> Told {
        guard resource.id != "*" else { return (.unknown, nil) }
        switch resource.type {
        case "image":
            let image = context.facts.image(ResourceID(resource.id))
            var reading = TagReading()
            for fact in TagReading.facts(name, of: image, asOf: call.fact.time) where isBefore(fact) {
                reading.apply(fact, name, in: context.facts)
            }
            return (reading.value.contextValue, reading.cause)
        case "instance", "snapshot":
            let key = FactKey(.calls, .resource(call.scope, ResourceID(resource.id)))
            var told: Told = (.unknown, nil)
            for fact in context.facts.all(of: key, asOf: call.fact.time) where isBefore(fact) {
                guard let fields = fact.value.fields,
                    let value = tag(name, resource.type, before: told.value, fact.evidence.name, fields)
                else { continue }
                told = (value, fact)
            }
            return told
        default: return (.unknown, nil)
        }
    }

    /// What a call makes of a tag; nil where it changes nothing.
    private func tag(
        _ name: ExactText,
        _ type: String,
        before: ContextValue,
        _ call: String,
        _ fields: Fields
    ) -> ContextValue? {
        let given = pairs("tags \(type)", in: fields).first { $0.key.isSameTagKey(as: name.string) }?.value
        switch call {
        case "RunInstances":
            if let given { return .single(given.string) }
            return fields["template"] != nil && fields["whole \(type)"] == nil ? .unknown : .absent
        case "CreateTags": return given.map { .single($0.string) }
        case "DeleteTags":
            if let given {
                return before == .single(given.string) ? .absent : before == .unknown ? .unknown : nil
            }
            let keys = fields.texts("keys \(type)")
            return keys.isEmpty || keys.contains { $0.isSameTagKey(as: name.string) } ? .absent : nil
        default: return nil
        }
    }

    /// Whether a fact was there when the call was made: none that its own record tells.
    private func isBefore(_ fact: Fact) -> Bool {
        fact.evidence.id != call.evidence.id || fact.evidence.account != call.evidence.account
    }

    // MARK: For people

    /// The values of the keys that the statement's conditions ask for.
    var statements: [FactStatement] {
        conditions.map { condition in
            let (value, fact) = told(condition.key)
            return FactStatement(describe(condition.name), value.text, fact ?? call.fact)
        }
    }

    /// The same in one line.
    var summary: String {
        conditions.map { "\($0.name) is \(told($0.key).value.text)" }.joined(separator: ", ")
    }

    /// One for each key.
    private var conditions: [Condition] {
        var seen: Set<String> = []
        return statement.statement.conditions.filter { seen.insert($0.key).inserted }
    }

    /// A key, and of what.
    private func describe(_ name: String) -> String {
        guard let resource = authorization.resource, !ConditionKey.isEverywhere(name) else { return name }
        return "\(name) of \(resource.label)"
    }

    /// What would tell an unknown key.
    func missing(_ key: String) -> String {
        let name = statement.spelling(of: key)
        guard let resource = authorization.resource else { return name }
        if resource.type == "volume", key == "ec2:parentsnapshot", let image = call.image {
            return "\(name): the snapshots of \(image)"
        }
        return describe(name)
    }
}

extension ExactText {
    /// Condition keys are compared without case, and so are the keys of tags in them.
    fileprivate func isSameTagKey(as name: String) -> Bool { string.lowercased() == name.lowercased() }
}

extension ContextValue {
    fileprivate var text: String {
        switch self {
        case .single(let text): text.isEmpty ? "\"\"" : text
        case .multiple(let texts): texts.joined(separator: ", ")
        case .absent: "absent"
        case .unknown: "unknown"
        }
    }
}

extension TagReading.Value {
    fileprivate var contextValue: ContextValue {
        switch self {
        case .unknown: .unknown
        case .absent: .absent
        case .present(let text): .single(text.string)
        }
    }
}
