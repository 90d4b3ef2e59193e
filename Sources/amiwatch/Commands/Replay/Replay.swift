import Alerts
import CloudTrail
import Configuration
import Detection
import Glibc
import Pipeline
import TrailArchive
import TrailIntegrity

extension Command {
    static let replay = Command(
        "replay",
        "Judge trail files, as they lie on disk or come from S3",
        arguments: "PATH...",
        details:
            "A PATH is a file, a folder with all below it, or - for standard input; plain, gzip or zstd, JSON, JSON "
            + "lines or any other form in which records travel. Alerts go to standard output, the summary to standard "
            + "error. A file that is written is there whole or not at all; when the replay is interrupted, what was "
            + "written lies beside it, under a name that the summary tells. TIME is 2026-03-17T09:00:00Z, or a day. "
            + "--rule, --account, --resource and --severity choose what is printed; everything is judged and counted, "
            + "and --report and --fail-on are about all of it. With --verify the files are verified first, as by 'amiwatch verify', each "
            + "once more as it is read, and only those that CloudTrail's digests prove are judged. Exit status 3 when "
            + "--fail-on is met.",
        options: ReplayOptions.all
    ) { arguments in
        let start = Stopwatch()
        let run = try ReplayRun(try ReplayOptions(arguments), start)
        let status = try run.run()
        // The process ends: nobody waits until all that it knows is taken apart.
        _ = Unmanaged.passRetained(run)
        return status
    }
}

struct ReplayOptions {
    let paths: [String]
    var policy = Policy()
    let hasPolicy: Bool
    let inventory: InventoryOptions
    let since: EventTime?
    let until: EventTime?
    let output: String?
    let summary: String?
    let deadLetters: String?
    let report: String?
    let printsFindings: Bool
    /// Publishes the alerts; nil when that is not wanted.
    let publisher: ReplayPublisher?
    /// Whether alerts, or findings, are printed.
    let prints: Bool
    let format: Format
    let filter: FindingFilter
    /// How the files are verified first; nil when they are not.
    let verification: Verification?
    let judgesUnverified: Bool

    enum Format {
        /// Lines as programs take them.
        case lines(AlertFormat)
        /// For people.
        case text
        /// For spreadsheets.
        case csv

        static let words = ["native", "text", "csv"] + AlertFormat.foreign.map(\.rawValue)

        init(_ word: String) {
            switch word {
            case "text": self = .text
            case "csv": self = .csv
            default: self = .lines(AlertFormat(rawValue: word) ?? .native)
            }
        }

        /// What alerts are encoded in, before they are printed.
        var encoding: AlertFormat { if case .lines(let format) = self { format } else { .native } }
    }
    let failOn: Severity?

    private static let policy = Option.value("policy", "FILE", "What the organisation trusts")
    private static let findings = Option.flag(
        "findings",
        "Print the findings as they stand at the end, not alerts"
    )
    private static let output = Option.value(
        "output",
        "FILE",
        "Write alerts (or findings) there",
        letter: "o"
    )
    private static let format = Option.choice(
        "format",
        Format.words,
        "amiwatch's JSON lines (the default), text for people, a table for spreadsheets, or what a SIEM takes"
    )
    private static let summary = Option.value("summary", "FILE", "Write what was counted there, as JSON")
    private static let deadLetters = Option.value(
        "dead-letters",
        "FILE",
        "Write what cannot be read there, as JSON lines"
    )
    private static let report = Option.value(
        "report",
        "FILE",
        "Write a report for people there: one page of HTML, about everything that was judged"
    )
    private static let since = Option.value(
        "since",
        "TIME",
        "Print nothing that was decided by earlier records"
    )
    private static let until = Option.value("until", "TIME", "Ignore later records, and judge as of then")
    private static let failOn = Option.value(
        "fail-on",
        "SEVERITY",
        "Exit status 3 when a finding, open or resolved, is as bad as this or worse"
    )

    private static let verify = Option.value(
        "verify",
        "KEYS",
        "Judge only what CloudTrail's digests prove, by the keys that 'aws cloudtrail list-public-keys' printed there (may "
            + "be given more than once)",
        repeats: true
    )
    private static let judgeUnverified = Option.flag(
        "judge-unverified",
        "With --verify: judge also what is not proven; each alert's evidence says so"
    )
    private static let publish = Option.value(
        "publish",
        "NAME",
        "Publish the alerts and findings on the topics of --config or --bootstrap-servers, marked as the replay NAME's; "
            + "nothing is printed then, unless --output is given"
    )

    static let all =
        [policy] + InventoryOptions.all + [
            findings, format, output, summary, deadLetters, report, since, until,
        ] + FindingFilter.options + [
            failOn, verify, IntegrityOptions.metadata, judgeUnverified, publish, LiveOptions.config,
            LiveOptions.bootstrapServers,
        ]

    /// Reads the policy, and refuses what makes no sense.
    init(_ arguments: Arguments) throws {
        paths = try arguments.someWords("PATH")
        if paths.count(where: { $0 == "-" }) > 1 {
            throw UsageError("- is given twice, and can be read once")
        }
        format = Format(arguments[Self.format] ?? "native")
        filter = try FindingFilter(arguments)
        since = try arguments[Self.since].map { try Self.time($0, of: "since", endOfDay: false) }
        until = try arguments[Self.until].map { try Self.time($0, of: "until", endOfDay: true) }
        if let since, let until, since > until { throw UsageError("--since is later than --until") }
        failOn = try arguments[Self.failOn].map { try Self.severity($0, of: "fail-on") }
        inventory = try InventoryOptions(arguments)
        for option in [IntegrityOptions.metadata, Self.judgeUnverified]
        where arguments.has(option) && !arguments.has(Self.verify) {
            throw UsageError("--\(option.name) is about --verify, which is not given")
        }
        if arguments.has(Self.verify), paths.contains("-") {
            throw UsageError("--verify is about files, and standard input is none: name the folder")
        }
        judgesUnverified = arguments.has(Self.judgeUnverified)
        verification =
            arguments.has(Self.verify)
            ? try IntegrityOptions.verification(arguments, keys: Self.verify, since: nil) : nil
        output = arguments[Self.output]
        summary = arguments[Self.summary]
        deadLetters = arguments[Self.deadLetters]
        report = arguments[Self.report]
        printsFindings = arguments.has(Self.findings)
        publisher = try Self.publisher(arguments)
        prints = publisher == nil || output != nil || printsFindings
        hasPolicy = arguments.has(Self.policy)
        if let path = arguments[Self.policy] {
            let read = try PolicyReader.read(path: path, today: EventTime(seconds: Int64(Glibc.time(nil))))
            for warning in read.warnings { StandardError.line("amiwatch: \(warning)") }
            policy = read.policy
        }
    }

    private static func publisher(_ arguments: Arguments) throws -> ReplayPublisher? {
        guard let name = arguments[publish] else {
            for option in [LiveOptions.config, LiveOptions.bootstrapServers] where arguments.has(option) {
                throw UsageError("--\(option.name) goes with --publish")
            }
            return nil
        }
        let isSound =
            (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
                default: false
                }
            }
        guard isSound else {
            throw UsageError("--publish \(name) is not a valid name: up to 64 letters, digits, '.', '_', '-'")
        }
        let (configuration, log) = try LiveOptions.readConfiguration(arguments)
        return try ReplayPublisher(configuration, name: name, log: log)
    }

    /// A time, or a day: its first second, or its last.
    static func time(_ text: String, of option: String, endOfDay: Bool) throws -> EventTime {
        if let time = EventTime(timeOrDay: text, endOfDay: endOfDay) { return time }
        throw UsageError("--\(option) \(text) is not a valid time: write 2026-03-17T09:00:00Z, or 2026-03-17")
    }

    static func severity(_ text: String, of option: String) throws -> Severity {
        if let severity = Severity(rawValue: text) { return severity }
        let known = Severity.allCases.map(\.rawValue).joined(separator: ", ")
        throw UsageError("--\(option) \(text) is not a valid severity: \(known)")
    }
}

/// The options that name inventory files, and say what the files do not.
struct InventoryOptions {
    static let file = Option.value(
        "inventory",
        "FILE",
        "What the AWS CLI printed, as facts (may be given more than once)",
        repeats: true
    )
    static let account = Option.value(
        "inventory-account",
        "ID",
        "The account of inventory files that do not say"
    )
    static let region = Option.value(
        "inventory-region",
        "REGION",
        "The Region of inventory files that do not say"
    )
    static let time = Option.value("inventory-time", "TIME", "When the inventory was taken")

    static let all = [file, account, region, time]

    let files: [String]
    let account: AccountID?
    let region: String?
    let time: EventTime?

    init(_ arguments: Arguments) throws {
        files = arguments.all(Self.file)
        account = try arguments.account(Self.account)
        region = arguments[Self.region]
        time = try arguments.time(Self.time)
        if files.isEmpty {
            for option in [Self.account, Self.region, Self.time] where arguments.has(option) {
                throw UsageError("--\(option.name) is about --inventory, which is not given")
            }
        }
    }
}
