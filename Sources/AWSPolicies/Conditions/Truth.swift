/// Whether something holds, where not everything is known.
public enum Truth: Hashable, Sendable {
    case no
    case yes
    /// It depends on these condition keys, whose values are not known.
    case unknown(Set<String>)

    init(_ isTrue: Bool) { self = isTrue ? .yes : .no }

    /// Whether both hold.
    static func && (left: Truth, right: @autoclosure () -> Truth) -> Truth {
        if left == .no { return .no }
        return switch (left, right()) {
        case (_, .no): .no
        case (.yes, let other): other
        case (let other, .yes): other
        case (.unknown(let some), .unknown(let others)): .unknown(some.union(others))
        case (.no, _): .no
        }
    }

    /// Whether one of them holds.
    static func || (left: Truth, right: @autoclosure () -> Truth) -> Truth {
        !(!left && !right())
    }

    static prefix func ! (truth: Truth) -> Truth {
        switch truth {
        case .no: .yes
        case .yes: .no
        case .unknown: truth
        }
    }
}
