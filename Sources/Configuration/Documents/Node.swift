/// One value of a YAML or JSON file, with its place.
///
/// Scalars keep their text and whether they were quoted, so that `111122223333` and `"111122223333"` can be
/// told apart.
package struct Node: Sendable {
    package enum Style: Sendable {
        /// Without quotes; in JSON a number, `true`, `false` or `null`.
        case plain
        /// With quotes, or as a block of text.
        case quoted
        /// Outside any file (an option, a variable), where there are no quotes: it may be of any type.
        case setting
    }

    package struct Entry: Sendable {
        package let key: String
        package let location: FileLocation
        package let value: Node
    }

    package enum Value: Sendable {
        case scalar(String, Style)
        case sequence([Node])
        case mapping([Entry])
        /// Something that was reported already, so that its readers say nothing more about it.
        case refused
    }

    package let location: FileLocation
    package let value: Value

    /// What it is, for messages.
    var kind: String {
        switch value {
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .refused: "something refused"
        case .scalar(let text, .plain):
            switch PlainScalar(text) {
            case .null: "nothing"
            case .boolean: "a boolean"
            case .number: "a number"
            case .text: "a string"
            }
        case .scalar: "a string"
        }
    }

    /// Whether it is `null`, `~` or nothing at all.
    var isNull: Bool {
        if case .scalar(let text, .plain) = value { return PlainScalar(text) == .null }
        return false
    }
}

/// What an unquoted scalar is to a YAML 1.1 or a YAML 1.2 reader: if either takes it for something else than a
/// text, so do we, because the file would mean different things to different tools.
enum PlainScalar: Equatable {
    case null
    case boolean
    case number
    case text

    init(_ text: String) {
        switch text.lowercased() {
        case "", "~", "null": self = .null
        case "true", "false", "yes", "no", "on", "off", "y", "n": self = .boolean
        default: self = Self.isNumber(text) ? .number : .text
        }
    }

    private static func isNumber(_ text: String) -> Bool {
        var rest = Substring(text.lowercased())
        if let sign = rest.first, sign == "-" || sign == "+" { rest.removeFirst() }
        if rest == ".inf" || rest == ".nan" { return true }
        for (prefix, digits) in [("0x", "0123456789abcdef_"), ("0o", "01234567_"), ("0b", "01_")]
        where rest.hasPrefix(prefix) {
            return rest.count > 2 && rest.dropFirst(2).allSatisfy(digits.contains)
        }
        guard let first = rest.first, first.isASCII, first.isNumber || first == "." else { return false }
        guard rest.contains(where: { $0.isASCII && $0.isNumber }) else { return false }
        // 1_000, 1.5, 1e9 and, to YAML 1.1, 190:20:30; a date has a hyphen where none of these may have one.
        let parts = rest.split(separator: "e", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts[0].allSatisfy({ $0.isASCII && ($0.isNumber || "_.:".contains($0)) }) else { return false }
        guard parts[0].count(where: { $0 == "." }) <= 1, parts[0].last != ":" else { return false }
        guard parts.count == 2 else { return true }
        let exponent = parts[1].drop { "+-".contains($0) }
        return !exponent.isEmpty && exponent.allSatisfy { $0.isASCII && $0.isNumber }
    }
}
