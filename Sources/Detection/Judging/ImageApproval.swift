import CloudTrail

/// Whether an image is approved by `images.approved`, as of a time.
struct ImageApproval {
    let image: ResourceID
    let time: EventTime
    let context: RuleContext

    /// Whether any entry matches for certain.
    func isCertain() -> Bool {
        let known = context.facts.image(image)
        if known.isApproved(by: context.inForce) { return true }
        if Certainty.any(context.inForce.constantApprovals, { matches($0, known) }).isYes {
            context.facts.noteApproved(image)
            return true
        }
        return Certainty.any(context.inForce.approvalsByTags) { matches($0, known) }.isYes
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
        let deliberate = context.inForce.approvals.lazy.filter { $0.ids != nil || !$0.tags.isEmpty }
        return Certainty.any(deliberate) { matches($0, known) }.isYes
    }

    /// Any entry must match in all its parts.
    func answer() -> (answer: Answer, clause: String) {
        let known = context.facts.image(image)
        var matched: Int?
        let answer = Answer.any(context.inForce.approvals) { entry -> Answer in
            let answer: Answer = matches(entry, known)
            if answer.isYes { matched = entry.index }
            return answer
        }
        return (answer, matched.map { "images.approved[\($0)]" } ?? "images.approved")
    }

    /// Why an image is not to be used, or nobody can tell.
    struct Objection {
        var verdict = Verdict.violation
        var facts: [FactStatement] = []
        var missing: [String] = []
        var clause: String
        /// Whether it is on the deny list.
        var isDenied = false

        /// That it is not known which image it is.
        static func unknown(_ missing: String) -> Objection {
            Objection(verdict: .undetermined, missing: [missing], clause: "images.approved")
        }

        /// The end of a sentence about the image.
        var words: String {
            if isDenied { return "which is denied." }
            return verdict == .violation
                ? "which is not approved." : "and whether that is approved cannot be told."
        }
    }

    /// The objection to it; nil when it is approved.
    func objection() -> Objection? {
        if context.inForce.deniedImages.contains(image) {
            return Objection(clause: "images.denied", isDenied: true)
        }
        if isCertain() { return nil }
        let (answer, clause) = answer()
        if answer.isYes { return nil }
        let verdict: Verdict = answer.value == .unknown ? .undetermined : .violation
        return Objection(verdict: verdict, facts: answer.facts, missing: answer.missing, clause: clause)
    }

    /// Whether an entry matches but for its tags, or may.
    func mayMatch(_ entry: PolicyInForce.Approval) -> Bool {
        if entry.hasTagsOnly { return true }
        let answer: Answer = matches(entry, context.facts.image(image), withTags: false)
        return answer.value != .no
    }

    private func matches<Result: Answering>(
        _ entry: PolicyInForce.Approval,
        _ known: ImageView,
        withTags: Bool = true
    ) -> Result {
        var answer = Result.yes()
        if let ids = entry.ids { answer.and(.yes(if: ids.contains(image))) }
        if let owners = entry.owners { answer.and(isOwned(by: owners, known)) }
        if let names = entry.names { answer.and(isNamed(names, known)) }
        if withTags {
            for tag in entry.tags { answer.and(isTagged(tag.key, tag.value, known)) }
        }
        return answer
    }

    private func isOwned<Result: Answering>(by owners: PolicyInForce.Owners, _ known: ImageView) -> Result {
        guard let owner = known.owner else { return .unknown("owner of \(image)") }
        func statement() -> FactStatement {
            FactStatement("owner", owner.account.description, owner.fact)
        }
        if owners.accounts.contains(owner.account) { return .yes([statement()]) }
        if let fact = known.latest(.ownerAlias), case .text(let alias?) = fact.value {
            return .yes(
                if: owners.aliases.contains(alias),
                [statement(), FactStatement("owner alias", alias.string, fact)]
            )
        }
        if owners.hasAliases, known.isOwnerAliasUnknown {
            return .unknown("owner alias of \(image)", [statement()])
        }
        return .no([statement()])
    }

    private func isNamed<Result: Answering>(_ names: [Pattern], _ known: ImageView) -> Result {
        guard let fact = known.latest(.name), case .text(let name?) = fact.value else {
            return .unknown("name of \(image)")
        }
        return .yes(
            if: names.contains { $0.matches(name.string) },
            [FactStatement("name", name.string, fact)]
        )
    }

    private func isTagged<Result: Answering>(
        _ key: ExactText,
        _ value: ExactText,
        _ known: ImageView
    ) -> Result {
        let reading = TagReading(key, of: known, asOf: time, in: context.facts, approvedBy: context.inForce)
        guard let cause = reading.cause, reading.value != .unknown else {
            return .unknown(
                known.owner == nil
                    ? "owner of \(image), and its tag \(key)" : "tag \(key) of \(image)"
            )
        }
        func statements() -> [FactStatement] { reading.statement(key).map { [$0] } ?? [] }
        guard reading.value == .present(value) else { return .no(statements()) }
        switch context.policy.isPublisher(cause.evidence) {
        case true?: return .yes(statements())
        case false?:
            return .no(
                statements() + [
                    FactStatement(
                        "tag \(key) set by",
                        cause.evidence.actor.principalARN ?? "unknown",
                        cause
                    )
                ]
            )
        case nil: return .unknown("who set tag \(key) of \(image)", statements())
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
