import Configuration

/// A line for people: what the program itself writes stands as it is, and whatever is put into it is escaped.
///
/// Names, paths and error texts come from outside. In a string literal they can neither steer a terminal nor begin
/// another line, without anybody thinking of it.
struct TerminalLine: ExpressibleByStringInterpolation {
    let text: String

    private init(_ text: String) { self.text = text }

    init(stringLiteral literal: String) { text = literal }

    init(stringInterpolation parts: Parts) { text = parts.text }

    struct Parts: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

        mutating func appendLiteral(_ literal: String) { text += literal }

        mutating func appendInterpolation(_ line: TerminalLine) { text += line.text }

        mutating func appendInterpolation(_ value: some Any) { text += "\(value)".oneLine }
    }

    static func + (left: TerminalLine, right: TerminalLine) -> TerminalLine {
        TerminalLine(left.text + right.text)
    }

    /// In a colour, when colours are wanted.
    func painted(_ color: Terminal.Color, if wanted: Bool) -> TerminalLine {
        wanted ? TerminalLine("\u{1B}[\(color.rawValue)m\(text)\u{1B}[0m") : self
    }
}
