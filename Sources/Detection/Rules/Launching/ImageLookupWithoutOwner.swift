import CloudTrail

/// An instance launched by somebody who looked its image up by name, whoever owns it: then anybody can put an image there.
struct ImageLookupWithoutOwner: Rule {
    let metadata = RuleMetadata(
        id: "image-lookup-without-owner",
        title: "Image looked up by name, whoever owns it, and launched",
        kind: .sequence,
        severity: .medium,
        events: EventNames.any(
            of: EventNames.launching,
            EventNames.owning,
            [WatchedCall.describeImages.name]
        ),
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/finding-an-ami.html"],
        attack: ["T1204.003"]
    )

    let subjects = [Subject.Kind.launch]

    let triggers =
        LaunchRecord.triggers + [.on(.nameLookups, .launchesSoonAfter), .on(.name, .launches(.always))]

    let ownFacts = [
        CallFacts(fieldsOf: .describeImages) { fields, told in
            guard let principal = told.evidence.actor.principalARN else { return }
            let key = FactKey(.nameLookups, .resource(told.scope, ResourceID(principal)))
            told.add(key, .fields(fields), .creates)
        }
    ]

    static func seconds(_ policy: Policy) -> Int64 { Int64(policy.thresholds.lookupThenLaunchMinutes) * 60 }

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let launch = context.launch, let principal = launch.evidence.actor.principalARN else {
            return nil
        }
        let start = launch.time.advanced(bySeconds: -Self.seconds(context.policy))
        let key = FactKey(.nameLookups, .resource(launch.scope, ResourceID(principal)))
        let lookups = context.facts.all(of: key, after: start, through: launch.time)
        if lookups.isEmpty { return nil }
        let name = launch.image.flatMap { context.facts.image($0).latest(.name)?.value.text }
        guard let lookup = lookups.last(where: { Self.mayFind(name, $0) }) else { return nil }
        let names = lookup.value.fields?.texts("names").map(\.string).joined(separator: ", ") ?? ""
        return launch.judgement(
            Judgement.Reason(
                severity: .medium,
                facts: [FactStatement("looked up, whoever owns it", names, lookup), launch.statement],
                clause: "thresholds.lookup_then_launch_minutes",
                remediation: launch.image.map {
                    [.ec2("describe-images", region: launch.scope.region, "--image-ids", .image($0))]
                } ?? [],
                message:
                    "\(principal) launched instance \(launch.instance) \(launch.time.words(since: lookup.time))"
                    + " after looking for an image named \(names), whoever owns it."
            )
        )
    }

    /// Whether a lookup may have found an image of a name; of one whose name is not known it may.
    private static func mayFind(_ name: ExactText?, _ lookup: Fact) -> Bool {
        guard let name else { return true }
        return lookup.value.fields?.texts("names").contains { Pattern($0.string).matches(name.string) }
            ?? false
    }
}

extension FactValue {
    /// A text that is told.
    fileprivate var text: ExactText? { if case .text(let text) = self { text } else { nil } }
}

extension Reach {
    /// The launches that a principal makes in the account and Region soon after its lookup.
    fileprivate static let launchesSoonAfter = Reach("launches soon after a lookup") { key, fact, affected in
        guard case .resource(let scope, let principal) = key.entity else { return }
        let state = affected.state
        let end = fact.time.advanced(bySeconds: ImageLookupWithoutOwner.seconds(affected.inForce.policy))
        state.indexes.launches[scope]?.forEach(from: fact.time, until: end) { launch in
            guard let key = state.key(of: launch) else { return }
            let isOwn = state.timeline(key).facts.contains {
                $0.evidence.actor.principalARN.map { ResourceID($0) } == principal
            }
            if isOwn, let subject = Subject(.launch, of: key) { affected.insert(subject) }
        }
    }
}

extension Attribute {
    /// Lookups of images by name, whoever owns them, of a principal in an account and Region.
    fileprivate static let nameLookups = Attribute(0x1040, lifetime: .occurrence)
}
