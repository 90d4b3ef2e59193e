import CloudTrail

/// A tag by which images are approved, gained or lost at the hands of a principal that is no publisher.
struct ApprovalTagTampered: Rule {
    let metadata = RuleMetadata(
        id: "approval-tag-tampered",
        title: "Approval tag changed by a non-publisher",
        kind: .event,
        severity: .high,
        events: EventNames.any(of: EventNames.owning, EventNames.tagging, EventNames.retiring),
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html"],
        attack: ["T1036", "T1578"]
    )

    let subjects = [Subject.Kind.approvalTag]

    let triggers =
        Trigger.on([.owner, .ownerAlias, .name, .lifecycle, .tag, .allTags], .approvalTags)
        + Trigger.on([.tag, .allTags], .toldApprovalTags)
        + Trigger.on([.owner, .tag, .allTags], .ofCopies(.approvalTags))

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let image = subject.id, let key = subject.name, context.policy.publishers != nil,
            !image.isImportTask
        else { return nil }
        let scope = subject.scope
        let known = context.facts.image(image)
        guard known.owner?.account == scope.account else { return nil }
        let approving = approvingValues(key, image, context)
        guard !approving.isEmpty else { return nil }
        var judgement = Judgement()
        var reading = TagReading(approvedBy: context.inForce)
        var availability = ImageAvailability()
        let ends = known.all(of: .lifecycle).filter { !$0.value.isCreation }
        let tags = TagReading.facts(key, of: known)
        for fact in ends.isEmpty ? tags : (tags + ends).sorted()[...] {
            switch fact.value {
            case .disabled, .deregistered, .enabled, .restored: availability.follow(fact, &judgement)
            default:
                let (before, setBefore) = (reading.value, reading.cause)
                reading.apply(fact, key, in: context.facts)
                guard !fact.evidence.isInventory else { continue }
                let old: TagReading.Value = fact.phase == .creates ? .absent : before
                let isChange = old != .unknown && old != reading.value
                let entry = isChange ? approving.entry(of: reading.value) ?? approving.entry(of: old) : nil
                // Who called is of no matter where nothing is, or was, tampered with.
                guard entry != nil || judgement.occurrences > 0 else { continue }
                let isPublisher = context.policy.isPublisher(fact.evidence)
                if isPublisher == true {
                    judgement.settle(fact.evidence)
                } else if let entry, fact.evidence.region.hasSameBytes(as: scope.region),
                    !context.policy.isExempt(fact.evidence)
                {
                    judgement.occur(
                        fact.evidence,
                        reason(
                            key,
                            image,
                            fact,
                            from: (old, setBefore ?? fact),
                            to: reading.value,
                            isGiven: approving.entry(of: reading.value) != nil,
                            entry,
                            isPublisher
                        )
                    )
                }
            }
        }
        return judgement
    }

    /// The values of a key that approve the image: those whose other parts can match it.
    private func approvingValues(
        _ key: ExactText,
        _ image: ResourceID,
        _ context: RuleContext
    ) -> ApprovingValues {
        var values = ApprovingValues()
        let approval = ImageApproval(
            image: image,
            time: .distantFuture,
            context: context
        )
        for entry in context.inForce.approvals {
            if let value = entry.tags.first(where: { $0.key == key })?.value, approval.mayMatch(entry) {
                values.add(value, entry.index)
            }
        }
        return values
    }

    private func reason(
        _ key: ExactText,
        _ image: ResourceID,
        _ fact: Fact,
        from before: (value: TagReading.Value, cause: Fact),
        to new: TagReading.Value,
        isGiven: Bool,
        _ entry: Int,
        _ isPublisher: Bool?
    ) -> Judgement.Reason {
        let old = before.value
        let caller = fact.evidence.actor.principalARN ?? "unknown"
        let statements = [
            FactStatement("tag \(key) before", old.value?.string ?? "absent", before.cause),
            FactStatement("tag \(key) after", new.value?.string ?? "absent", fact),
            FactStatement("changed by", caller, fact),
        ]
        return Judgement.Reason(
            isPublisher == nil ? .undetermined : .violation,
            severity: .high,
            facts: statements,
            missing: isPublisher == nil ? ["who made the call"] : [],
            clause: "images.approved[\(entry)].tags.\(key)",
            remediation: [
                AWSCommand.ec2(
                    old.value == nil ? "delete-tags" : "create-tags",
                    region: fact.evidence.region,
                    "--resources",
                    .image(image),
                    "--tags",
                    .tag(key.string, value: old.value?.string)
                )
            ],
            message: "Approval tag \(key) of image \(image) was \(isGiven ? "given" : "taken away") by "
                + (isPublisher == nil ? "nobody knows whom." : "\(caller), who is no publisher.")
        )
    }
}

/// The values of one tag that approve an image, each with the first entry of `images.approved` that names it.
private struct ApprovingValues {
    /// A policy has one or two as a rule; so many are compared, and the others looked up.
    private static let comparedCount = 8
    private var first: [(value: ExactText, entry: Int)] = []
    private var others: [ExactText: Int] = [:]

    var isEmpty: Bool { first.isEmpty }

    mutating func add(_ value: ExactText, _ entry: Int) {
        if self.entry(of: .present(value)) != nil { return }
        if first.count < Self.comparedCount { first.append((value, entry)) } else { others[value] = entry }
    }

    /// The entry that a tag approves the image by.
    func entry(of tag: TagReading.Value) -> Int? {
        guard case .present(let value) = tag else { return nil }
        return first.first { $0.value == value }?.entry ?? (others.isEmpty ? nil : others[value])
    }
}

extension TagReading.Value {
    fileprivate var value: ExactText? { if case .present(let text) = self { text } else { nil } }
}

extension Reach {
    /// The tags of an image by which images are approved, where somebody told one.
    fileprivate static let approvalTags = Reach("approval tags", isOfImage: true) { key, _, affected in
        if let image = key.image { affected.addApprovalTags(of: image) }
    }

    /// The same where the fact was told.
    fileprivate static let toldApprovalTags = Reach("told approval tags", brings: true) {
        key,
        fact,
        affected in
        if let image = key.image { affected.addApprovalTags(of: image, told: Teller(fact)) }
    }
}

extension AffectedSubjects {
    fileprivate mutating func addApprovalTags(of image: ResourceID) {
        let (state, known) = (state, self.image(image))
        for attribute in inForce.approvalTags {
            state.forEachTeller(of: image, known, attribute) { addApprovalTags(of: image, told: $0) }
        }
    }

    fileprivate mutating func addApprovalTags(of image: ResourceID, told teller: Teller?) {
        guard let teller, !teller.isInventory else { return }
        for key in inForce.approvalTagKeys { insert(.approvalTag(teller.scope, image, key: key)) }
    }
}
