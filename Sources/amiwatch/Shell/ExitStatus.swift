/// What the program's end says to a script.
enum ExitStatus: Int32 {
    case done = 0
    /// Failed, with one line that says what to do.
    case failed = 1
    case usage = 2
    /// Done, and what was looked for was found: `--fail-on` met, a chain broken, a fixture differing.
    case found = 3
    /// Ended by SIGHUP, SIGINT or SIGTERM with what was done until then, as a shell tells it.
    case hungUp = 129
    case interrupted = 130
    case terminated = 143
}

/// A command could not do its work: one line that says what, where, and what to do.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

struct UsageError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Nobody reads the output any more: the program ends quietly.
struct OutputClosed: Error {}
