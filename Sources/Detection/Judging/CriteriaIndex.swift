import CloudTrail

/// A list of image criteria, to find an image that another criterion admits and none of these.
///
/// Of each parameter but the names, the image that the fewest criteria admit is known: one value that the other criterion
/// names, or a value that nobody names, and the greatest age. Criteria are bits: what admits one value is a number, and
/// what admits the image the conjunction. Of the names, those criteria together decide.
struct CriteriaIndex {
    /// What the other criterion admits beyond these.
    enum Difference {
        case none
        case image(AdmittedImage)
        /// Nobody can tell: it takes too many steps, or depends on a parameter of unknown meaning.
        case unknown
    }

    let criteria: [ImageCriterion]
    private let account: AccountID
    private var providers = Values()
    private var productCodes = Values()
    private var names = CoveringNames()
    private var withoutNames: UInt64 = 0
    /// For combining what each value is admitted by: names that take too long hide no provider that was added.
    private var combining = StepBudget(CriteriaComparison.steps)

    /// A value of a parameter, nil for one that nobody names, and what admits it.
    fileprivate struct Choice {
        let admitting: UInt64
        let value: ExactText?
    }

    /// The criteria that admit each value of a parameter.
    private struct Values {
        var byValue: [ExactText: UInt64] = [:]
        /// Those without the parameter, which admit every value.
        var without: UInt64 = 0

        mutating func insert(_ values: [ExactText]?, _ criterion: UInt64) {
            guard let values else { return without |= criterion }
            for value in values { byValue[value, default: 0] |= criterion }
        }

        /// The values that fewer criteria admit than any other one; of no parameter, one that nobody names.
        func leastAdmitted(of values: [ExactText]?) -> [Choice] {
            guard let values else { return [Choice(admitting: without, value: nil)] }
            return values.map { Choice(admitting: (byValue[$0] ?? 0) | without, value: $0) }.leastAdmitted
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

    /// An image that another criterion admits and none of these.
    mutating func difference(_ other: ImageCriterion, _ budget: inout StepBudget) -> Difference {
        let others = other.others(than: account)
        if let others, others.isEmpty { return .none }
        let byProvider = providers.leastAdmitted(of: others)
        let byCode = productCodes.leastAdmitted(of: other.productCodes)
        let (certain, possible) = limitingAtMost(as: other)
        guard combining.take(byProvider.count * byCode.count) else { return .unknown }
        var isUnknown = false
        for provider in byProvider {
            for code in byCode {
                let admitting = provider.admitting & code.admitting
                // First as if what nobody understands admitted everything: what is then left is left for certain.
                var result = name(of: other, from: admitting & possible, &budget)
                if case .name(let name) = result {
                    return .image(AdmittedImage(other, provider.value, name, code.value))
                }
                if result == .none, certain != possible {
                    result = name(of: other, from: admitting & certain, &budget)
                }
                if result != .none { isUnknown = true }
            }
        }
        return isUnknown ? .unknown : .none
    }

    /// A name that a criterion matches and none of some of these.
    private mutating func name(
        of other: ImageCriterion,
        from criteria: UInt64,
        _ budget: inout StepBudget
    ) -> NameDifference.Result {
        if criteria & withoutNames != 0 { return .none }
        var isUnknown = false
        for name in other.names ?? ["*"] {
            switch names.difference(name, from: criteria, &budget) {
            case .none: break
            case .name(let name): return .name(name)
            case .unknown: isUnknown = true
            }
        }
        return isUnknown ? .unknown : .none
    }

    /// The criteria whose other limits are no stricter: for certain, and as far as parameters are understood.
    ///
    /// What a parameter of unknown meaning demands, some images have and some have not: with another value it may admit the same,
    /// and where it is gone more is admitted.
    private func limitingAtMost(as other: ImageCriterion) -> (certain: UInt64, possible: UInt64) {
        var (certain, possible): (UInt64, UInt64) = (0, 0)
        for (number, criterion) in criteria.enumerated()
        where other.createdIsAtMost(criterion) && other.deprecatedIsAtMost(criterion)
            && criterion.unknown.keys.allSatisfy({ other.unknown[$0] != nil })
        {
            possible |= 1 << UInt64(number)
            if criterion.unknown.allSatisfy({ other.unknown[$0.key] == $0.value }) {
                certain |= 1 << UInt64(number)
            }
        }
        return (certain, possible)
    }

    /// Whether any criterion names a provider.
    func names(provider: ExactText) -> Bool { providers.byValue[provider] != nil }

    /// Whether any criterion has names.
    var hasNames: Bool { !names.isEmpty }

    /// Whether a name is known to match something that no criterion's names match.
    mutating func isWider(name: ExactText, _ budget: inout StepBudget) -> Bool {
        if case .name = names.difference(name, from: names.all, &budget) { true } else { false }
    }
}

extension [CriteriaIndex.Choice] {
    /// Those that no other one undercuts, one of each kind.
    fileprivate var leastAdmitted: Self {
        var least: Self = []
        var known: Set<UInt64> = []
        for choice in self where known.insert(choice.admitting).inserted {
            if least.contains(where: { $0.admitting & ~choice.admitting == 0 }) { continue }
            least.removeAll { choice.admitting & ~$0.admitting == 0 }
            least.append(choice)
        }
        return least
    }
}

/// An image that a criterion admits, with the parameters that count: what is nil is as of an image of which nobody has heard.
struct AdmittedImage: Hashable, Sendable {
    /// An account, or an alias of AWS's.
    let provider: ExactText?
    let name: String
    let productCode: ExactText?
    /// How old it may be; nil without limit.
    let daysSinceCreated: Int?
    let daysSinceDeprecated: Int?

    fileprivate init(
        _ criterion: ImageCriterion,
        _ provider: ExactText?,
        _ name: String,
        _ productCode: ExactText?
    ) {
        self.provider = provider
        self.name = name
        self.productCode = productCode
        daysSinceCreated = criterion.maximumDaysSinceCreated
        daysSinceDeprecated = criterion.maximumDaysSinceDeprecated
    }

    /// As an alert shows it.
    var words: String {
        [
            "an image of \(provider?.string ?? "any other account") named \(name)",
            productCode.map { "with product code \($0.string)" },
            daysSinceCreated.map { "created \($0) days ago" } ?? "of any age",
            daysSinceDeprecated.map { "deprecated \($0) days ago" },
        ].compactMap(\.self).joined(separator: ", ")
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
