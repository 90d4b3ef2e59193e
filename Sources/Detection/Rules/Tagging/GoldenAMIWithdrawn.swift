import CloudTrail

/// An image that is approved, or runs, made unusable or left unprotected against that.
struct GoldenAMIWithdrawn: Rule {
    let metadata = RuleMetadata(
        id: "golden-ami-withdrawn",
        title: "Approved image withdrawn",
        kind: .event,
        severity: .high,
        events: EventNames.any(
            of: calls.map(\.call.name),
            EventNames.owning,
            EventNames.tagging,
            EventNames.launching
        ),
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/deregister-ami.html"],
        attack: ["T1485", "T1490"]
    )

    let subjects = [Subject.Kind.withdrawnImage]

    let triggers =
        [.on(.withdrawals, .subject(.withdrawnImage)), .on(.instance, .withdrawnImages)]
        + ImageApproval.triggers { _ in .namingImage(.withdrawals, .withdrawnImage) }

    /// What each call takes from an image, or gives back.
    private static let calls: [(call: WatchedCall, what: ExactText, withdraws: Bool)] = [
        (.deregisterImage, "deregistered", true), (.restoreImage, "deregistered", false),
        (.disableImage, "disabled", true), (.enableImage, "disabled", false),
        (.disableImageDeregistrationProtection, "left without deregistration protection", true),
        (.enableImageDeregistrationProtection, "left without deregistration protection", false),
        (.disableImageDeprecation, "left without its date of deprecation", true),
        (.enableImageDeprecation, "left without its date of deprecation", false),
    ]

    let ownFacts = calls.map { call, what, withdraws in
        CallFacts(of: call) { call, told in
            guard let image = call.image else { return }
            var fields = Fields()
            fields["image"] = .text(ExactText(image.description))
            fields["what"] = .text(what)
            fields["withdraws"] = .flag(withdraws)
            // Within one second what is given back counts as the earlier.
            let phase: Fact.Phase = withdraws ? .ends : .changes
            told.add(FactKey(.withdrawals, .resource(told.scope, image)), .fields(fields), phase)
        }
    }

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let image = subject.id else { return nil }
        var judgement = Judgement()
        var gone: Set<ExactText> = []
        for fact in context.facts.all(of: subject.key(of: .withdrawals)) {
            guard let fields = fact.value.fields, let what = fields.text("what") else { continue }
            if fields.flag("withdraws") == false {
                gone.remove(what)
                if gone.isEmpty { judgement.resolve(fact.evidence) }
            } else if !context.policy.isExempt(fact.evidence),
                let reason = reason(image, what.string, fact, subject.scope, context)
            {
                gone.insert(what)
                judgement.occur(fact.evidence, reason)
            }
        }
        return judgement
    }

    private func reason(
        _ image: ResourceID,
        _ what: String,
        _ fact: Fact,
        _ scope: AccountRegion,
        _ context: RuleContext
    ) -> Judgement.Reason? {
        let call = FactStatement("withdrawn by", fact.evidence.name, fact)
        let approval = ImageApproval(image: image, time: fact.time, context: context)
        let isDenied = context.inForce.deniedImages.contains(image)
        let (answer, clause) = isDenied ? (.no(), "images.denied") : approval.answer()
        func reason(_ facts: [FactStatement], _ clause: String?, _ words: String) -> Judgement.Reason {
            Judgement.Reason(
                severity: .high,
                facts: facts + [call],
                clause: clause,
                remediation: [restoring(image, fact.evidence.name, scope)].compactMap(\.self),
                message: "Image \(image), which \(words), was \(what)."
            )
        }
        if answer.isYes { return reason(answer.facts, clause, "is approved") }
        if let running = context.facts.running(image, in: scope.account, asOf: fact.time) {
            let statement = FactStatement("runs as", running.instance.description, running.launch)
            return reason([statement], nil, "runs as instance \(running.instance)")
        }
        guard answer.value == .unknown else { return nil }
        return Judgement.Reason(
            .undetermined,
            severity: .low,
            facts: answer.facts + [call],
            missing: answer.missing,
            clause: clause,
            message: "Image \(image) was \(what); whether it is approved cannot be told."
        )
    }

    private func restoring(_ image: ResourceID, _ call: String, _ scope: AccountRegion) -> AWSCommand? {
        let action: StaticString
        switch call {
        case WatchedCall.deregisterImage.name: action = "restore-image-from-recycle-bin"
        case WatchedCall.disableImage.name: action = "enable-image"
        case WatchedCall.disableImageDeregistrationProtection.name:
            action = "enable-image-deregistration-protection"
        default: return nil
        }
        return AWSCommand.ec2(action, region: scope.region, "--image-id", .image(image))
    }
}

extension Call {
    /// The image that becomes unusable by it, or usable.
    fileprivate var image: ResourceID? {
        switch self {
        case .deregisterImage(let image, _), .restoreImage(let image), .disableImage(let image),
            .enableImage(let image), .deprecateImage(let image, _):
            image
        case .other(let fields): fields.id("image")
        default: nil
        }
    }
}

extension Reach {
    /// Images that were withdrawn while they ran as the instance, or would have been.
    fileprivate static let withdrawnImages = Reach("withdrawn image of the instance") { key, fact, affected in
        guard case .resource(let scope, _) = key.entity else { return }
        let state = affected.state
        var last: ResourceID?
        func add(_ image: ResourceID?) {
            guard let image, image != last else { return }
            last = image
            for own in (state.indexes.keysNamingImage[image] ?? [:]).keys
            where own.attribute == .withdrawals && own.entity.scope?.account == scope.account {
                guard let last = state.timeline(own).facts.last, fact.time <= last.time,
                    let subject = Subject(.withdrawnImage, of: own)
                else { continue }
                affected.insert(subject)
            }
        }
        for told in state.timeline(key).facts { add(told.value.launchedImage) }
        add(fact.value.launchedImage)
    }
}

extension Attribute {
    /// What takes from an image that it can be used, or gives it back.
    fileprivate static let withdrawals = Attribute(0x1034, lifetime: .occurrence)
}

extension Subject.Kind {
    /// An image, by what was taken from it.
    fileprivate static let withdrawnImage = Subject.Kind(0x1034, .image)
}
