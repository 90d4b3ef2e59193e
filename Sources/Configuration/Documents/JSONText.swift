/// JSON as text: what the writers of this module share.
public enum JSONText {
    /// A JSON string with its quotes; only what must be escaped is.
    public static func string(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                if scalar.value < 0x20 {
                    let hex = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }

    /// A value of a JSON file in canonical form: no white space, keys in the order of their bytes, numbers as written.
    static func canonical(_ node: Node) -> String {
        switch node.value {
        case .refused: "null"
        case .scalar(let text, .plain): text
        case .scalar(let text, _): string(text)
        case .sequence(let items): "[" + items.map(canonical).joined(separator: ",") + "]"
        case .mapping(let entries):
            "{"
                + entries.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
                .map { string($0.key) + ":" + canonical($0.value) }.joined(separator: ",") + "}"
        }
    }
}
