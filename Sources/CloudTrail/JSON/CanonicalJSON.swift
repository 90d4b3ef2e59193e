extension JSONValue {
    /// This value as JSON with sorted keys and nothing that could be left out: equal values give equal text.
    var canonical: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        if isObject {
            var sorted: [String: JSONValue] = [:]
            for (key, value) in members { sorted[key.string] = value }
            text += "{"
            for (index, entry) in sorted.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { text += "," }
                text.appendJSON(entry.key)
                text += ":"
                entry.value.write(to: &text)
            }
            text += "}"
        } else if isArray {
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += "," }
                element.write(to: &text)
            }
            text += "]"
        } else if isString {
            text.appendJSON(self.text?.string ?? "")
        } else if let integer {
            text += String(integer)
        } else {
            text += scalar ?? "null"
        }
    }
}

extension String {
    /// Appends a JSON string, with only the escapes that there must be.
    mutating func appendJSON(_ value: String) {
        append("\"")
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": append("\\\"")
            case "\\": append("\\\\")
            case "\n": append("\\n")
            case "\r": append("\\r")
            case "\t": append("\\t")
            case "\u{0}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                append("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
            default: unicodeScalars.append(scalar)
            }
        }
        append("\"")
    }
}
