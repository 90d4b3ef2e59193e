/// What a request tells of a condition key.
public enum ContextValue: Hashable, Sendable {
    case single(String)
    /// A key that takes several values, as `aws:TagKeys`, also where it has one.
    case multiple([String])
    case absent
    /// It has a value or none, and nobody knows.
    case unknown
}

/// The condition keys of a request; names are compared without case.
public protocol RequestContext {
    /// The value of a key, whose name is in lower case.
    func value(of key: String) -> ContextValue
}
