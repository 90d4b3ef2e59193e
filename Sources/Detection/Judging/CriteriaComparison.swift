import CloudTrail

/// Whether one list of image criteria admits more than another: whether there is an image that the new list admits and the old one
/// does not, with that image as the proof.
struct CriteriaComparison {
    /// What the new list admits in addition, or that this cannot be told.
    struct Weakening: Sendable {
        /// An image that only the new list admits; nil when none is known, and nobody can say that there is none.
        var image: AdmittedImage?
        /// What is admitted that was not.
        var reasons: [Reason] = []
        /// Whether a provider is admitted that was not.
        var addsProvider = false
        /// Why nobody can tell.
        var doubt = Doubt.size
        var isCertain: Bool { image != nil }

        /// All reasons in words.
        var words: String { reasons.map(\.words).joined(separator: "; ") }
    }

    /// Why nobody can tell whether a list admits more.
    enum Doubt: Sendable {
        /// Comparing the lists takes too many steps.
        case size
        /// They differ in a parameter whose meaning this version does not know.
        case parameters([ExactText])

        /// What would have to be known, as a finding names it.
        var missing: String {
            switch self {
            case .size:
                "whether the old image criteria cover the new ones (comparing them takes too many steps)"
            case .parameters(let names):
                "what \(names.joined(separator: ", ")) admits (this version does not know the parameter)"
            }
        }
    }

    /// What would have to be known of an empty list.
    static let emptyListIsUndefined = "what an empty list of criteria admits (AWS does not define it)"

    /// One thing that the new list admits.
    enum Reason: Sendable {
        case providersAdded([ExactText])
        case anyProvider
        case namesWithoutProviders
        case namesWidened([ExactText])
        case anyName
        case ageRaised
        case deprecationAgeRaised
        /// A combination of what was admitted before.
        case combination
    }

    /// Steps that one comparison may take: a few milliseconds.
    ///
    /// Far more than lists with the names that people give take, and fewer than patterns take that are made for it.
    static let steps = 4_000_000

    let account: AccountID

    /// What the new list admits beyond the old one; nil when nothing.
    func weakening(from old: [ImageCriterion], to new: [ImageCriterion]) -> Weakening? {
        var budget = StepBudget(Self.steps)
        return weakening(from: old, to: new, &budget)
    }

    /// The same, in so many steps at most.
    func weakening(
        from old: [ImageCriterion],
        to new: [ImageCriterion],
        _ budget: inout StepBudget
    ) -> Weakening? {
        guard var known = CriteriaIndex(old, of: account) else { return Weakening() }
        var weakening = Weakening()
        var isUnknown = false
        for criterion in new {
            switch known.difference(criterion, &budget) {
            case .none: break
            case .image(let image):
                weakening.image = weakening.image ?? image
                describe(criterion, &known, &budget, in: &weakening)
            case .unknown: isUnknown = true
            }
        }
        if isUnknown, weakening.image == nil {
            let parameters = Set((old + new).flatMap(\.unknown.keys))
            if !parameters.isEmpty, !budget.isSpent { weakening.doubt = .parameters(parameters.sorted()) }
        }
        return isUnknown || weakening.isCertain ? weakening : nil
    }

    private func describe(
        _ criterion: ImageCriterion,
        _ known: inout CriteriaIndex,
        _ budget: inout StepBudget,
        in weakening: inout Weakening
    ) {
        let old = known.criteria
        let isAnyKnown = old.contains { $0.providers == nil }
        let count = weakening.reasons.count
        if let providers = criterion.others(than: account) {
            let added = providers.filter { !known.names(provider: $0) }.sorted()
            if !isAnyKnown, !added.isEmpty {
                weakening.addsProvider = true
                weakening.reasons.append(.providersAdded(added))
            }
        } else if !isAnyKnown {
            weakening.addsProvider = true
            weakening.reasons.append(criterion.names == nil ? .anyProvider : .namesWithoutProviders)
        }
        if let names = criterion.names {
            let wider = names.filter { known.isWider(name: $0, &budget) }.sorted()
            if known.hasNames, !wider.isEmpty { weakening.reasons.append(.namesWidened(wider)) }
        } else if !old.contains(where: { $0.names == nil }) {
            weakening.reasons.append(.anyName)
        }
        if !old.contains(where: { criterion.createdIsAtMost($0) }) { weakening.reasons.append(.ageRaised) }
        if !old.contains(where: { criterion.deprecatedIsAtMost($0) }) {
            weakening.reasons.append(.deprecationAgeRaised)
        }
        if weakening.reasons.count == count { weakening.reasons.append(.combination) }
    }
}

extension CriteriaComparison.Reason {
    /// As an alert shows it.
    var words: String {
        switch self {
        case .providersAdded(let providers): "provider added: \(providers.joined(separator: ", "))"
        case .anyProvider: "any provider admitted"
        case .namesWithoutProviders: "names without providers"
        case .namesWidened(let names): "name added or widened: \(names.joined(separator: ", "))"
        case .anyName: "any name admitted"
        case .ageRaised: "age raised"
        case .deprecationAgeRaised: "days since deprecation raised"
        case .combination: "criterion added or widened"
        }
    }
}

extension ImageCriterion {
    /// As an alert shows it: AWS's own names, in a fixed order.
    var summary: String {
        var parts: [String] = []
        if let providers { parts.append("ImageProviders=\(providers.joined(separator: "|"))") }
        if let names { parts.append("ImageNames=\(names.joined(separator: "|"))") }
        if let productCodes { parts.append("MarketplaceProductCodes=\(productCodes.joined(separator: "|"))") }
        if let maximumDaysSinceCreated { parts.append("MaximumDaysSinceCreated=\(maximumDaysSinceCreated)") }
        if let maximumDaysSinceDeprecated {
            parts.append("MaximumDaysSinceDeprecated=\(maximumDaysSinceDeprecated)")
        }
        for (key, value) in unknown.sorted(by: { $0.key < $1.key }) { parts.append("\(key)=\(value)") }
        return parts.joined(separator: " and ")
    }
}

extension [ImageCriterion] {
    /// As an alert shows the whole list.
    var summary: String { isEmpty ? "(empty)" : map(\.summary).joined(separator: "; or ") }
}
