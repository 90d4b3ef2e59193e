/// One option of a command.
///
/// Declared once as a constant, and asked for by that constant.
struct Option: Hashable, Sendable {
    /// The name after the two hyphens.
    let name: String
    /// What the value is called in the help; nil for a flag.
    let value: String?
    let help: String
    let letter: Character?
    /// Whether it may be given more than once.
    let repeats: Bool
    /// The only values there are; nil when any is taken.
    let choices: [String]?

    private init(
        _ name: String,
        value: String?,
        _ help: String,
        letter: Character?,
        repeats: Bool = false,
        choices: [String]? = nil
    ) {
        self.name = name
        self.value = value
        self.help = help
        self.letter = letter
        self.repeats = repeats
        self.choices = choices
    }

    static func flag(_ name: String, _ help: String, letter: Character? = nil) -> Option {
        Option(name, value: nil, help, letter: letter)
    }

    /// With a value.
    static func value(
        _ name: String,
        _ value: String,
        _ help: String,
        letter: Character? = nil,
        repeats: Bool = false
    ) -> Option {
        Option(name, value: value, help, letter: letter, repeats: repeats)
    }

    /// With one of a few values.
    static func choice(_ name: String, _ choices: [String], _ help: String) -> Option {
        Option(name, value: choices.joined(separator: "|"), help, letter: nil, choices: choices)
    }

    static let help = Option.flag("help", "Show this help", letter: "h")
    static let usage = Option.flag("usage", "Show a short usage line")
    static let version = Option.flag("version", "Show the version")
}
