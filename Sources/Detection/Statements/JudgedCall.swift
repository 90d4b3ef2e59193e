import AWSPolicies
import CloudTrail

/// A resource that AWS authorises a call on.
struct CalledResource {
    /// As its ARN has it: `image`.
    let type: String
    /// Its id; `*` for one that the call makes, and where nobody tells which it is.
    let id: String
    /// Its place among those that the call's fact lists.
    var place: Int?
    /// The snapshot that a volume is made of, where the image tells.
    var snapshot: String?

    /// What an alert calls it.
    var label: String { id == "*" ? "the \(type)" : "\(type) \(id)" }
}

/// One question that AWS asks about a call.
struct Authorization {
    /// As CloudTrail names it: `RunInstances`; `CreateTags` for the tags of what the call makes.
    let action: String
    /// Nil where the action is authorised on nothing.
    let resource: CalledResource?
    let arn: String?
    /// The call that makes what `CreateTags` is asked about.
    var createAction: String?
}

/// A call that went through, as AWS authorised it.
struct JudgedCall {
    let fact: Fact
    let fields: Fields
    let key: FactKey
    /// Where the ARNs of the call's resources are.
    let partition: String

    var evidence: Evidence { fact.evidence }
    var name: String { evidence.name }
    var scope: AccountRegion { evidence.scope }

    /// Nil for what is no call, and for calls of AWS's own: no policy of an account or organization binds those.
    init?(_ fact: Fact, at key: FactKey) {
        guard case .fields(let fields) = fact.value else { return nil }
        let actor = fact.evidence.actor
        if actor.linkedService != nil || actor.type.hasSameBytes(as: "AWSService") { return nil }
        (self.fact, self.fields, self.key) = (fact, fields, key)
        let region = fact.evidence.region
        partition = region.hasPrefix("cn-") ? "aws-cn" : region.hasPrefix("us-gov-") ? "aws-us-gov" : "aws"
    }

    /// The image that is launched.
    var image: ResourceID? { fields.id("image") }

    /// The questions that concern some actions, one for each resource.
    func authorizations(of actions: Set<ExactText>, in context: RuleContext) -> [Authorization] {
        let asked = actions.contains(ExactText(name))
        let makesTags = actions.contains("CreateTags") && name != "CreateTags"
        guard asked || makesTags else { return [] }
        let resources = resources(in: context)
        var all: [Authorization] = []
        if asked {
            all = resources.map { Authorization(action: name, resource: $0, arn: arn($0)) }
            if resources.isEmpty { all = [Authorization(action: name, resource: nil, arn: nil)] }
        }
        // AWS asks once more about the tags of what a call makes.
        if makesTags {
            for resource in resources where resource.id == "*" && hasTags(resource.type) {
                all.append(
                    Authorization(
                        action: "CreateTags",
                        resource: resource,
                        arn: arn(resource),
                        createAction: name
                    )
                )
            }
        }
        return all
    }

    private func hasTags(_ type: String) -> Bool { !fields.texts("tags \(type)").isEmpty }

    /// What the call was authorised on: what its fact lists, and what every such call is.
    private func resources(in context: RuleContext) -> [CalledResource] {
        var resources: [CalledResource] = []
        if let image { resources.append(CalledResource(type: "image", id: image.description)) }
        for (place, text) in fields.texts("resources").enumerated() {
            let parts = text.string.split(separator: "/", maxSplits: 1)
            guard parts.count == 2 else { continue }
            resources.append(CalledResource(type: String(parts[0]), id: String(parts[1]), place: place))
        }
        let types = EC2Action.named(name)?.resources ?? []
        for type in types where type.isRequired || hasTags(type.type) {
            if !resources.contains(where: { $0.type == type.type }) {
                resources.append(CalledResource(type: type.type, id: "*"))
            }
        }
        if name == "RunInstances", fields["root"] == nil { resources += volumes(in: context) }
        return resources
    }

    /// The volumes that a launch makes of its image: one for each snapshot of that.
    private func volumes(in context: RuleContext) -> [CalledResource] {
        guard let image, let fact = context.facts.image(image).latest(.snapshotsOfImage) else {
            return [CalledResource(type: "volume", id: "*")]
        }
        return (fact.value.fields?.texts("snapshots") ?? []).map {
            CalledResource(type: "volume", id: "*", snapshot: $0.string)
        }
    }

    private func arn(_ resource: CalledResource) -> String { arn(resource.type, resource.id) }

    /// The ARN of something in the call's account and Region; images and snapshots name no account.
    func arn(_ type: String, _ id: String) -> String {
        let account = type == "image" || type == "snapshot" ? "" : scope.account.description
        return "arn:\(partition):ec2:\(scope.region):\(account):\(type)/\(id)"
    }
}
