/// Something about a topic, or about what a user may do, that loses or blocks messages, or may.
package struct TopicFault: Sendable, Hashable {
    package enum Severity: Sendable {
        /// `run` does not start with it.
        case error
        /// Good enough for trying things, or for now.
        case warning
    }

    package let severity: Severity
    /// What it is, and what happens because of it; without the name of what it is about.
    package let message: String
    /// The command that mends it, to be pasted into a shell; nil where no command does.
    package let command: String?

    init(_ severity: Severity, _ message: String, command: String? = nil) {
        self.severity = severity
        self.message = message
        self.command = command
    }
}
