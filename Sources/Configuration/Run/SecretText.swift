/// A text that may be a secret: printing it, or anything that holds it, shows a secret as `<secret>`.
package struct SecretText: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    package let value: String
    /// Whether it must not be shown.
    package let isSecret: Bool

    package init(_ value: String, isSecret: Bool) {
        self.value = value
        self.isSecret = isSecret
    }

    /// The text, or `<secret>`.
    package var description: String { isSecret ? "<secret>" : value }
    package var debugDescription: String { description }
    /// As `description`, so that `dump` shows no more than `print`.
    package var customMirror: Mirror { Mirror(self, children: ["text": description]) }
}
