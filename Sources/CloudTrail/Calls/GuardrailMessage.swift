extension UTF8Text {
    /// Whether an error's message says that block public access, or a policy of the organization, forbids the call:
    /// then it does not matter which code it came with.
    var namesGuardrail: Bool {
        let message = lowercasedASCII
        if message.contains("block public access") { return true }
        return message.contains("polic")
            && ["organization", "service control", "resource control", "declarative"]
                .contains { message.contains($0) }
    }
}
