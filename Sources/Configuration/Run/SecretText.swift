/// A text that may be a secret: printing it, or anything that holds it, shows a secret as `<secret>`.
public struct SecretText: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// The text itself.
    public let value: String
    /// Whether it must not be shown.
    public let isSecret: Bool

    /// A text, shown or not.
    public init(_ value: String, isSecret: Bool) {
        self.value = value
        self.isSecret = isSecret
    }

    /// The text, or `<secret>`.
    public var description: String { isSecret ? "<secret>" : value }
    /// As `description`.
    public var debugDescription: String { description }
    /// As `description`, so that `dump` shows no more than `print`.
    public var customMirror: Mirror { Mirror(self, children: ["text": description]) }
}
