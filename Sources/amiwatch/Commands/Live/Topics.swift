import Configuration
import Glibc
import Pipeline

extension Command {
    private static let create = Option.flag("create", "Create the topics that are missing")
    private static let partitions = Option.value(
        "partitions",
        "N",
        "Partitions of new topics: the most workers that can share the load, fixed for ever; 12 by default"
    )
    private static let replication = Option.value(
        "replication",
        "N",
        "Replicas of each partition of new topics; by default 3, or one a broker"
    )

    static let topics = Command(
        "topics",
        "Check the topics, or create them",
        details:
            "Looks at everything about the topics that can lose or block messages, and at what the user may do with "
            + "them, with the consumer groups and with transactional ids. What it finds comes with what would happen "
            + "and the command that mends it. Exit status 1 when a topic is missing or invalid, or something is "
            + "denied: 'amiwatch run' does not work then; warnings alone are no failure.",
        options: [
            LiveOptions.config, LiveOptions.bootstrapServers, LiveOptions.input, create, partitions,
            replication,
        ]
    ) { arguments in
        func number(_ option: Option) throws -> Int? {
            guard let text = arguments[option] else { return nil }
            guard let number = Int(text), (1...10_000).contains(number) else {
                throw UsageError("--\(option.name) \(text) is not a number from 1 to 10000")
            }
            return number
        }
        let (wantedPartitions, wantedReplication) = (try number(partitions), try number(replication))
        let (configuration, log) = try LiveOptions.readConfiguration(arguments)
        let check = try TopicCheck(
            configuration,
            creates: arguments.has(create),
            partitions: wantedPartitions,
            replication: wantedReplication,
            log: log
        )
        try OutputFile.standard { try TopicTable(check).print(to: $0) }
        guard check.isSound else { throw Failure(summary(check)) }
        return .done
    }

    /// What is left to do, in one line.
    private static func summary(_ check: TopicCheck) -> String {
        let parts = [TopicRow.State.missing, .denied, .invalid].compactMap { state -> String? in
            let others = state == .denied ? check.denials.map(\.name) : []
            let names = check.rows.filter { $0.state == state }.map(\.name) + others
            return names.isEmpty ? nil : "\(state.rawValue): \(names.joined(separator: ", "))"
        }
        let isMissing = check.rows.contains { $0.state == .missing }
        let isOther =
            check.rows.contains { $0.state == .invalid || $0.state == .denied } || !check.denials.isEmpty
        let advice =
            isOther
            ? "the commands above mend \(isMissing ? "and create them" : "that")" : "run '\(check.creating)'"
        return parts.joined(separator: "; ") + "; " + advice
    }
}

/// The topics as a table, and below it what is wrong with them.
private struct TopicTable {
    private let check: TopicCheck
    private let isColored = Terminal.hasColor(STDOUT_FILENO)

    init(_ check: TopicCheck) { self.check = check }

    func print(to output: OutputFile) throws {
        let rows = check.rows.map { row in
            [
                row.name, row.purpose, row.partitions.map(String.init) ?? "-",
                row.replication.map(String.init) ?? "-", row.state.rawValue,
                row.properties.joined(separator: " "),
            ]
        }
        let table = Table(
            header: ["TOPIC", "FOR", "PARTITIONS", "REPLICATION", "STATE", "PROPERTIES"],
            rows: rows
        )
        for line in table.lines(width: Terminal.width(of: STDOUT_FILENO)) { try output.line("\(line)") }
        for row in check.rows {
            for fault in row.errors { try print(fault, of: [row.name], "error", .red, to: output) }
        }
        for denial in check.denials {
            try print(denial.fault, of: [denial.name], "error", .red, to: output)
        }
        // What several topics share is said once, with the command for each.
        var told: Set<String> = []
        for row in check.rows {
            for fault in row.warnings where told.insert(fault.message).inserted {
                let sharing = check.rows.filter { row in row.warnings.contains { $0.message == fault.message }
                }
                try print(fault, of: sharing.map(\.name), "warning", .yellow, to: output)
            }
        }
    }

    private func print(
        _ fault: TopicFault,
        of names: [String],
        _ label: String,
        _ color: Terminal.Color,
        to output: OutputFile
    ) throws {
        let line: TerminalLine = "\(label): \(names.joined(separator: ", ")): \(fault.message)"
        try output.line("")
        try output.line(line.painted(color, if: isColored))
        var commands = [fault.command].compactMap(\.self)
        for row in check.rows where names.contains(row.name) {
            for other in row.faults where other.message == fault.message {
                guard let command = other.command, !commands.contains(command) else { continue }
                commands.append(command)
            }
        }
        for command in commands { try output.line("  \(Terminal.command(command))") }
    }
}
