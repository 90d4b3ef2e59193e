import Configuration
import Glibc

/// The front of the program: finds the command, and turns what it throws into one line and an exit status.
enum CommandShell {
    /// Runs the program with its command line, the program's own name first.
    static func run(_ words: [String]) -> ExitStatus {
        // A closed connection or pipe is an error of the call that meets it, never the end of the process.
        signal(SIGPIPE, SIG_IGN)
        var command: Command?
        do {
            guard let (found, rest) = try find(Array(words.dropFirst())) else { return .done }
            command = found
            let parser = OptionParser(command: found)
            let arguments = try parser.parse(rest)
            if arguments.has(.help) || arguments.has(.usage) {
                parser.printHelp(brief: !arguments.has(.help))
                return .done
            }
            if arguments.has(.version) {
                try printVersion()
                return .done
            }
            return try found.action(arguments)
        } catch {
            return report(error, of: command)
        }
    }

    /// The command that the first word names, and the words after it; nil when help was wanted and given.
    private static func find(_ words: [String]) throws -> (Command, [String])? {
        guard let name = words.first else {
            throw UsageError("name a command")
        }
        switch name {
        case "--help", "-h", "-?", "help", "--usage":
            guard let wanted = words.dropFirst().first(where: { !$0.hasPrefix("-") }) else {
                try printCommands()
                return nil
            }
            return (try command(named: wanted), ["--help"])
        case "--version", "-V", "version":
            try printVersion()
            return nil
        default:
            return (try command(named: name), Array(words.dropFirst()))
        }
    }

    private static func command(named name: String) throws -> Command {
        if let command = Command.all.first(where: { $0.name == name }) { return command }
        if name.hasPrefix("-") { throw UsageError("unknown option \(name): the command comes first") }
        let nearest = NearestName.of(name, in: Command.all.map(\.name))
        throw UsageError("unknown command \(name)" + (nearest.map { "; did you mean \($0)?" } ?? ""))
    }

    private static func printCommands() throws {
        try OutputFile.standard { output in
            try output.write("Usage: amiwatch COMMAND [OPTION...]\n\n")
            let rows = Command.all.map { ["  " + $0.name, $0.summary] }
            for line in Table(rows: rows).lines(width: Terminal.width(of: STDOUT_FILENO)) {
                try output.line("\(line)")
            }
            try output.write("\n'amiwatch COMMAND --help' tells more about a command.\n")
            try output.write(
                "Exit status: 0 done; 1 failed, with a line that says what to do; 2 used wrongly; 3 found what was "
                    + "looked for\n(--fail-on is met, a fixture differs, a trail does not verify); 130 interrupted.\n"
            )
        }
    }

    private static func printVersion() throws {
        try OutputFile.standard { try $0.write("amiwatch \(Version.text)\n") }
    }

    private static func report(_ error: any Error, of command: Command?) -> ExitStatus {
        switch error {
        case is OutputClosed:
            // As every program does whose reader has seen enough; where the signal is blocked, a plain failure.
            signal(SIGPIPE, SIG_DFL)
            raise(SIGPIPE)
            return .failed
        case let error as UsageError:
            let whole = ["amiwatch", command?.name, "--help"].compactMap(\.self).joined(separator: " ")
            let name = command.map { $0.name + ": " } ?? ""
            StandardError.line("amiwatch: \(name)\(error.description) (see '\(whole)')")
            return .usage
        case let errors as ConfigurationErrors:
            for diagnostic in errors.errors { StandardError.line("amiwatch: \(diagnostic)") }
            return .failed
        default:
            StandardError.line("amiwatch: \(error)")
            return .failed
        }
    }
}
