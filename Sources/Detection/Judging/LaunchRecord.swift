import CloudTrail

/// One use of an image: the instance's own `RunInstances`, or the first snapshot that shows it.
///
/// A class, because what judges a launch hands it on many times.
final class LaunchRecord {
    let scope: AccountRegion
    let instance: ResourceID
    /// Nil when no record names it.
    let image: ResourceID?
    /// As of when it is judged.
    let time: EventTime
    let evidence: Evidence
    /// What ended the instance; nil while it runs.
    let end: Evidence?

    /// Nil when no launch is known.
    init?(_ subject: Subject, in view: FactView) {
        guard subject.kind == .launch, let instance = subject.id else { return nil }
        let facts = view.all(of: subject.key(of: .instance))
        // The launch, or else the first snapshot that shows the instance.
        var launch: Int?
        var isSnapshot = false
        var seenImage: ResourceID?
        for index in facts.indices {
            switch facts[index].value {
            case .launched: if launch == nil || isSnapshot { (launch, isSnapshot) = (index, false) }
            case .seen(let image):
                if launch == nil { (launch, isSnapshot) = (index, true) }
                seenImage = seenImage ?? image
            default: break
            }
        }
        guard let launch else { return nil }
        // The first call that ends it: EC2 takes further ones, which end nothing.
        let ends = facts.lazy.filter { $0.value == .terminated }
        let end = ends.first { $0.time >= facts[launch].time } ?? ends.first
        scope = subject.scope
        self.instance = instance
        image = facts[launch].value.launchedImage ?? seenImage
        time = facts[launch].time
        evidence = facts[launch].evidence
        self.end = end?.evidence
    }

    /// The key of the state of Allowed AMIs where it was launched.
    var allowedImages: FactKey {
        evidence.scope == scope ? evidence.origin.allowedImages : .allowedImages(scope)
    }

    /// The judgement of a rule: nothing when allowed, resolved when the instance is gone.
    func judgement(_ reason: Judgement.Reason?) -> Judgement? {
        guard let reason else { return nil }
        var judgement = Judgement()
        judgement.occur(evidence, reason)
        if let end { judgement.resolve(end) }
        return judgement
    }

    /// What any rule says of an instance whose image nobody names.
    func unknownImage() -> Judgement? {
        judgement(
            Judgement.Reason(
                .undetermined,
                severity: .low,
                facts: [],
                missing: ["image of \(instance)"],
                message: "From which image instance \(instance) was launched is not known."
            )
        )
    }

    /// The fact that every launch finding shows.
    var statement: FactStatement { FactStatement("image", image?.description ?? "unknown", evidence) }

    /// Stops what should not run.
    var termination: AWSCommand { Self.termination(of: [instance], in: scope.region) }

    /// Stops several instances, of which EC2 takes 1,000 in one call.
    static func termination(of instances: [ResourceID], in region: String) -> AWSCommand {
        AWSCommand.ec2(
            "terminate-instances",
            region: region,
            ["--instance-ids"] + instances.map { .instance($0) }
        )
    }
}

extension LaunchRecord {
    /// What makes a launch be evaluated again, whatever is read of its image.
    static let triggers: [Trigger] = [.on(.instance, .subject(.launch))]
}
