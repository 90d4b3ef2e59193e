/// Named values of a call or a fact of which one rule alone knows the meaning.
public struct Fields: Hashable, Sendable {
    /// One value.
    public enum Value: Hashable, Sendable {
        /// A text, an id.
        case text(ExactText)
        /// A whole number.
        case number(Int64)
        /// Yes or no.
        case flag(Bool)
        /// Some texts, in order.
        case texts([ExactText])
    }

    private var values: [ExactText: Value] = [:]

    /// No values.
    public init() {}

    /// The value of a name; nil when there is none.
    public subscript(name: ExactText) -> Value? {
        get { values[name] }
        set { values[name] = newValue }
    }

    /// A text; nil when there is none of this name.
    public func text(_ name: ExactText) -> ExactText? {
        if case .text(let text)? = values[name] { text } else { nil }
    }

    /// Yes or no; nil when that is not told under this name.
    public func flag(_ name: ExactText) -> Bool? {
        if case .flag(let flag)? = values[name] { flag } else { nil }
    }

    /// The id of a resource; nil when there is none of this name.
    public func id(_ name: ExactText) -> ResourceID? { text(name).map { ResourceID($0.string) } }

    /// Some texts; none when there are none of this name.
    public func texts(_ name: ExactText) -> [ExactText] {
        if case .texts(let texts)? = values[name] { texts } else { [] }
    }

    /// All names with their values, in the order of the names.
    public var all: [(name: ExactText, value: Value)] {
        values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// What either of two copies of a call names; where both name a value, `choose` takes one, whichever copy comes
    /// first.
    func merged(with other: Fields, _ choose: (Value, Value) -> Value) -> Fields {
        var merged = self
        merged.values.merge(other.values, uniquingKeysWith: choose)
        return merged
    }
}
