import Configuration
import Glibc
import Pipeline

extension Command {
    private static let create = Option.flag("create", "Make the topics that are missing")
    private static let partitions = Option.value(
        "partitions",
        "N",
        "Partitions of new topics: the most workers that can share the load, fixed for ever; 12 by default"
    )
    private static let replication = Option.value(
        "replication",
        "N",
        "Copies of each record in new topics; by default 3, or one a broker"
    )

    /// `amiwatch topics`.
    static let topics = Command(
        "topics",
        "Check the topics, or make them",
        details: "Exit status 1 when a topic is missing or unfit, with what to do.",
        options: [
            LiveOptions.config, LiveOptions.bootstrapServers, LiveOptions.input, create, partitions,
            replication,
        ]
    ) { arguments in
        func number(_ option: Option) throws -> Int? {
            guard let text = arguments[option] else { return nil }
            guard let number = Int(text), (1...10_000).contains(number) else {
                throw UsageError("--\(option.name) \(text): a number from 1 on is wanted")
            }
            return number
        }
        let (configuration, log) = try LiveOptions.readConfiguration(arguments)
        let check = try TopicCheck(
            configuration,
            creates: arguments.has(create),
            partitions: try number(partitions),
            replication: try number(replication),
            log: log
        )
        try OutputFile.standard { try print(check, to: $0) }
        guard check.isSound else {
            let bad = check.rows.filter { !$0.errors.isEmpty }.map(\.name).joined(separator: ", ")
            throw Failure("not fit for work: \(bad)")
        }
        return .done
    }

    private static func print(_ check: TopicCheck, to output: OutputFile) throws {
        let isColored = Terminal.hasColor(STDOUT_FILENO)
        let rows = check.rows.map { row in
            [
                row.name, row.purpose, row.partitions.map(String.init) ?? "-",
                row.replication.map(String.init) ?? "-",
                row.partitions == nil
                    ? "missing" : row.isNew ? "made" : row.errors.isEmpty ? "in order" : "unfit",
                row.properties.joined(separator: " "),
            ]
        }
        let table = Table(
            header: ["TOPIC", "FOR", "PARTITIONS", "COPIES", "STATE", "PROPERTIES"],
            rows: rows
        )
        for line in table.lines(width: Terminal.width(of: STDOUT_FILENO)) { try output.line(line) }
        for row in check.rows {
            for error in row.errors {
                try output.line(Terminal.paint("error: \(row.name): \(error)", .red, if: isColored))
            }
        }
        // What all topics share is said once.
        var told: Set<String> = []
        for row in check.rows {
            for warning in row.warnings where told.insert(warning).inserted {
                let names = check.rows.filter { $0.warnings.contains(warning) }.map(\.name)
                    .joined(separator: ", ")
                try output.write(
                    Terminal.paint("warning: \(names): \(warning)", .yellow, if: isColored) + "\n"
                )
            }
        }
    }
}
