import CloudTrail

/// An image that came into being by a call of an account, and what became of it.
struct CreatedImage {
    let image: ResourceID
    /// What told that it came into being.
    let creation: Fact
    /// What became of it, from its creation on.
    let lifecycle: ArraySlice<Fact>

    /// Nil when no call made it there, or one of a service that the policy exempts.
    init?(_ subject: Subject, in context: RuleContext) {
        guard let image = subject.id else { return nil }
        let all = context.facts.image(image).all(of: .lifecycle)
        let creation = all.first { $0.value.isCreation && $0.evidence.scope == subject.scope }
        guard let creation, !context.policy.isExempt(creation.evidence) else { return nil }
        (self.image, self.creation) = (image, creation)
        lifecycle = all.drop { $0.time < creation.time }
    }

    /// What a rule says: resolved while the image cannot be used.
    func judgement(_ reason: Judgement.Reason) -> Judgement {
        var judgement = Judgement()
        judgement.occur(creation.evidence, reason)
        var availability = ImageAvailability()
        for fact in lifecycle { availability.follow(fact, &judgement) }
        return judgement
    }
}

extension CreatedImage {
    /// What makes it be evaluated again how an image came into being.
    static let triggers: [Trigger] = [
        .on(.lifecycle, .createdImages(.always)), .on(.lifecycle, .toldCreatedImage),
    ]
}

extension Subject.Kind {
    /// An image, by how it came into being.
    static let createdImage = Subject.Kind(0x1036, .image)
}

extension Reach {
    /// An image where somebody told that it came into being; judged as of then.
    static func createdImages(_ reading: Reading) -> Reach {
        Reach("created image, \(reading.rawValue)", isOfImage: reading == .always) { key, fact, affected in
            guard let image = key.image else { return }
            let state = affected.state
            if reading != .always {
                let later = state.timeline(.image(image, .lifecycle)).facts.reversed()
                    .prefix { $0.time >= fact.time }
                guard later.contains(where: \.value.isCreation) else { return }
            }
            state.forEachTeller(of: image, .lifecycle) {
                affected.insert(Subject(.createdImage, $0.scope, image))
            }
        }
    }

    /// The same where the fact told it.
    fileprivate static let toldCreatedImage = Reach("told created image", brings: true) {
        key,
        fact,
        affected in
        guard let image = key.image, fact.value.isCreation else { return }
        affected.insert(Subject(.createdImage, fact.evidence.scope, image))
    }
}
