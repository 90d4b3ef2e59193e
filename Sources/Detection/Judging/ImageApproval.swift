import CloudTrail

/// Whether an image is approved by `images.approved`, as of a time.
struct ImageApproval {
    let image: ResourceID
    let time: EventTime
    let context: RuleContext

    /// Whether an entry matches for certain: `answer` without the words, which nobody wants of what is approved.
    func isCertain() -> Bool {
        let known = context.facts.image(image)
        return context.inForce.approvals.contains { matches($0, known) }
    }

    /// Whether somebody answers for this very image, whatever it was made from.
    ///
    /// The policy names its id, it bears a tag that approves it, or a publisher has made it: an owner and a name alone a
    /// copy gets by itself.
    func isDeliberate() -> Bool {
        if context.inForce.deniedImages.contains(image) { return false }
        let known = context.facts.image(image)
        if context.policy.publishers != nil,
            known.all(of: .origin).contains(where: {
                !$0.evidence.isInventory && context.policy.isPublisher($0.evidence) == true
            })
        {
            return true
        }
        return context.inForce.approvals.contains {
            ($0.ids != nil || !$0.tags.isEmpty) && matches($0, known)
        }
    }

    private func matches(_ entry: PolicyInForce.Approval, _ known: ImageView) -> Bool {
        if let ids = entry.ids, !ids.contains(image) { return false }
        if let owners = entry.owners {
            guard let owner = known.owner else { return false }
            if !owners.accounts.contains(owner.account) {
                guard case .text(let alias?) = known.latest(.ownerAlias)?.value,
                    owners.aliases.contains(alias)
                else { return false }
            }
        }
        if let names = entry.names {
            guard case .text(let name?) = known.latest(.name)?.value,
                names.contains(where: { $0.matches(name.string) })
            else { return false }
        }
        return entry.tags.allSatisfy { key, value in
            let reading = TagReading(
                key,
                of: known,
                asOf: time,
                in: context.facts,
                approvedBy: context.inForce
            )
            guard reading.value == .present(value), let cause = reading.cause else { return false }
            return context.policy.isPublisher(cause.evidence) == true
        }
    }

    /// Any entry must match in all its parts.
    func answer() -> (answer: Answer, clause: String) {
        let entries = context.policy.approvedImages ?? []
        let answers = entries.map { matches($0) }
        if let index = answers.firstIndex(where: { $0.value == .yes }) {
            return (answers[index], "images.approved[\(index)]")
        }
        return (Answer.any(answers), "images.approved")
    }

    /// Whether one entry matches; the part of it that is about tags can be left out.
    func matches(_ entry: Policy.ApprovedImage, withTags: Bool = true) -> Answer {
        var parts: [Answer] = []
        if let ids = entry.ids {
            parts.append(ids.contains(ExactText(image.description)) ? .yes() : .no())
        }
        let known = context.facts.image(image)
        if let owners = entry.owners { parts.append(ownerAnswer(owners, known)) }
        if let names = entry.names { parts.append(Self.nameAnswer(names, known, of: image)) }
        if withTags, let tags = entry.tags {
            parts.append(contentsOf: tags.sorted { $0.key < $1.key }.map { tagAnswer($0.key, $0.value) })
        }
        return Answer.all(parts)
    }

    private func ownerAnswer(_ owners: Set<ExactText>, _ known: ImageView) -> Answer {
        guard let owner = known.owner else { return .unknown("owner of \(image)") }
        let statement = FactStatement("owner", owner.account.description, owner.fact)
        if owners.contains(ExactText(owner.account.description)) { return .yes(statement) }
        if let fact = known.latest(.ownerAlias), case .text(let alias?) = fact.value {
            let aliasStatement = FactStatement("owner alias", alias.string, fact)
            return owners.contains(alias) ? .yes(statement, aliasStatement) : .no(statement, aliasStatement)
        }
        if known.isOwnerAliasUnknown, owners.contains(where: { AccountID($0.string) == nil }) {
            return Answer(value: .unknown, facts: [statement], missing: ["owner alias of \(image)"])
        }
        return .no(statement)
    }

    static func nameAnswer(_ names: [Pattern], _ known: ImageView, of image: ResourceID) -> Answer {
        guard let fact = known.latest(.name), case .text(let name?) = fact.value else {
            return .unknown("name of \(image)")
        }
        let statement = FactStatement("name", name.string, fact)
        return names.contains { $0.matches(name.string) } ? .yes(statement) : .no(statement)
    }

    private func tagAnswer(_ key: ExactText, _ value: ExactText) -> Answer {
        let known = context.facts.image(image)
        let reading = TagReading(key, of: known, asOf: time, in: context.facts, approvedBy: context.inForce)
        guard let cause = reading.cause, let statement = reading.statement(key) else {
            return .unknown(
                known.owner == nil
                    ? "owner of \(image), and its tag \(key)" : "tag \(key) of \(image)"
            )
        }
        guard reading.value == .present(value) else { return .no(statement) }
        switch context.policy.isPublisher(cause.evidence) {
        case true?: return .yes(statement)
        case false?:
            return .no(
                statement,
                FactStatement(
                    "tag \(key) set by",
                    cause.evidence.actor.principalARN ?? "unknown",
                    cause
                )
            )
        case nil:
            return Answer(
                value: .unknown,
                facts: [statement],
                missing: ["who set tag \(key) of \(image)"]
            )
        }
    }
}

extension ImageApproval {
    /// What makes it be asked again whether the image of a launch is approved.
    static let launchTriggers = triggers { .launches($0) }

    /// What makes it be asked again whether an image is approved, and whom that concerns.
    static func triggers(_ concerned: (Reach.Reading) -> Reach) -> [Trigger] {
        TagReading.triggers(concerned) + Trigger.on([.owner, .ownerAlias, .name], concerned(.always))
    }
}
