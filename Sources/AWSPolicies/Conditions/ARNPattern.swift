/// An ARN with wildcards, each within its part.
struct ARNPattern {
    private let parts: [WildcardPattern]

    /// Nil for what is no ARN.
    init?(_ pattern: WildcardPattern) {
        parts = pattern.split(atMost: 6)
        guard parts.count == 6, parts[0].text == "arn" else { return nil }
    }

    func matches(_ text: String) -> Bool {
        guard let others = Self.parts(text) else { return false }
        return zip(parts, others).allSatisfy { $0.matches($1.utf16) }
    }

    /// The six parts of an ARN; nil for what is none.
    static func parts(_ text: String) -> [Substring]? {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        return parts.count == 6 && parts[0] == "arn" ? parts : nil
    }
}
