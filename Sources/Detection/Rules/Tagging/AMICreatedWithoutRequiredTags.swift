import CloudTrail

/// An image, or the snapshots made with it, without a tag that the policy requires at the end of the grace time.
struct AMICreatedWithoutRequiredTags: Rule {
    let metadata = RuleMetadata(
        id: "ami-created-without-required-tags",
        title: "Image created without a required tag",
        kind: .event,
        severity: .medium,
        events: [
            "CreateImage", "CopyImage", "RegisterImage", "ImportImage", "CreateRestoreImageTask",
            "CreateTags",
            "DeleteTags",
        ],
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html"]
    )

    let subjects = Subject.Kind.requiredTag

    func judge(_ subject: Subject, in scene: Scene) -> Judgement? {
        guard case .requiredTag(let place, let image, let key, let resource) = subject else { return nil }
        let required = scene.policy.requiredTags.enumerated().filter {
            $0.element.key == key && $0.element.resource == resource
        }
        guard !required.isEmpty, let known = scene.state.image(image),
            let creation = known.timeline(.lifecycle).facts.first(where: {
                $0.value.isCreation && $0.evidence.account == place.account
                    && $0.evidence.region == place.region
            }), !scene.policy.isExempt(creation.evidence)
        else { return nil }
        let life = Life(
            image: image,
            key: key,
            creation: creation,
            lifecycle: known.timeline(.lifecycle).facts,
            scene: scene
        )
        return resource == .snapshot ? life.judgeSnapshots(required) : life.judgeImage(required)
    }

    /// One new image's tag through time.
    private struct Life {
        let image: ResourceID
        let key: String
        let creation: Fact
        let lifecycle: [Fact]
        let scene: Scene

        typealias Required = [(offset: Int, element: Policy.RequiredTag)]

        func judgeSnapshots(_ required: Required) -> Judgement? {
            guard case .created(let tags?) = creation.value else { return nil }
            let reading = tags[key].map(TagReading.Value.present) ?? .absent
            guard let failed = required.first(where: { !$0.element.isMet(by: reading) }) else { return nil }
            var judgement = Judgement()
            judgement.occur(creation.evidence, reason(failed, reading, "its snapshots"))
            followLifecycle(&judgement, after: creation.time)
            return judgement
        }

        func judgeImage(_ required: Required) -> Judgement? {
            let grace = required.map(\.element.graceMinutes).max() ?? 0
            let deadline = creation.time.advanced(bySeconds: Int64(grace) * 60)
            var judgement = Judgement()
            guard deadline <= scene.now else {
                judgement.deadline = deadline
                return judgement
            }
            let isGone = lifecycle.contains { $0.value == .deregistered && $0.time <= deadline && grace > 0 }
            let reading = TagReading(key, of: image, asOf: deadline, in: scene.state)
            guard !isGone, let failed = required.first(where: { !$0.element.isMet(by: reading.value) }) else {
                return nil
            }
            judgement.occur(creation.evidence, reason(failed, reading.value, "the image"))
            followTags(&judgement, required, reading, after: deadline)
            return judgement
        }

        /// Resolves when the tag is complete or the image gone; enabling the image again re-opens what still holds.
        private func followTags(
            _ judgement: inout Judgement,
            _ required: Required,
            _ start: TagReading,
            after deadline: EventTime
        ) {
            let tags = TagReading.facts(key, of: image, in: scene.state).filter { $0.time > deadline }
            var reading = start
            for fact in (tags + lifecycle.filter { $0.time >= creation.time }).sorted() {
                if fact.value == .disabled || fact.value == .deregistered {
                    judgement.resolve(fact.evidence)
                } else if fact.value == .enabled {
                    judgement.reopen()
                } else if !fact.value.isCreation {
                    reading.apply(fact, key, in: scene.state)
                    if required.allSatisfy({ $0.element.isMet(by: reading.value) }) {
                        judgement.settle(fact.evidence)
                        return
                    }
                }
            }
        }

        private func followLifecycle(_ judgement: inout Judgement, after time: EventTime) {
            for fact in lifecycle where fact.time >= time {
                if fact.value == .enabled { judgement.reopen() }
                if fact.value == .disabled || fact.value == .deregistered { judgement.resolve(fact.evidence) }
            }
        }

        private func reason(
            _ failed: (offset: Int, element: Policy.RequiredTag),
            _ reading: TagReading.Value,
            _ what: String
        ) -> Judgement.Reason {
            let clause = "required_tags[\(failed.offset)]"
            let statement = FactStatement("tag \(key) of \(what)", reading.text, creation)
            let isUnknown = reading == .unknown
            let wanted =
                switch failed.element.requirement {
                case .present: "tag \(key)"
                case .value(let value): "tag \(key)=\(value)"
                case .pattern(let pattern): "tag \(key) like \(pattern)"
                }
            return Judgement.Reason(
                isUnknown ? .undetermined : .violation,
                severity: .medium,
                facts: [statement, FactStatement("required", wanted)],
                missing: isUnknown ? ["tag \(key) of the image that was copied"] : [],
                clause: clause,
                remediation: failed.element.resource == .image
                    ? [
                        "aws ec2 create-tags --region \(creation.evidence.region) --resources \(image)"
                            + " --tags 'Key=\(key),Value=…'"
                    ] : [],
                message: "Image \(image) was created without the required \(wanted) on \(what)."
            )
        }
    }
}

extension TagReading.Value {
    fileprivate var text: String {
        switch self {
        case .unknown: "unknown"
        case .absent: "absent"
        case .present(let value): value
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
        case .pattern(let pattern): pattern.matches(value)
        }
    }
}
