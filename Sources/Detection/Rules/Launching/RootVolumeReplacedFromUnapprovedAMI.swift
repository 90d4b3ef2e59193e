import CloudTrail

/// The disk of a running instance swapped for that of an image that is not approved: as good as a launch, without one.
struct RootVolumeReplacedFromUnapprovedAMI: Rule {
    let metadata = RuleMetadata(
        id: "root-volume-replaced-from-unapproved-ami",
        title: "Root volume replaced from an unapproved image",
        kind: .launch,
        severity: .medium,
        events: EventNames.any(
            of: EventNames.launching,
            EventNames.owning,
            EventNames.tagging,
            [WatchedCall.createReplaceRootVolumeTask.name]
        ),
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/replace-root.html"],
        attack: ["T1578"]
    )

    let subjects = [Subject.Kind.replacedRoot]

    let triggers =
        [
            .on(.rootVolumes, .subject(.replacedRoot)),
            .on(.instance, .sameResource(.rootVolumes, .replacedRoot)),
        ] + ImageApproval.triggers { _ in .namingImage(.rootVolumes, .replacedRoot) }

    let ownFacts = [
        CallFacts(fieldsOf: .createReplaceRootVolumeTask) { fields, told in
            guard let instance = fields.id("instance") else { return }
            told.add(FactKey(.rootVolumes, .resource(told.scope, instance)), .fields(fields))
        }
    ]

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard context.policy.images.approved != nil, let instance = subject.id else { return nil }
        let scope = subject.scope
        let severity: Severity = context.policy.productionAccounts.contains(scope.account) ? .high : .medium
        var judgement = Judgement()
        let ends = context.facts.all(of: .instance(scope, instance)).filter { $0.value == .terminated }
        for fact in (context.facts.all(of: subject.key(of: .rootVolumes)) + ends).sorted() {
            guard let fields = fact.value.fields else {
                judgement.resolve(fact.evidence)
                continue
            }
            // A snapshot is one of the disk that is there: it brings nothing else.
            guard let image = fields.id("image") else {
                if fields["snapshot"] == nil { judgement.resolve(fact.evidence) }
                continue
            }
            let approval = ImageApproval(image: image, time: fact.time, context: context)
            guard let objection = approval.objection() else {
                judgement.resolve(fact.evidence)
                continue
            }
            judgement.occur(fact.evidence, severity, objection.verdict) {
                Judgement.Reason(
                    objection.verdict,
                    severity: severity,
                    facts: objection.facts + [FactStatement("image", image.description, fact)],
                    missing: objection.missing,
                    clause: objection.clause,
                    remediation: objection.verdict == .violation
                        ? [LaunchRecord.termination(of: [instance], in: scope.region)] : [],
                    message: "The root volume of instance \(instance) was replaced from image \(image), "
                        + objection.words
                )
            }
        }
        return judgement
    }
}

extension Attribute {
    /// Root volumes that an instance was given.
    fileprivate static let rootVolumes = Attribute(0x1038, lifetime: .occurrence)
}

extension Subject.Kind {
    /// An instance, by the root volumes that it was given.
    fileprivate static let replacedRoot = Subject.Kind(0x1038, .instance)
}
