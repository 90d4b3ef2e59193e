import CloudTrail
import Detection
import Glibc

extension Command {
    private static let account = Option.value("account", "ID", "The guardrails of this account's Regions")
    private static let region = Option.value("region", "REGION", "… of this Region")
    private static let image = Option.value(
        "image",
        "ID",
        "An image: whose it is, its tags, who may use it, where it comes from, what runs it"
    )
    private static let instance = Option.value("instance", "ID", "An instance: its image, who launched it")
    private static let principal = Option.value("principal", "ARN", "What a role, a user or a session did")
    private static let members = Option.flag("members", "The accounts of the organization")
    private static let at = Option.value(
        "at",
        "TIME",
        "As of then (2026-03-17T09:00:00Z); of a day: as of its end, with every share and launch of that day"
    )
    private static let history = Option.flag("history", "Tell shares and launches that have ended, too")
    private static let format = Option.choice(
        "format",
        ["table", "json"],
        "A table (the default), or JSON lines"
    )

    static let state = Command(
        "state",
        "Tell what is known of an account, image, instance or principal, also as of a time",
        arguments: "[PATH...]",
        details: KnownState.details
            + " Without a selection it tells in short what is known of each account. What no record tells is unknown, and "
            + "said to be: it is never taken for a no. --at asks what was so then, by all that is known by now.",
        options: [account, region, image, instance, principal, members, at, history, format]
            + KnownState.options
    ) { arguments in
        let question = try question(arguments)
        let asOf = try asOf(arguments)
        var known = try KnownState(arguments)
        let reports = known.reports(question, asOf: asOf)
        guard !reports.isEmpty else {
            throw Failure("nothing is known of \(question.words): no record names it; \(known.origin)")
        }
        try OutputFile.standard { output in
            let printer = StatePrinter(asOf: asOf, isJSON: arguments[format] == "json")
            try printer.print(reports, to: output)
        }
        StandardError.line("amiwatch: \(known.origin)")
        return .done
    }

    private static func question(_ arguments: Arguments) throws -> StateQuestion {
        let named = [image, instance, principal, members].filter(arguments.has)
        let places = [account, region].filter(arguments.has)
        guard named.count + (places.isEmpty ? 0 : 1) <= 1 else {
            let names = (named + places).map { "--\($0.name)" }.joined(separator: " and ")
            throw UsageError("\(names) are too much at once: ask for one of them")
        }
        func id(_ option: Option, _ prefixes: String...) throws -> ResourceID? {
            guard let text = arguments[option] else { return nil }
            guard prefixes.contains(where: text.hasPrefix) else {
                throw UsageError("--\(option.name) \(text) is not a valid id: it begins with \(prefixes[0])")
            }
            return ResourceID(text)
        }
        if let image = try id(image, "ami-", "import-ami-") { return .image(image) }
        if let instance = try id(instance, "i-") { return .instance(instance) }
        if let arn = arguments[principal] {
            guard arn.hasPrefix("arn:") else {
                throw UsageError("--principal \(arn) is not a valid ARN: it begins with arn:")
            }
            return .principal(ExactText(arn))
        }
        if arguments.has(members) { return .members }
        if places.isEmpty { return .summary }
        return .guardrails(try arguments.account(account), region: arguments[region].map { ExactText($0) })
    }

    private static func asOf(_ arguments: Arguments) throws -> AsOf {
        guard let text = arguments[at] else { return arguments.has(history) ? .always : .now }
        if arguments.has(history) {
            throw UsageError("--at and --history contradict each other: give one of them")
        }
        return AsOf(
            start: try ReplayOptions.time(text, of: "at", endOfDay: false),
            end: try ReplayOptions.time(text, of: "at", endOfDay: true)
        )
    }
}

extension StateQuestion {
    /// What is asked for, in a sentence.
    fileprivate var words: String {
        switch self {
        case .summary: "any account"
        case .guardrails(let account, let region):
            [account?.description, region?.string].compactMap(\.self).joined(separator: "/")
        case .image(let id): "image \(id)"
        case .instance(let id): "instance \(id)"
        case .principal(let arn): "principal \(arn)"
        case .members: "the organization's members"
        }
    }
}
