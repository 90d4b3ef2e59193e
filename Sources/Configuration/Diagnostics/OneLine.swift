extension String {
    /// The text with control characters made visible, so that it stays on one line of a terminal and cannot steer it.
    ///
    /// Among them are those that turn the direction of writing, which can make a text look like another one.
    public var oneLine: String {
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

    /// C0, DEL and C1; separators of lines and paragraphs; the bidirectional controls of Unicode's annex 9.
    private static func steers(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
