import CloudTrail

/// An image, or the snapshots made with it, without a tag that the policy requires at the end of the grace time.
struct AMICreatedWithoutRequiredTags: Rule {
    let metadata = RuleMetadata(
        id: "ami-created-without-required-tags",
        title: "Image created without a required tag",
        kind: .event,
        severity: .medium,
        events: EventNames.any(of: EventNames.owning, EventNames.tagging, EventNames.retiring),
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html"]
    )

    let subjects = [Subject.Kind.requiredTag]

    let triggers =
        Trigger.on([.owner, .lifecycle, .tag, .allTags], .requiredTags)
        + [.on(.lifecycle, .toldRequiredTags)]
        + Trigger.on([.owner, .tag, .allTags], .ofCopies(.requiredTags))

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard case .requiredTag(let key, let resource) = subject.qualifier,
            let created = CreatedImage(subject, in: context)
        else { return nil }
        let required = context.policy.requiredTags.enumerated().filter {
            $0.element.key == key && $0.element.resource == resource
        }
        let life = Life(created: created, key: key, context: context)
        return resource == .snapshot ? life.evaluateSnapshots(required) : life.evaluateImage(required)
    }

    /// One new image's tag through time.
    private struct Life {
        let created: CreatedImage
        let key: ExactText
        let context: RuleContext

        private var image: ResourceID { created.image }
        private var creation: Fact { created.creation }

        typealias Required = [(offset: Int, element: Policy.RequiredTag)]

        func evaluateSnapshots(_ required: Required) -> Judgement? {
            guard case .created(let tags?) = creation.value else { return nil }
            let reading = tags[key].map(TagReading.Value.present) ?? .absent
            guard let failed = required.first(where: { !$0.element.isMet(by: reading) }) else { return nil }
            return created.judgement(reason(failed, reading, creation))
        }

        /// Each requirement is decided by the state at the end of its own grace time.
        func evaluateImage(_ required: Required) -> Judgement? {
            let known = context.facts.image(image)
            var judgement = Judgement()
            var due: Required = []
            /// The last state that fails.
            var decided: (deadline: EventTime, reading: TagReading)?
            for one in required {
                let deadline = creation.time.advanced(bySeconds: Int64(one.element.graceMinutes) * 60)
                guard deadline <= context.now else {
                    judgement.deadline = min(judgement.deadline ?? deadline, deadline)
                    continue
                }
                if isGone(by: deadline) { continue }
                due.append(one)
                let reading = TagReading(key, of: known, asOf: deadline, in: context.facts)
                if !one.element.isMet(by: reading.value), decided.map({ $0.deadline <= deadline }) ?? true {
                    decided = (deadline, reading)
                }
            }
            guard let decided, let shown = due.first(where: { !$0.element.isMet(by: decided.reading.value) })
            else { return judgement }
            judgement.occur(
                creation.evidence,
                reason(shown, decided.reading.value, decided.reading.cause ?? creation)
            )
            followTags(
                &judgement,
                due,
                decided.reading,
                TagReading.facts(key, of: known).filter { $0.time > decided.deadline }
            )
            return judgement
        }

        /// An image that is gone when its grace time ends was never a finding.
        private func isGone(by deadline: EventTime) -> Bool {
            created.lifecycle.last {
                ($0.value == .deregistered || $0.value == .restored) && $0.time <= deadline
            }?.value == .deregistered
        }

        /// Resolves when the tag is complete or the image gone; enabling the image again re-opens what still holds.
        private func followTags(
            _ judgement: inout Judgement,
            _ required: Required,
            _ start: TagReading,
            _ tags: [Fact]
        ) {
            var reading = start
            var availability = ImageAvailability()
            for fact in (tags + created.lifecycle).sorted() {
                switch fact.value {
                case .disabled, .deregistered, .enabled, .restored: availability.follow(fact, &judgement)
                default:
                    reading.apply(fact, key, in: context.facts)
                    if required.allSatisfy({ $0.element.isMet(by: reading.value) }) {
                        judgement.settle(fact.evidence)
                        return
                    }
                }
            }
        }

        private func reason(
            _ failed: Required.Element,
            _ reading: TagReading.Value,
            _ cause: Fact
        ) -> Judgement.Reason {
            let required = failed.element
            // A task has the tags that the image will have, but is none: what else becomes of that nobody tells.
            let isTask = image.isImportTask
            let isUnknown = reading == .unknown || isTask
            let what = required.resource == .image ? "the image" : "its snapshots"
            let (wanted, value): (String, ExactText?) =
                switch required.requirement {
                case .present: ("tag \(key)", nil)
                case .value(let value): ("tag \(key)=\(value)", value)
                case .pattern(let pattern): ("tag \(key) like \(pattern)", nil)
                }
            return Judgement.Reason(
                isUnknown ? .undetermined : .violation,
                severity: .medium,
                facts: [
                    FactStatement("tag \(key) of \(what)", reading.text, cause),
                    FactStatement("required", wanted),
                ],
                missing: isTask
                    ? ["tag \(key) of what the import makes"]
                    : isUnknown ? ["tag \(key) of the image that was copied"] : [],
                clause: "required_tags[\(failed.offset)]",
                remediation: required.resource == .snapshot || isUnknown ? [] : [tagging(value)],
                message: isTask
                    ? "Whether what import \(image) makes has the required \(wanted) on \(what) cannot be told."
                    : isUnknown
                        ? "Whether image \(image) was created with the required \(wanted) cannot be told."
                        : "Image \(image) was created without the required \(wanted) on \(what)."
            )
        }

        private func tagging(_ value: ExactText?) -> AWSCommand {
            AWSCommand.ec2(
                "create-tags",
                region: creation.evidence.region,
                "--resources",
                .image(image),
                "--tags",
                .tag(key.string, value: (value ?? "VALUE").string)
            )
        }
    }
}

extension TagReading.Value {
    fileprivate var text: String {
        switch self {
        case .unknown: "unknown"
        case .absent: "absent"
        case .present(let value): value.string
        }
    }
}

extension Policy.RequiredTag {
    /// Whether a reading meets the requirement; an unknown one does not.
    fileprivate func isMet(by reading: TagReading.Value) -> Bool {
        guard case .present(let value) = reading else { return false }
        return switch requirement {
        case .present: true
        case .value(let wanted): value == wanted
        case .pattern(let pattern): pattern.matches(value.string)
        }
    }
}

extension Reach {
    /// The tags that are required of an image, where somebody told that it came into being.
    fileprivate static let requiredTags = Reach("required tags", isOfImage: true) { key, _, affected in
        if let image = key.image { affected.addRequiredTags(of: image) }
    }

    /// The same where the fact was told.
    fileprivate static let toldRequiredTags = Reach("told required tags", brings: true) {
        key,
        fact,
        affected in
        if let image = key.image { affected.addRequiredTags(of: image, told: Teller(fact)) }
    }
}

extension AffectedSubjects {
    fileprivate mutating func addRequiredTags(of image: ResourceID) {
        let (state, known) = (state, self.image(image))
        state.forEachTeller(of: image, known, .lifecycle) { addRequiredTags(of: image, told: $0) }
    }

    fileprivate mutating func addRequiredTags(of image: ResourceID, told teller: Teller?) {
        guard let teller else { return }
        for required in inForce.policy.requiredTags {
            insert(.requiredTag(teller.scope, image, key: required.key, required.resource))
        }
    }
}
