extension String {
    /// The text with control characters made visible, so that it stays on one line of a terminal and cannot steer it.
    ///
    /// Among them are those that turn the direction of writing, which can make a text look like another one.
    package var oneLine: String {
        guard unicodeScalars.contains(where: Self.steers) else { return self }
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case _ where Self.steers(scalar): result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// C0, DEL and C1; separators of lines and paragraphs; what Unicode calls format characters (those that turn the
    /// direction of writing, have no width, or are tags), selects a variant, or is ignored; what is no character.
    package static func steers(_ scalar: Unicode.Scalar) -> Bool {
        if 0x20..<0x7F ~= scalar.value { return false }
        let properties = scalar.properties
        return switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate:
            true
        default: properties.isDefaultIgnorableCodePoint || properties.isVariationSelector
        }
    }
}
