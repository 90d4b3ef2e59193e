import CloudTrail

/// A watermark, by which criteria of Allowed AMIs know an image, taken off an approved one.
struct AMIWatermarkDetached: Rule {
    let metadata = RuleMetadata(
        id: "ami-watermark-detached",
        title: "Watermark taken off an approved image",
        kind: .event,
        severity: .medium,
        events: EventNames.any(
            of: [WatchedCall.attachImageWatermark.name, WatchedCall.detachImageWatermark.name],
            EventNames.owning,
            EventNames.tagging
        ),
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-allowed-amis.html"],
        attack: ["T1578"]
    )

    let subjects = [Subject.Kind.watermarkedImage]

    let triggers =
        [
            .on(.watermarks, .subject(.watermarkedImage)),
            .on(.lifecycle, .namingImage(.watermarks, .watermarkedImage)),
        ]
        + ImageApproval.triggers { _ in .namingImage(.watermarks, .watermarkedImage) }

    let ownFacts = [(WatchedCall.attachImageWatermark, true), (.detachImageWatermark, false)].map {
        call,
        attaches in
        CallFacts(fieldsOf: call) { fields, told in
            guard let image = fields.id("image") else { return }
            var fields = fields
            fields["attached"] = .flag(attaches)
            // Within one second what is attached counts as the earlier.
            let phase: Fact.Phase = attaches ? .changes : .ends
            told.add(FactKey(.watermarks, .resource(told.scope, image)), .fields(fields), phase)
        }
    }

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let image = subject.id, !context.inForce.deniedImages.contains(image) else { return nil }
        var judgement = Judgement()
        var detached: Set<ExactText> = []
        var availability = ImageAvailability()
        let own = context.facts.all(of: subject.key(of: .watermarks))
        let lifecycle = context.facts.image(image).all(of: .lifecycle)
        for fact in (own + lifecycle).sorted() {
            guard let fields = fact.value.fields else {
                availability.follow(fact, &judgement)
                continue
            }
            let watermark = fields.text("watermark") ?? "of unknown name"
            if fields.flag("attached") == true {
                detached.remove(watermark)
                if detached.isEmpty { judgement.resolve(fact.evidence) }
                continue
            }
            if context.policy.isExempt(fact.evidence) { continue }
            let (answer, clause) = ImageApproval(image: image, time: fact.time, context: context).answer()
            guard answer.value != .no else { continue }
            detached.insert(watermark)
            let verdict: Verdict = answer.isYes ? .violation : .undetermined
            judgement.occur(fact.evidence, .medium, verdict) {
                Judgement.Reason(
                    verdict,
                    severity: .medium,
                    facts: answer.facts + [FactStatement("watermark detached", watermark.string, fact)],
                    missing: answer.missing,
                    clause: clause,
                    remediation: [.lookup(fact.evidence, region: subject.scope.region)],
                    message: "Watermark \(watermark) was taken off image \(image)"
                        + (answer.isYes
                            ? ", which is approved." : "; whether that is approved cannot be told.")
                )
            }
        }
        return judgement
    }
}

extension Attribute {
    /// Watermarks attached to an image, and detached.
    fileprivate static let watermarks = Attribute(0x1035, lifetime: .occurrence)
}

extension Subject.Kind {
    /// An image, by its watermarks.
    fileprivate static let watermarkedImage = Subject.Kind(0x1035, .image)
}
