/// A value that a statement gives, with its wildcards and policy variables.
///
/// Source: IAM User Guide, "IAM policy elements: Variables and tags".
public struct Operand: Hashable, Sendable {
    enum Part: Hashable, Sendable {
        case text(String)
        /// `*`, in operators that take wildcards.
        case anyText
        /// `?`, one UTF-16 unit.
        case anyUnit
        /// `${key}` or `${key, 'default'}`; the key is in lower case.
        case variable(key: String, default: String?)
    }

    /// As the statement gives it.
    public let source: String
    let parts: [Part]

    /// Reads a value; what is no variable stands for itself, and so does every variable where there are none, as in documents
    /// of version 2008-10-17.
    public init(_ source: String, hasVariables: Bool = true) {
        self.source = source
        var parts: [Part] = []
        var text = ""
        var rest = Substring(source)
        func flush() {
            if !text.isEmpty { parts.append(.text(text)) }
            text = ""
        }
        while let character = rest.unicodeScalars.first {
            if hasVariables, character == "$", let (part, length) = Self.variable(rest) {
                if case .text(let literal) = part {
                    text += literal
                } else {
                    flush()
                    parts.append(part)
                }
                rest = rest[rest.unicodeScalars.index(rest.startIndex, offsetBy: length)...]
                continue
            }
            switch character {
            case "*":
                flush()
                parts.append(.anyText)
            case "?":
                flush()
                parts.append(.anyUnit)
            default: text.unicodeScalars.append(character)
            }
            rest = rest[rest.unicodeScalars.index(after: rest.startIndex)...]
        }
        flush()
        self.parts = parts
    }

    /// The variable at the start of some text, and its length in scalars; nil where none begins.
    private static func variable(_ text: Substring) -> (Part, Int)? {
        guard text.hasPrefix("${"), let brace = text.unicodeScalars.firstIndex(of: "}") else { return nil }
        let variable = text[..<brace].unicodeScalars
        let content = String(variable.dropFirst(2))
        let length = variable.count + 1
        // `${*}`, `${?}` and `${$}` stand for the character itself.
        if ["*", "?", "$"].contains(content) { return (.text(content), length) }
        guard let comma = content.firstIndex(of: ",") else {
            return (.variable(key: content.trimmedSpaces.lowercased(), default: nil), length)
        }
        let given = String(content[content.index(after: comma)...]).trimmedSpaces
        guard given.utf8.count >= 2, given.hasPrefix("'"), given.hasSuffix("'") else { return nil }
        return (
            .variable(
                key: String(content[..<comma]).trimmedSpaces.lowercased(),
                default: String(given.dropFirst().dropLast())
            ), length
        )
    }

    /// The variables that stand in it.
    public var variables: [String] {
        parts.compactMap { if case .variable(let key, _) = $0 { key } else { nil } }
    }

    /// Whether `*` or `?` stands in it as a wildcard.
    public var hasWildcards: Bool { parts.contains { $0 == .anyText || $0 == .anyUnit } }

    /// What an operand is once its variables have their values.
    enum Resolved {
        case pattern(WildcardPattern)
        /// A variable has no value, or several: it matches nothing.
        case void
        case unknown(Set<String>)
    }

    func resolved(in context: some RequestContext, takesWildcards: Bool) -> Resolved {
        var pattern = WildcardPattern()
        var missing: Set<String> = []
        for part in parts {
            switch part {
            case .text(let text): pattern.append(text)
            case .anyText: if takesWildcards { pattern.appendAnyText() } else { pattern.append("*") }
            case .anyUnit: if takesWildcards { pattern.appendAnyUnit() } else { pattern.append("?") }
            case .variable(let key, let fallback):
                switch context.value(of: key) {
                case .single(let text): pattern.append(text)
                case .multiple: return .void
                case .absent:
                    guard let fallback else { return .void }
                    pattern.append(fallback)
                case .unknown: missing.insert(key)
                }
            }
        }
        return missing.isEmpty ? .pattern(pattern) : .unknown(missing)
    }
}

extension String {
    fileprivate var trimmedSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
