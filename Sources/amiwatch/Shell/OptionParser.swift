import CArgp
import Configuration
import Glibc

/// A command's option table, handed to glibc's argp.
struct OptionParser {
    let command: Command

    /// Reads the words after the command's name.
    func parse(_ words: [String]) throws -> Arguments {
        var reading = Reading(options: command.options)
        let failed = withUnsafeMutablePointer(to: &reading) { reading in
            withCommand { table in
                var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
                defer { argv.forEach { free($0) } }
                return argv.withUnsafeMutableBufferPointer { argv in
                    guard let base = argv.baseAddress else { return Int32(0) }
                    return carg_parse(table, Int32(words.count), base, reading) { context, option, value in
                        guard let reading = context?.assumingMemoryBound(to: Reading.self) else { return }
                        reading.pointee.take(Int(option), value.map { String(cString: $0) })
                    }
                }
            }
        }
        if failed > 0 { throw refusal(of: words[Int(failed) - 1]) }
        if let error = reading.error { throw error }
        guard failed == 0 else { throw Failure("no memory to read the command line") }
        let wantsHelp = [Option.help, .usage, .version].contains { reading.arguments.has($0) }
        if command.arguments == nil, !wantsHelp, let word = reading.arguments.words.first {
            throw UsageError("\(word) is not understood: the command takes options only")
        }
        return reading.arguments
    }

    func printHelp(brief: Bool) {
        withCommand { carg_help($0, brief) }
    }

    /// What argp's callback fills.
    ///
    /// Its error waits until argp is done: nothing can be thrown through C.
    private struct Reading {
        let options: [Option]
        var arguments = Arguments()
        var error: (any Error)?

        mutating func take(_ option: Int, _ value: String?) {
            guard option >= 0 else { return arguments.take(value ?? "") }
            guard error == nil else { return }
            do { try arguments.take(value, of: options[option]) } catch { self.error = error }
        }
    }

    /// Why argp took no option for a word.
    private func refusal(of word: String) -> UsageError {
        guard word.hasPrefix("--") else { return UsageError("unknown option \(word)") }
        let name = String(word.dropFirst(2).prefix { $0 != "=" })
        let exact = command.options.first { $0.name == name }
        let begun = command.options.filter { $0.name.hasPrefix(name) }
        if let option = exact ?? (begun.count == 1 ? begun.first : nil) {
            return option.value.map { UsageError("--\(option.name) needs a value: --\(option.name)=\($0)") }
                ?? UsageError("--\(option.name) takes no value")
        }
        if begun.count > 1 {
            let names = begun.map { "--" + $0.name }.joined(separator: ", ")
            return UsageError("--\(name) may be any of \(names)")
        }
        let nearest = NearestName.of(name, in: command.options.map(\.name))
        return UsageError("unknown option --\(name)" + (nearest.map { "; did you mean --\($0)?" } ?? ""))
    }

    /// The command in C's form, for as long as `body` runs.
    private func withCommand<Result>(_ body: (UnsafePointer<carg_command>) -> Result) -> Result {
        var owned: [UnsafeMutablePointer<CChar>] = []
        defer { owned.forEach { free($0) } }
        func own(_ text: String) -> UnsafePointer<CChar>? {
            guard let copy = strdup(text) else { return nil }
            owned.append(copy)
            return UnsafePointer(copy)
        }
        var options: [carg_option] = []
        for option in command.options {
            guard let name = own(option.name), let doc = own(option.help) else { continue }
            options.append(
                carg_option(
                    name: name,
                    value: option.value.flatMap(own),
                    doc: doc,
                    letter: option.letter.flatMap(\.asciiValue).map(Int32.init) ?? 0
                )
            )
        }
        return options.withUnsafeBufferPointer { options in
            let text = command.summary + "." + "\u{0B}" + (command.details ?? "")
            // An empty table still has the three options that every command has.
            guard let base = options.baseAddress, let name = own("amiwatch " + command.name),
                let doc = own(text)
            else {
                preconditionFailure("no memory for the option table")
            }
            var table = carg_command(
                name: name,
                arguments: command.arguments.flatMap(own),
                doc: doc,
                options: base,
                count: options.count
            )
            return body(&table)
        }
    }
}
