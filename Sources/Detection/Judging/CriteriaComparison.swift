import CloudTrail

/// Whether one list of image criteria admits more than another.
///
/// Decided criterion by criterion: a new combination of provider, name and product code is no news when one old
/// criterion admits all of it. So a weakening is never missed; a rewriting that only several old criteria together
/// would cover counts as one.
struct CriteriaComparison {
    /// Why the new list admits more.
    struct Weakening {
        /// In words.
        var reasons: [String] = []
        /// Whether a provider is admitted that was not.
        var addsProvider = false
    }

    let account: AccountID

    /// What the new list admits beyond the old one; nil when nothing.
    func weakening(from old: [ImageCriterion], to new: [ImageCriterion]) -> Weakening? {
        var weakening = Weakening()
        for criterion in new where !isCovered(criterion, by: old) {
            describe(criterion, old, in: &weakening)
        }
        return weakening.reasons.isEmpty ? nil : weakening
    }

    private func isCovered(_ criterion: ImageCriterion, by old: [ImageCriterion]) -> Bool {
        let providers = providers(of: criterion)
        if let providers, providers.isEmpty { return true }
        let old = old.filter { limits($0, atMostAs: criterion) }
        let byProvider = admitting(providers, old) { self.providers(of: $0) }
        let byCode = admitting(criterion.productCodes, old) { $0.productCodes }
        let byName = admitting(criterion.names, old) {
            $0.names
        } where: {
            Pattern($0).covers(Pattern($1))
        }
        return byProvider.allSatisfy { withProvider in
            byName.allSatisfy { withName in
                let withBoth = withProvider.intersection(withName)
                return byCode.allSatisfy { !withBoth.isDisjoint(with: $0) }
            }
        }
    }

    /// For each value of a parameter the old criteria that admit it, by their places; when it is not given, those
    /// without it.
    ///
    /// Many values have the same, so that hundreds of thousands of combinations come down to a few.
    private func admitting(
        _ values: [String]?,
        _ old: [ImageCriterion],
        _ parameter: (ImageCriterion) -> [String]?,
        where covers: (String, String) -> Bool = { $0 == $1 }
    ) -> Set<Set<Int>> {
        let known = old.map(parameter)
        func places(_ isAdmitting: ([String]?) -> Bool) -> Set<Int> {
            Set(known.indices.filter { isAdmitting(known[$0]) })
        }
        guard let values else { return [places { $0 == nil }] }
        return Set(values.map { value in places { $0?.contains { covers($0, value) } ?? true } })
    }

    /// The providers beside the account itself, whose images are always admitted; `none` admits nobody else.
    private func providers(of criterion: ImageCriterion) -> [String]? {
        criterion.providers?.filter { $0 != "none" && $0 != account.description }
    }

    /// Whether an old criterion's other limits are no stricter.
    private func limits(_ old: ImageCriterion, atMostAs new: ImageCriterion) -> Bool {
        Self.isAtMost(new.maximumDaysSinceCreated, old.maximumDaysSinceCreated)
            && Self.isAtMost(new.maximumDaysSinceDeprecated, old.maximumDaysSinceDeprecated)
            && old.unknown.allSatisfy { new.unknown[$0.key] == $0.value }
    }

    private static func isAtMost(_ new: Int?, _ old: Int?) -> Bool {
        guard let old else { return true }
        return new.map { $0 <= old } ?? false
    }

    private func describe(_ criterion: ImageCriterion, _ old: [ImageCriterion], in weakening: inout Weakening)
    {
        let known = Set(old.flatMap { providers(of: $0) ?? [] })
        let isAnyKnown = old.contains { $0.providers == nil }
        let count = weakening.reasons.count
        if let providers = providers(of: criterion) {
            let added = providers.filter { !known.contains($0) }.sorted()
            if !isAnyKnown, !added.isEmpty {
                weakening.addsProvider = true
                weakening.reasons.append("provider added: \(added.joined(separator: ", "))")
            }
        } else if !isAnyKnown {
            weakening.addsProvider = true
            weakening.reasons.append(
                criterion.names == nil ? "any provider admitted" : "names without providers"
            )
        }
        let oldNames = old.flatMap { $0.names ?? [] }.map { Pattern($0) }
        if let names = criterion.names {
            let wider = names.filter { name in !oldNames.contains { $0.covers(Pattern(name)) } }.sorted()
            if !oldNames.isEmpty, !wider.isEmpty {
                weakening.reasons.append("name added or widened: \(wider.joined(separator: ", "))")
            }
        } else if !old.contains(where: { $0.names == nil }) {
            weakening.reasons.append("any name admitted")
        }
        if !old.contains(where: {
            Self.isAtMost(criterion.maximumDaysSinceCreated, $0.maximumDaysSinceCreated)
        }) {
            weakening.reasons.append("age raised")
        }
        if !old.contains(where: {
            Self.isAtMost(criterion.maximumDaysSinceDeprecated, $0.maximumDaysSinceDeprecated)
        }) {
            weakening.reasons.append("days since deprecation raised")
        }
        if weakening.reasons.count == count { weakening.reasons.append("criterion added or widened") }
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
