/// One line of a condition block: a key, an operator, and the values that the statement gives.
public struct Condition: Hashable, Sendable {
    /// What the key's value must do.
    public let comparison: ConditionOperator
    /// As the statement writes it.
    public let name: String
    /// `name` in lower case.
    public let key: String
    /// One of them, or with a negated operator none, must be met.
    public let operands: [Operand]

    /// A line from its parts; the key in any case.
    public init(_ comparison: ConditionOperator, key: String, operands: [Operand]) {
        self.comparison = comparison
        name = key
        self.key = key.lowercased()
        self.operands = operands
    }

    /// Whether a request meets it.
    public func matches(_ context: some RequestContext) -> Truth {
        let value = context.value(of: key)
        if value == .unknown { return .unknown([key]) }
        if comparison.comparison == .null {
            let wantsAbsent = operands.contains { $0.source.lowercased() == "true" }
            return Truth((value == .absent) == wantsAbsent)
        }
        let values: [String]
        switch value {
        case .absent, .unknown:
            return Truth(comparison.matchesAbsent || matchesAbsentKey)
        case .single(let text): values = [text]
        // An operator for one value never matches a key that takes several, whatever it holds.
        case .multiple(let texts):
            if comparison.quantifier == .single { return .no }
            values = texts
        }
        let answers = values.map { answer($0, context) }
        return switch comparison.quantifier {
        case .single, .forAllValues: answers.reduce(.yes) { $0 && $1 }
        case .forAnyValue: answers.reduce(.no) { $0 || $1 }
        }
    }

    /// Whether a request without the key, and without any that its values name, meets it.
    public var matchesAbsence: Bool { matches(NoKeys()) == .yes }

    private struct NoKeys: RequestContext {
        func value(of key: String) -> ContextValue { .absent }
    }

    /// Whether some value could meet, or differ from, what an operand says: no text is between two numbers.
    public func canRead(_ operand: Operand) -> Bool {
        if !operand.variables.isEmpty { return true }
        let takesWildcards = comparison.comparison == .stringLike || comparison.comparison == .arn
        guard case .pattern(let pattern) = operand.resolved(in: NoKeys(), takesWildcards: takesWildcards)
        else {
            return true
        }
        return switch comparison.comparison {
        case .numeric: DecimalNumber(pattern.text) != nil
        case .date: ConditionDate(pattern.text) != nil
        case .bool, .null: ["true", "false"].contains(pattern.text.lowercased())
        case .address: Address.isNetwork(pattern.text)
        case .arn: pattern.text == "*" || ARNPattern(pattern) != nil
        case .stringEquals, .stringEqualsIgnoreCase, .stringLike, .binaryEquals: true
        }
    }

    private var matchesAbsentKey: Bool {
        switch comparison.quantifier {
        case .single: comparison.isNegated
        case .forAnyValue: false
        case .forAllValues: true
        }
    }

    /// Whether one value of the request meets it: it equals one of the operands, or none of them.
    private func answer(_ value: String, _ context: some RequestContext) -> Truth {
        // What is no address or ARN neither matches nor differs.
        switch comparison.comparison {
        case .address where Address(request: value) == nil: return .no
        case .arn where ARNPattern.parts(value) == nil: return .no
        default: break
        }
        let isEqual = operands.reduce(Truth.no) { $0 || equals(value, $1, context) }
        return comparison.isNegated ? !isEqual : isEqual
    }

    private func equals(_ value: String, _ operand: Operand, _ context: some RequestContext) -> Truth {
        let takesWildcards = comparison.comparison == .stringLike || comparison.comparison == .arn
        switch operand.resolved(in: context, takesWildcards: takesWildcards) {
        case .void: return .no
        case .unknown(let keys): return .unknown(keys)
        case .pattern(let pattern): return Truth(equals(value, pattern))
        }
    }

    private func equals(_ value: String, _ pattern: WildcardPattern) -> Bool {
        switch comparison.comparison {
        case .stringEquals, .binaryEquals: value.utf8.elementsEqual(pattern.text.utf8)
        case .stringEqualsIgnoreCase: value.loweredForIAM == pattern.text.loweredForIAM
        case .stringLike: pattern.matches(value.utf16)
        case .numeric(let order): order.holds(DecimalNumber(value), DecimalNumber(pattern.text))
        case .date(let order): order.holds(ConditionDate(value), ConditionDate(pattern.text))
        case .bool: (value.lowercased() == "true") == (pattern.text.lowercased() == "true")
        case .address: Address(request: value)?.isIn(pattern.text) ?? false
        case .arn: ARNPattern(pattern)?.matches(value) ?? false
        case .null: false
        }
    }
}

extension ConditionOperator.Order {
    /// What cannot be read compares with nothing.
    fileprivate func holds<Value: Comparable>(_ left: Value?, _ right: Value?) -> Bool {
        guard let left, let right else { return false }
        return holds(left, right)
    }
}
