import CloudTrail

/// A template, a configuration, a fleet or a Spot request that will launch an image that is not approved.
///
/// The launch itself is judged when it comes.
struct LaunchTemplateUsesUnapprovedAMI: Rule {
    let metadata = RuleMetadata(
        id: "launch-template-uses-unapproved-ami",
        title: "Launch planned from an unapproved image",
        kind: .event,
        severity: .low,
        events: EventNames.any(of: WatchedCall.plans.map(\.name), EventNames.owning, EventNames.tagging),
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-launch-templates.html"],
        attack: ["T1578.002"]
    )

    let subjects = [Subject.Kind.plan]

    let triggers =
        [.on(.plans, .subject(.plan))] + ImageApproval.triggers { _ in .namingImage(.plans, .plan) }

    let ownFacts = WatchedCall.plans.map { call in
        CallFacts(fieldsOf: call) { fields, told in
            guard let plan = fields.id("plan") else { return }
            let phase: Fact.Phase = fields.flag("ended") == true ? .ends : .changes
            told.add(FactKey(.plans, .resource(told.scope, plan)), .fields(fields), phase)
        }
    }

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard context.policy.images.approved != nil, let plan = subject.id else { return nil }
        var judgement = Judgement()
        for fact in context.facts.all(of: subject.key(of: .plans)) {
            guard let fields = fact.value.fields else { continue }
            if fields.flag("ended") == true { judgement.resolve(fact.evidence) }
            let objections = fields.texts("images").compactMap {
                text -> (ExactText, ImageApproval.Objection)? in
                objection(to: text, fact, context).map { (text, $0) }
            }
            let worst = objections.first { $0.1.verdict == .violation } ?? objections.first
            guard let (image, objection) = worst else { continue }
            judgement.occur(fact.evidence, .low, objection.verdict) {
                Judgement.Reason(
                    objection.verdict,
                    severity: .low,
                    facts: objection.facts + [FactStatement("image", image.string, fact)],
                    missing: objection.missing,
                    clause: objection.clause,
                    remediation: [.lookup(fact.evidence, region: subject.scope.region)],
                    message:
                        "\(fact.evidence.name) plans launches by \(plan) from image \(image), \(objection.words)"
                )
            }
        }
        return judgement
    }

    private func objection(
        to image: ExactText,
        _ fact: Fact,
        _ context: RuleContext
    ) -> ImageApproval.Objection? {
        guard !image.string.hasBytes(prefix: "resolve:") else {
            return .unknown("the image that \(image) stands for")
        }
        return ImageApproval(image: ResourceID(image.string), time: fact.time, context: context).objection()
    }
}

extension Attribute {
    /// What launches are planned by.
    fileprivate static let plans = Attribute(0x1039, lifetime: .occurrence)
}

extension Subject.Kind {
    /// A template, a configuration, a fleet, a Spot request.
    fileprivate static let plan = Subject.Kind(0x1039, .launchTemplate)
}
