/// An operator of a condition block: what is compared, and how values of a request and of the statement are put together.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Condition operators"; how AWS really answers, where that differs.
public struct ConditionOperator: Hashable, Sendable {
    /// What a value of the request is compared with, and how.
    public enum Comparison: Hashable, Sendable {
        case stringEquals
        case stringEqualsIgnoreCase
        case stringLike
        case numeric(Order)
        case date(Order)
        case bool
        case binaryEquals
        case address
        case arn
        case null
    }

    /// What an ordered comparison asks for.
    public enum Order: Hashable, Sendable {
        case equal, less, lessOrEqual, greater, greaterOrEqual
    }

    /// How the values of a key are put together.
    public enum Quantifier: Hashable, Sendable {
        /// The key has one value.
        case single
        case forAnyValue
        case forAllValues
    }

    /// As the statement writes it.
    public let name: String
    /// What is compared.
    public let comparison: Comparison
    /// `…Not…`: none of the statement's values may be met.
    public let isNegated: Bool
    /// How the request's values are put together.
    public let quantifier: Quantifier
    /// `…IfExists`: an absent key matches.
    public let matchesAbsent: Bool

    /// Nil for a name that IAM does not know; names are compared without case.
    public init?(_ name: String) {
        self.name = name
        var rest = Substring(name.lowercased())
        func drop(prefix: String) -> Bool {
            guard rest.hasPrefix(prefix) else { return false }
            rest = rest.dropFirst(prefix.count)
            return true
        }
        quantifier =
            drop(prefix: "foranyvalue:")
            ? .forAnyValue : drop(prefix: "forallvalues:") ? .forAllValues : .single
        matchesAbsent = rest.hasSuffix("ifexists")
        if matchesAbsent { rest = rest.dropLast("ifexists".count) }
        guard let (comparison, isNegated) = Self.comparisons[String(rest)] else { return nil }
        // `Null` asks whether a key exists: it takes neither.
        if comparison == .null, matchesAbsent || quantifier != .single { return nil }
        self.comparison = comparison
        self.isNegated = isNegated
    }

    /// The operators as AWS writes them, without what may stand before or behind.
    public static let names = [
        "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase",
        "StringLike",
        "StringNotLike", "NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals",
        "NumericGreaterThan", "NumericGreaterThanEquals", "DateEquals", "DateNotEquals", "DateLessThan",
        "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals", "Bool", "BinaryEquals", "IpAddress",
        "NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Null",
    ]

    private static let comparisons: [String: (Comparison, isNegated: Bool)] = [
        "stringequals": (.stringEquals, false), "stringnotequals": (.stringEquals, true),
        "stringequalsignorecase": (.stringEqualsIgnoreCase, false),
        "stringnotequalsignorecase": (.stringEqualsIgnoreCase, true),
        "stringlike": (.stringLike, false), "stringnotlike": (.stringLike, true),
        "numericequals": (.numeric(.equal), false), "numericnotequals": (.numeric(.equal), true),
        "numericlessthan": (.numeric(.less), false), "numericlessthanequals": (.numeric(.lessOrEqual), false),
        "numericgreaterthan": (.numeric(.greater), false),
        "numericgreaterthanequals": (.numeric(.greaterOrEqual), false),
        "dateequals": (.date(.equal), false), "datenotequals": (.date(.equal), true),
        "datelessthan": (.date(.less), false), "datelessthanequals": (.date(.lessOrEqual), false),
        "dategreaterthan": (.date(.greater), false), "dategreaterthanequals": (.date(.greaterOrEqual), false),
        "bool": (.bool, false), "binaryequals": (.binaryEquals, false),
        "ipaddress": (.address, false), "notipaddress": (.address, true),
        "arnequals": (.arn, false), "arnlike": (.arn, false),
        "arnnotequals": (.arn, true), "arnnotlike": (.arn, true),
        "null": (.null, false),
    ]
}

extension ConditionOperator.Order {
    func holds<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
        switch self {
        case .equal: left == right
        case .less: left < right
        case .lessOrEqual: left <= right
        case .greater: left > right
        case .greaterOrEqual: left >= right
        }
    }
}
