/// One command of the program: what its help says, its options, and what it does.
///
/// Each stands in a file of its own under `Commands/`, and in the list `Command.all`.
struct Command: Sendable {
    /// The word after `amiwatch`.
    let name: String
    /// One line for the list of commands; the first line of the command's help.
    let summary: String
    /// What its arguments are called, `PATH...`; nil when it takes none.
    let arguments: String?
    /// What the help says after the options.
    let details: String?
    /// The options, in the order of the help.
    let options: [Option]
    /// Does the work.
    ///
    /// Errors that are thrown become one line on standard error and exit status 1, a `UsageError` status 2.
    let action: @Sendable (Arguments) throws -> ExitStatus

    init(
        _ name: String,
        _ summary: String,
        arguments: String? = nil,
        details: String? = nil,
        options: [Option] = [],
        action: @escaping @Sendable (Arguments) throws -> ExitStatus
    ) {
        self.name = name
        self.summary = summary
        self.arguments = arguments
        self.details = details
        self.options = options + [.help, .usage, .version]
        self.action = action
    }
}

/// What the command line gave to a command.
struct Arguments: Sendable {
    /// What is no option.
    fileprivate(set) var words: [String] = []
    private var values: [String: [String]] = [:]

    /// The value of an option that has one, if it was given.
    subscript(option: Option) -> String? { values[option.name]?.last }

    /// All values of an option that may be repeated.
    func all(_ option: Option) -> [String] { values[option.name] ?? [] }

    func has(_ option: Option) -> Bool { values[option.name] != nil }

    /// The same without an option.
    func without(_ option: Option) -> Arguments {
        var others = self
        others.values[option.name] = nil
        return others
    }

    /// The one word that the command needs.
    func onlyWord(_ what: String) throws -> String {
        guard words.count == 1, let word = words.first else {
            throw UsageError(
                words.isEmpty ? "\(what) is missing" : "one \(what) is wanted, and \(words.count) are given"
            )
        }
        return word
    }

    /// The words, at least one.
    func someWords(_ what: String) throws -> [String] {
        guard !words.isEmpty else { throw UsageError("\(what) is missing") }
        return words
    }

    mutating func take(_ word: String) { words.append(word) }

    mutating func take(_ value: String?, of option: Option) throws {
        guard option.repeats || option.value == nil || values[option.name] == nil else {
            throw UsageError("--\(option.name) is given twice")
        }
        if let choices = option.choices, let value, !choices.contains(value) {
            throw UsageError("--\(option.name) cannot be \(value): \(choices.joined(separator: ", "))")
        }
        values[option.name, default: []].append(value ?? "")
    }
}
