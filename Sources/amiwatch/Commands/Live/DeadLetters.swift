import Alerts
import CloudTrail
import Configuration
import Glibc
import Pipeline
import TrailArchive

extension Command {
    private static let reason = Option.value(
        "reason",
        "WORD,...",
        "Only those with these reasons",
        repeats: true
    )
    private static let account = Option.value("account", "ID,...", "… of these accounts", repeats: true)
    private static let letterState = Option.value(
        "state",
        "WORD,...",
        "… of these states: waiting, redriven (put into the input again), returned (and came back)",
        repeats: true
    )
    private static let count = Option.flag("count", "Count them by reason instead of listing them")
    private static let show = Option.value(
        "show",
        "ID",
        "Show one whole: its ID in the list, or the beginning of it"
    )
    private static let redrive = Option.flag("redrive", "Put them into the input again, once each")
    private static let again = Option.flag("again", "With --redrive: also those that were put in before")
    private static let dryRun = Option.flag("dry-run", "With --redrive: only show what would be put in")
    private static let format = Option.choice("format", ["table", "json"], "How to print it")

    static let deadLetters = Command(
        "deadletters",
        "List what could not be read, show one, or put it into the input again",
        arguments: "[FILE...]",
        details:
            "Reads the dead-letter topic to its present end, or files that 'replay --dead-letters' wrote. --redrive puts what "
            + "could not be read into the input again, where it was, when the cause is mended: each once, however "
            + "many letters have the same bytes, with a note on the dead-letter topic in the same transaction. What "
            + "comes back as a dead letter is put in no more, unless --again says so. A letter that holds only a part is "
            + "read once more from where it was found, as long as it is there; records that were read the first time "
            + "change nothing.",
        options: [LiveOptions.config, LiveOptions.bootstrapServers, LiveOptions.input]
            + [reason, account, letterState, count, show, redrive, again, dryRun, format]
    ) { arguments in
        let choice = try LetterChoice(
            reasons: words(arguments, reason),
            accounts: words(arguments, account),
            states: words(arguments, letterState)
        )
        let redrives = arguments.has(redrive)
        for option in [again, dryRun] where arguments.has(option) && !redrives {
            throw UsageError("--\(option.name) goes with --redrive")
        }
        if redrives, arguments.has(show) || arguments.has(count) {
            throw UsageError(
                "--redrive lists what it puts in: leave --show and --count out, and choose with --reason"
            )
        }
        let files = arguments.words
        var read: (RunConfiguration, RunLog)?
        if files.isEmpty || redrives { read = try LiveOptions.readConfiguration(arguments) }
        let box =
            files.isEmpty
            ? try read.map { try LetterBox($0, log: $1) }
            : try LetterBox(files: files.flatMap(letters), read?.0, log: read?.1 ?? RunLog(level: .error))
        guard let box else { return .done }
        let chosen = box.letters.filter(choice.admits)
        let printer = LetterPrinter(isJSON: arguments[format] == "json")
        if let id = arguments[show] {
            let found = try LetterPrinter.one(id, of: chosen)
            try OutputFile.standard { try printer.show(found, to: $0) }
            return .done
        }
        if redrives, let (configuration, log) = read {
            let summary = try Redriver(configuration, log: log).redrive(
                chosen,
                again: arguments.has(again),
                tried: arguments.has(dryRun)
            )
            try OutputFile.standard { try printer.print(summary, to: $0) }
            StandardError.line("amiwatch: \(words(of: summary, isTried: arguments.has(dryRun)))")
            return summary.refused.isEmpty ? .done : .failed
        }
        try OutputFile.standard { output in
            if arguments.has(count) {
                try printer.printCounts(chosen, to: output)
            } else {
                try printer.print(chosen, to: output)
            }
        }
        let all = box.letters.count == chosen.count ? "" : " of \(Numbers.grouped(box.letters.count))"
        let origin = box.offsets.isEmpty ? "" : "; read up to \(box.offsets.joined(separator: " "))"
        StandardError.line(
            "amiwatch: \(Numbers.grouped(chosen.count))\(all) dead letter\(chosen.count == 1 ? "" : "s")\(origin)"
        )
        return .done
    }

    private static func words(_ arguments: Arguments, _ option: Option) -> [String] {
        arguments.all(option).flatMap {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
    }

    private static func letters(of path: String) throws -> [StoredLetter] {
        let name = path == "-" ? "standard input" : path
        return try WholeFile.bytes(path).split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
            .filter { !$1.isEmpty }.map { index, line in
                guard
                    let letter = JSONTree(line).flatMap({
                        StoredLetter($0, place: "\(name):\(index + 1)")
                    })
                else { throw Failure("\(name), line \(index + 1): no dead letter (amiwatch.deadletter/1)") }
                return letter
            }
    }

    private static func words(of summary: Redriver.Summary, isTried: Bool) -> String {
        let number = Numbers.count(summary.messages.count, "message")
        var parts = [
            isTried ? "\(number) would be put into the input; nothing was" : "\(number) put into the input"
        ]
        if summary.before > 0 {
            parts.append("\(Numbers.grouped(summary.before)) put in before (--again puts them in once more)")
        }
        if !summary.refused.isEmpty { parts.append("\(Numbers.grouped(summary.refused.count)) cannot be") }
        return parts.joined(separator: ", ")
    }
}

/// Which dead letters are meant.
private struct LetterChoice {
    private let reasons: Set<String>
    private let accounts: Set<String>
    private let states: Set<StoredLetter.State>

    init(reasons: [String], accounts: [String], states: [String]) throws {
        let known = DeadLetter.Reason.allCases.map(\.rawValue)
        for word in reasons where !known.contains(word) {
            let nearest = NearestName.of(word, in: known).map { "; did you mean \($0)?" }
            throw UsageError(
                "--reason \(word) is not a reason" + (nearest ?? ": \(known.joined(separator: ", "))")
            )
        }
        for id in accounts where AccountID(id) == nil {
            throw UsageError("--account \(id) is not a valid account id: write its 12 digits")
        }
        self.states = try Set(
            states.map { word in
                guard let state = StoredLetter.State(rawValue: word) else {
                    let all = StoredLetter.State.allCases.map(\.rawValue).joined(separator: ", ")
                    throw UsageError("--state \(word) is not a state: \(all)")
                }
                return state
            }
        )
        (self.reasons, self.accounts) = (Set(reasons), Set(accounts))
    }

    func admits(_ letter: StoredLetter) -> Bool {
        (reasons.isEmpty || reasons.contains(letter.reason))
            && (accounts.isEmpty || letter.account.map(accounts.contains) ?? false)
            && (states.isEmpty || states.contains(letter.state))
    }
}

/// Dead letters for people, or as JSON lines.
private struct LetterPrinter {
    let isJSON: Bool

    /// Enough to tell letters apart.
    private static let idDigits = 12

    /// The letter whose id begins so.
    static func one(_ id: String, of letters: [StoredLetter]) throws -> StoredLetter {
        let found = letters.filter { $0.sha256.hasPrefix(id) }
        guard let letter = found.last else { throw Failure("no dead letter has the id \(id)") }
        guard Set(found.map(\.sha256)).count == 1 else {
            throw Failure("\(id) is the beginning of several ids: give more of it")
        }
        return letter
    }

    func print(_ letters: [StoredLetter], to output: OutputFile) throws {
        if isJSON {
            for letter in letters { try output.line(Self.json(letter)) }
        } else if !letters.isEmpty {
            let rows = letters.map { letter in
                [
                    String(letter.sha256.prefix(Self.idDigits)), letter.state.rawValue, letter.reason,
                    letter.account ?? "-", String(letter.size), letter.origin, letter.message,
                ].map(\.oneLine)
            }
            try print(
                Table(
                    header: ["ID", "STATE", "REASON", "ACCOUNT", "BYTES", "FOUND IN", "WHAT IS WRONG"],
                    rows: rows
                ),
                to: output
            )
        }
    }

    func printCounts(_ letters: [StoredLetter], to output: OutputFile) throws {
        let groups = Dictionary(grouping: letters) { $0.reason }
            .map { (reason: $0, letters: $1, count: $1.reduce(0) { $0 + $1.count }) }
            .sorted { ($1.count, $0.reason) < ($0.count, $1.reason) }
        if isJSON {
            for group in groups {
                var json = JSONWriter()
                json.object { json in
                    json.member("reason", group.reason)
                    json.member("letters", group.letters.count)
                    json.member("count", group.count)
                    for state in StoredLetter.State.allCases {
                        json.key(text: state.rawValue)
                        json.number(group.letters.count { $0.state == state })
                    }
                }
                try output.line(json.bytes)
            }
        } else if !groups.isEmpty {
            let rows = groups.map { group in
                let waiting = group.letters.count { $0.state == .waiting }
                return [
                    group.reason, String(group.count), String(waiting), group.letters.last?.origin ?? "",
                    group.letters.last?.message ?? "",
                ].map(\.oneLine)
            }
            try print(
                Table(header: ["REASON", "COUNT", "WAITING", "LATEST IN", "WHAT IS WRONG"], rows: rows),
                to: output
            )
        }
    }

    /// One letter with all that it tells.
    func show(_ letter: StoredLetter, to output: OutputFile) throws {
        if isJSON { return try output.line(Self.json(letter)) }
        let source = letter.document["source"]
        var rows = [
            ["reason", "\(letter.reason): \(letter.message)"], ["state", letter.state.rawValue],
            ["found in", letter.origin],
        ]
        func add(_ name: String, _ value: String?) { if let value { rows.append([name, value]) } }
        add("written", source?["timestamp"]?.text)
        add("record", source?["record_index"]?.integer.map { "\($0) (records of it were read before)" })
        add("at byte", source?["byte_offset"]?.integer.map(String.init))
        add("account", letter.account)
        add("stands for", letter.count > 1 ? "\(letter.count) things" : nil)
        let part =
            letter.heldBytes.count < letter.size
            ? ", of which it holds the first \(letter.heldBytes.count)" : ""
        add("size", "\(letter.size) bytes\(part)")
        add("sha256", letter.sha256)
        add("letter", letter.place)
        for line in Table(rows: rows.map { $0.map(\.oneLine) }).lines(
            width: Terminal.width(of: STDOUT_FILENO)
        ) {
            try output.line("\(line)")
        }
        try output.line("")
        for line in Self.picture(letter.heldBytes) { try output.line("\(line)") }
    }

    func print(_ summary: Redriver.Summary, to output: OutputFile) throws {
        for (letter, topic) in summary.messages {
            if isJSON {
                var json = JSONWriter()
                json.object { json in
                    json.member("sha256", letter.sha256)
                    json.member("topic", topic)
                }
                try output.line(json.bytes)
            } else {
                let id = letter.sha256.prefix(Self.idDigits)
                try output.line("\(id)  \(letter.reason)  \(letter.origin) -> \(topic)")
            }
        }
        for (letter, why) in summary.refused {
            StandardError.line("amiwatch: \(letter.sha256.prefix(Self.idDigits)), \(letter.reason): \(why)")
        }
    }

    private func print(_ table: Table, to output: OutputFile) throws {
        for line in table.lines(width: Terminal.width(of: STDOUT_FILENO)) { try output.line("\(line)") }
    }

    private static func json(_ letter: StoredLetter) -> [UInt8] {
        letter.document.patched(by: [
            "state": .string(letter.state.rawValue), "place": .string(letter.place),
        ]).line
    }

    /// The beginning of what could not be read: as text where it is that, else byte by byte.
    private static func picture(_ bytes: [UInt8]) -> [String] {
        let (textAtMost, bytesAtMost) = (4000, 512)
        if let text = String(validating: bytes.prefix(textAtMost), as: UTF8.self) {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
                String($0).oneLine
            }
            return lines + (bytes.count > textAtMost ? ["..."] : [])
        }
        let shown = bytes.prefix(bytesAtMost)
        var lines = stride(from: 0, to: shown.count, by: 16).map { start -> String in
            let row = shown[start..<min(shown.count, start + 16)]
            let digits = row.map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined(separator: " ")
            let text = row.map { 0x20...0x7E ~= $0 ? String(UnicodeScalar($0)) : "." }.joined()
            let offset = String(start, radix: 16)
            return String(repeating: "0", count: max(0, 8 - offset.count)) + offset + "  "
                + digits + String(repeating: " ", count: 48 - digits.count + 1) + text
        }
        if bytes.count > bytesAtMost { lines.append("...") }
        return lines
    }
}
