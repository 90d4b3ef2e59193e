/// Texts made of what shells, terminals, tables and parsers read as more than text, the same for the same seed.
public struct HostileText {
    private var random: SplitMix64

    /// The texts of a seed.
    public init(seed: UInt64) { random = SplitMix64(seed: seed) }

    /// What is put together: quotes and what joins them to one `Character`, controls, and words that mean something.
    public static let pieces: [String] = [
        "'", "\"", "`", "$", "$(id)", "!", "!!", "\\", ";", "&", "|", "<", ">", "(", ")", "{", "}", "[", "]",
        "*", "?",
        "~", "#", "=", "%", "^", ",", ":", "/", "@", "+", "-", "--", " ", "\n", "\r", "\t", "\0", "\u{1B}",
        "\u{1B}[2J",
        "\u{7}", "\u{8}", "\u{7F}", "\u{85}", "\u{9B}", "\u{9D}", "\u{301}", "\u{308}", "\u{327}", "\u{200B}",
        "\u{200D}",
        "\u{200E}", "\u{202E}", "\u{2028}", "\u{2029}", "\u{2066}", "\u{2069}", "\u{FEFF}", "\u{FE0F}",
        "\u{1F3FB}",
        "\u{1F1E9}", "\u{E0041}", "\u{E000}", "\u{FFFE}", "\u{FFFD}", "\u{AD}", "\u{A0}", "\u{3164}",
        "\u{212B}", "e\u{301}",
        "\u{E9}", "'\u{301}", "'\u{200D}", "'\u{FE0F}", "'\u{1F3FB}", "';touch PWNED;'", "`touch PWNED`",
        "$(touch PWNED)",
        "\ntouch PWNED\n", "file://", "fileb://", "http://", "--cli-input-json=file:///etc/passwd", "Key=",
        "Value=",
        "@=", "null", "=cmd|'/C calc'!A0", "ami-0abcdef0000000001", "us-east-1", "a", "Z", "0", "9", "-", "_",
        ".",
    ]

    /// A number below a bound.
    public mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }

    /// A text of up to 12 pieces.
    public mutating func text() -> String {
        var text = ""
        for _ in 0..<below(13) { text.unicodeScalars.append(contentsOf: piece().unicodeScalars) }
        return text
    }

    /// A text with a piece put in somewhere, or with a scalar replaced or taken out; now and then the text itself.
    public mutating func damaged(_ text: String) -> String {
        var scalars = Array(text.unicodeScalars)
        let place = below(scalars.count + 1)
        switch below(4) {
        case 0: break
        case 1 where place < scalars.count: scalars.remove(at: place)
        case 2 where place < scalars.count:
            scalars.replaceSubrange(place...place, with: piece().unicodeScalars)
        default: scalars.insert(contentsOf: piece().unicodeScalars, at: place)
        }
        return String(String.UnicodeScalarView(scalars))
    }

    private mutating func piece() -> String {
        if below(8) == 0, let scalar = Unicode.Scalar(UInt32(below(0x11_0000))) { return String(scalar) }
        return Self.pieces[below(Self.pieces.count)]
    }
}
