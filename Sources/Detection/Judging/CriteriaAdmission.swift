import CloudTrail

/// Whether image criteria of Allowed AMIs admit an image, as of a time, for an account.
///
/// Values in a parameter are alternatives, parameters in a criterion must all hold, criteria are alternatives; the
/// account's own images are always admitted (AWS: `EnableAllowedImagesSettings`).
struct CriteriaAdmission {
    let image: ResourceID
    let account: AccountID
    let time: EventTime
    let facts: FactView

    /// Whether the image is admitted for certain.
    func isCertain(_ criteria: [ImageCriterion]?) -> Bool {
        let answer: Certainty = criteria.map { isAdmitted(by: $0) } ?? isOwn()
        return answer.isYes
    }

    /// Whether the image is admitted.
    func isAdmitted<Result: Answering>(by criteria: [ImageCriterion]) -> Result {
        let known = facts.image(image)
        let own: Result = isOwn(known)
        if own.isYes { return own }
        if criteria.isEmpty {
            var answer = own
            answer.or(.unknown("image criteria (the list is empty, which AWS does not define)"))
            return answer
        }
        var answer: Result = .any(criteria) { admits($0, known) }
        answer.or(own)
        return answer
    }

    /// Whether the account owns the image.
    func isOwn<Result: Answering>() -> Result { isOwn(facts.image(image)) }

    private func isOwn<Result: Answering>(_ known: ImageView) -> Result {
        guard let owner = known.owner else { return .unknown("owner of \(image)") }
        return .yes(if: owner.account == account, [Self.statement(owner)])
    }

    private static func statement(_ owner: (account: AccountID, fact: Fact)) -> FactStatement {
        FactStatement("owner", owner.account.description, owner.fact)
    }

    private func admits<Result: Answering>(_ criterion: ImageCriterion, _ known: ImageView) -> Result {
        var answer = Result.yes()
        if let providers = criterion.providers {
            answer.and(.any(providers) { isProvided(by: $0, known) })
        }
        if let names = criterion.names { answer.and(isNamed(names, known)) }
        if let codes = criterion.productCodes { answer.and(carries(codes, known)) }
        if let days = criterion.maximumDaysSinceCreated { answer.and(isYoung(days, known)) }
        if let days = criterion.maximumDaysSinceDeprecated { answer.and(isCurrent(days, known)) }
        for parameter in criterion.unknown.keys.sorted() {
            answer.and(.unknown("what \(parameter) admits (this version does not know the parameter)"))
        }
        return answer
    }

    private func isProvided<Result: Answering>(by provider: ExactText, _ known: ImageView) -> Result {
        if provider == "none" { return .no() }
        guard let owner = known.owner else { return .unknown("owner of \(image)") }
        if let account = AccountID(provider.string) {
            return .yes(if: owner.account == account, [Self.statement(owner)])
        }
        guard let fact = known.latest(.ownerAlias), case .text(let alias?) = fact.value else {
            return known.isOwnerAliasUnknown
                ? .unknown("owner alias of \(image)", [Self.statement(owner)])
                : .no([Self.statement(owner)])
        }
        return .yes(
            if: alias == provider,
            [Self.statement(owner), FactStatement("owner alias", alias.string, fact)]
        )
    }

    private func isNamed<Result: Answering>(_ names: [ExactText], _ known: ImageView) -> Result {
        guard let fact = known.latest(.name), case .text(let name?) = fact.value else {
            return .unknown("name of \(image)")
        }
        func statement() -> FactStatement { FactStatement("name", name.string, fact) }
        guard let isMatched = Self.isMatched(name, by: names) else {
            return .unknown(
                "whether the criteria match the name of \(image) (it takes too many steps to tell)",
                [statement()]
            )
        }
        return .yes(if: isMatched, [statement()])
    }

    /// Whether any pattern matches a name; nil when that takes longer than all that AWS lets names and criteria be.
    private static func isMatched(_ name: ExactText, by patterns: [ExactText]) -> Bool? {
        let text = PatternText(name.string)
        var budget = StepBudget(CriteriaComparison.steps)
        for pattern in patterns {
            guard let isMatched = text.isMatched(by: pattern.string, &budget) else { return nil }
            if isMatched { return true }
        }
        return false
    }

    private func carries<Result: Answering>(_ codes: [ExactText], _ known: ImageView) -> Result {
        guard let fact = known.latest(.productCodes, asOf: time),
            case .productCodes(let carried) = fact.value
        else { return .unknown("Marketplace product codes of \(image)") }
        return .yes(
            if: codes.contains { carried.contains($0) },
            [FactStatement("product codes", carried.joined(separator: ", "), fact)]
        )
    }

    private func isYoung<Result: Answering>(_ days: Int, _ known: ImageView) -> Result {
        guard let fact = known.latest(.creationDate), case .date(let created?) = fact.value else {
            return .unknown("creation date of \(image)")
        }
        return .yes(
            if: time <= created.advanced(byDays: days),
            [FactStatement("created", created.description, fact)]
        )
    }

    /// An image with no date of deprecation passes.
    private func isCurrent<Result: Answering>(_ days: Int, _ known: ImageView) -> Result {
        if let fact = known.latest(.deprecation, asOf: time), case .date(let date) = fact.value {
            guard let date else { return .yes([FactStatement("deprecated", "never", fact)]) }
            return .yes(
                if: time <= date.advanced(byDays: days),
                [FactStatement("deprecated", date.description, fact)]
            )
        }
        guard let creation = known.creation else {
            return .unknown("deprecation date of \(image)")
        }
        return .yes([FactStatement("deprecated", "never", creation)])
    }
}

extension EventTime {
    /// The time some days later; whatever number a record gives, and as far as times go.
    fileprivate func advanced(byDays days: Int) -> EventTime {
        let (seconds, overflow) = Int64(days).multipliedReportingOverflow(by: 86_400)
        return advanced(bySeconds: overflow ? (days < 0 ? .min : .max) : seconds)
    }
}

extension FactValue {
    /// Whether an image came into being.
    var isCreation: Bool { if case .created = self { true } else { false } }
}

extension CriteriaAdmission {
    /// What makes it be asked again whether criteria admit the image of a launch.
    static let launchTriggers: [Trigger] =
        Trigger.on([.owner, .ownerAlias, .name, .creationDate], .launches(.always))
        + Trigger.on([.productCodes, .deprecation], .launches(.untilTheNext))
        + [.on(.lifecycle, .launchesOnceCreated)]
}
