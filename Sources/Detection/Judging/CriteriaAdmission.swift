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

    /// Whether the image is admitted for certain: `answer` without the words, which nobody wants of what is allowed.
    func isCertain(_ criteria: [ImageCriterion]?) -> Bool {
        let known = facts.image(image)
        if let owner = known.owner, owner.account == account { return true }
        return criteria?.contains { admitsForCertain($0, known) } ?? false
    }

    private func admitsForCertain(_ criterion: ImageCriterion, _ known: ImageView) -> Bool {
        criterion.unknown.isEmpty
            && criterion.providers?.contains { isProvided(by: $0, known) } ?? true
            && criterion.names.map { names in
                guard case .text(let name?) = known.latest(.name)?.value else { return false }
                return Self.isMatched(name, by: names) == true
            } ?? true
            && criterion.productCodes.map { carries($0, known).value == .yes } ?? true
            && criterion.maximumDaysSinceCreated.map { isYoung($0, known).value == .yes } ?? true
            && criterion.maximumDaysSinceDeprecated.map { isCurrent($0, known).value == .yes } ?? true
    }

    private func isProvided(by provider: ExactText, _ known: ImageView) -> Bool {
        guard provider != "none", let owner = known.owner else { return false }
        if let account = AccountID(provider.string) { return owner.account == account }
        guard case .text(let alias?) = known.latest(.ownerAlias)?.value else { return false }
        return alias == provider
    }

    func answer(_ criteria: [ImageCriterion]) -> Answer {
        let known = facts.image(image)
        let own = isOwn(known)
        guard own.value != .yes else { return own }
        if criteria.isEmpty {
            return Answer.any([
                own, .unknown("image criteria (the list is empty, which AWS does not define)"),
            ])
        }
        return Answer.any(criteria.map { admits($0, known) } + [own])
    }

    /// Whether the account owns the image.
    func isOwn() -> Answer { isOwn(facts.image(image)) }

    private func isOwn(_ known: ImageView) -> Answer {
        guard let owner = known.owner else { return .unknown("owner of \(image)") }
        let statement = FactStatement("owner", owner.account.description, owner.fact)
        return owner.account == account ? .yes(statement) : .no(statement)
    }

    private func admits(_ criterion: ImageCriterion, _ known: ImageView) -> Answer {
        var parts: [Answer] = []
        if let providers = criterion.providers {
            parts.append(Answer.any(providers.map { provides($0, known) }))
        }
        if let names = criterion.names {
            parts.append(isNamed(names, known))
        }
        if let codes = criterion.productCodes { parts.append(carries(codes, known)) }
        if let days = criterion.maximumDaysSinceCreated { parts.append(isYoung(days, known)) }
        if let days = criterion.maximumDaysSinceDeprecated { parts.append(isCurrent(days, known)) }
        for parameter in criterion.unknown.keys.sorted() {
            parts.append(.unknown("what \(parameter) admits (this version does not know the parameter)"))
        }
        return Answer.all(parts)
    }

    private func provides(_ provider: ExactText, _ known: ImageView) -> Answer {
        if provider == "none" { return .no() }
        guard let owner = known.owner else { return .unknown("owner of \(image)") }
        let statement = FactStatement("owner", owner.account.description, owner.fact)
        if AccountID(provider.string) != nil {
            return ExactText(owner.account.description) == provider ? .yes(statement) : .no(statement)
        }
        guard let fact = known.latest(.ownerAlias), case .text(let alias?) = fact.value else {
            return known.isOwnerAliasUnknown
                ? Answer(value: .unknown, facts: [statement], missing: ["owner alias of \(image)"])
                : .no(statement)
        }
        let aliasStatement = FactStatement("owner alias", alias.string, fact)
        return alias == provider ? .yes(statement, aliasStatement) : .no(statement, aliasStatement)
    }

    private func isNamed(_ names: [ExactText], _ known: ImageView) -> Answer {
        guard let fact = known.latest(.name), case .text(let name?) = fact.value else {
            return .unknown("name of \(image)")
        }
        let statement = FactStatement("name", name.string, fact)
        return switch Self.isMatched(name, by: names) {
        case true?: .yes(statement)
        case false?: .no(statement)
        case nil:
            Answer(
                value: .unknown,
                facts: [statement],
                missing: ["whether the criteria match the name of \(image) (it takes too many steps to tell)"]
            )
        }
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

    private func carries(_ codes: [ExactText], _ known: ImageView) -> Answer {
        guard let fact = known.latest(.productCodes, asOf: time),
            case .productCodes(let carried) = fact.value
        else { return .unknown("Marketplace product codes of \(image)") }
        let statement = FactStatement("product codes", carried.joined(separator: ", "), fact)
        return codes.contains { carried.contains($0) } ? .yes(statement) : .no(statement)
    }

    private func isYoung(_ days: Int, _ known: ImageView) -> Answer {
        guard let fact = known.latest(.creationDate), case .date(let created?) = fact.value else {
            return .unknown("creation date of \(image)")
        }
        let statement = FactStatement("created", created.description, fact)
        return time <= created.advanced(byDays: days) ? .yes(statement) : .no(statement)
    }

    /// An image with no date of deprecation passes.
    private func isCurrent(_ days: Int, _ known: ImageView) -> Answer {
        if let fact = known.latest(.deprecation, asOf: time), case .date(let date) = fact.value {
            guard let date else { return .yes(FactStatement("deprecated", "never", fact)) }
            let statement = FactStatement("deprecated", date.description, fact)
            return time <= date.advanced(byDays: days) ? .yes(statement) : .no(statement)
        }
        guard let creation = known.creation else {
            return .unknown("deprecation date of \(image)")
        }
        return .yes(FactStatement("deprecated", "never", creation))
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
