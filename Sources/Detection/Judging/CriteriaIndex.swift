import CloudTrail

/// A list of image criteria, to find those that admit all of another criterion.
///
/// Criteria are bits: what one value of a parameter is admitted by is a number, and a combination's the conjunction.
struct CriteriaIndex {
    let criteria: [ImageCriterion]
    private let account: AccountID
    private var providers = Values()
    private var productCodes = Values()
    private var names = CoveringNames()
    private var withoutNames: UInt64 = 0
    /// For combining what each value is admitted by: names that take too long hide no provider that was added.
    private var combining = StepBudget(CriteriaComparison.steps)

    /// The criteria that admit each value of a parameter.
    private struct Values {
        var byValue: [ExactText: UInt64] = [:]
        /// Those without the parameter, which admit every value.
        var without: UInt64 = 0

        mutating func insert(_ values: [ExactText]?, _ criterion: UInt64) {
            guard let values else { return without |= criterion }
            for value in values { byValue[value, default: 0] |= criterion }
        }

        /// What admits each of some values, each once; of no parameter, what is without it.
        func admitting(_ values: [ExactText]?) -> Set<UInt64> {
            guard let values else { return [without] }
            return Set(values.map { (byValue[$0] ?? 0) | without })
        }
    }

    /// Nil when there are more criteria than bits: six times as many as AWS takes.
    init?(_ criteria: [ImageCriterion], of account: AccountID) {
        guard criteria.count <= UInt64.bitWidth else { return nil }
        self.criteria = criteria
        self.account = account
        for (number, criterion) in criteria.enumerated() {
            let bit = UInt64(1) << UInt64(number)
            providers.insert(criterion.others(than: account), bit)
            productCodes.insert(criterion.productCodes, bit)
            if let known = criterion.names {
                for name in known { names.insert(name, bit) }
            } else {
                withoutNames |= bit
            }
        }
    }

    /// Whether each combination of another criterion's values is admitted by one of these; unknown when there are more
    /// steps to it than are left.
    mutating func covers(_ other: ImageCriterion, _ budget: inout StepBudget) -> Answer.Value {
        let others = other.others(than: account)
        if let others, others.isEmpty { return .yes }
        let byProvider = providers.admitting(others)
        let byCode = productCodes.admitting(other.productCodes)
        let byName = admitting(names: other.names, &budget)
        guard combining.take(byProvider.count * byCode.count) else { return .unknown }
        let limiting = limitingAtMost(as: other)
        let byBoth = Set(byProvider.flatMap { provider in byCode.map { provider & $0 & limiting } })
        guard combining.take(byBoth.count * byName.count) else { return .unknown }
        var answer = Answer.Value.yes
        for name in byName {
            for both in byBoth {
                if both & name.possible == 0 { return .no }
                if both & name.certain == 0 { answer = .unknown }
            }
        }
        return answer
    }

    private mutating func admitting(
        names: [ExactText]?,
        _ budget: inout StepBudget
    ) -> Set<CoveringNames.Covering> {
        guard let names else { return [.init(certain: withoutNames, possible: withoutNames)] }
        var admitting: Set<CoveringNames.Covering> = []
        for name in names {
            var covering = self.names.criteria(covering: name, &budget)
            covering.certain |= withoutNames
            covering.possible |= withoutNames
            admitting.insert(covering)
        }
        return admitting
    }

    /// The criteria whose other limits are no stricter.
    private func limitingAtMost(as other: ImageCriterion) -> UInt64 {
        var bits: UInt64 = 0
        for (number, criterion) in criteria.enumerated()
        where other.createdIsAtMost(criterion) && other.deprecatedIsAtMost(criterion)
            && criterion.unknown.allSatisfy({ other.unknown[$0.key] == $0.value })
        {
            bits |= 1 << UInt64(number)
        }
        return bits
    }

    /// Whether any criterion names a provider.
    func names(provider: ExactText) -> Bool { providers.byValue[provider] != nil }

    /// Whether any criterion has names.
    var hasNames: Bool { !names.isEmpty }

    /// Whether any criterion's name covers another one, as far as was compared.
    mutating func mayCover(name: ExactText, _ budget: inout StepBudget) -> Bool {
        names.criteria(covering: name, &budget).possible != 0
    }
}

extension ImageCriterion {
    /// The providers beside an account itself, whose images are always admitted; `none` admits nobody else.
    func others(than account: AccountID) -> [ExactText]? {
        let own = ExactText(account.description)
        return providers?.filter { $0 != "none" && $0 != own }
    }

    /// Whether images may be no older than another criterion admits.
    func createdIsAtMost(_ other: ImageCriterion) -> Bool {
        Self.isAtMost(maximumDaysSinceCreated, other.maximumDaysSinceCreated)
    }

    /// Whether images may be deprecated no longer than another criterion admits.
    func deprecatedIsAtMost(_ other: ImageCriterion) -> Bool {
        Self.isAtMost(maximumDaysSinceDeprecated, other.maximumDaysSinceDeprecated)
    }

    private static func isAtMost(_ days: Int?, _ other: Int?) -> Bool {
        guard let other else { return true }
        return days.map { $0 <= other } ?? false
    }
}
