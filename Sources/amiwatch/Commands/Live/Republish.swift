import CloudTrail
import Configuration
import Detection
import Glibc
import Pipeline

extension Command {
    private static let topic = Option.value(
        "topic",
        "TOPIC",
        "The one topic where the alerts go; by default all topics of alerts in the configuration"
    )
    private static let since = Option.value(
        "since",
        "TIME",
        "Only findings whose deciding record is not older (2026-03-17T09:00:00Z, or a day)"
    )
    private static let dryRun = Option.flag("dry-run", "Only show what would be published")

    static let republish = Command(
        "republish",
        "Publish the alerts of open findings again, for a new alerts topic or a new reader",
        details:
            "Reads the state to its present end, beside running workers, which notice nothing, and publishes the last "
            + "alert of each open finding once more, all in one transaction: with its finding_id, alert_id and "
            + "revision, marked by \"republished\": true and a header of that name. Whoever has seen an alert_id, also "
            + "under instances, drops it. Each finding is a message of its own. Give it the workers' configuration and "
            + "policy.",
        options: [LiveOptions.config, LiveOptions.bootstrapServers, LiveOptions.policy, topic]
            + FindingFilter.options + [since, dryRun]
    ) { arguments in
        let filter = try FindingFilter(arguments)
        let since = try arguments[since].map { try ReplayOptions.time($0, of: "since", endOfDay: false) }
        if let name = arguments[topic], name.isEmpty { throw UsageError("--topic is empty") }
        let (configuration, log) = try LiveOptions.readConfiguration(arguments)
        let choice = Republisher.Choice(
            identities: { filter.admits($0) },
            findings: { filter.admits($0) && $0.event.time >= since ?? .distantPast }
        )
        let republisher = try Republisher(
            configuration,
            policy: try policy(of: configuration),
            topic: arguments[topic],
            log: log
        )
        let isDryRun = arguments.has(dryRun)
        let summary = try isDryRun ? show(republisher, choice) : republisher.publish(choice)
        report(summary, of: republisher, isDryRun: isDryRun)
        return .done
    }

    private static func policy(of configuration: RunConfiguration) throws -> Policy {
        guard let path = configuration.policy else { return Policy() }
        let (policy, warnings) = try LiveOptions.readPolicy(path, namedAt: configuration.policyLocation)
        for warning in warnings { StandardError.line("amiwatch: \(warning)") }
        return policy
    }

    private static func show(
        _ republisher: Republisher,
        _ choice: Republisher.Choice
    ) throws -> Republisher.Summary {
        var rows: [[String]] = []
        let summary = try republisher.forEach(choice) { alert in
            let (finding, subject) = (alert.finding, alert.finding.identity.subject)
            rows.append(
                [
                    finding.severity.rawValue, finding.status.rawValue, finding.identity.rule,
                    subject.scope.account.description, subject.scope.region, subject.resource.id,
                    finding.event.time.description, alert.findingID,
                ].map(\.oneLine)
            )
        }
        guard !rows.isEmpty else { return summary }
        let table = Table(
            header: ["SEVERITY", "STATUS", "RULE", "ACCOUNT", "REGION", "RESOURCE", "EVENT TIME", "FINDING"],
            rows: rows
        )
        try OutputFile.standard { output in for line in table.lines(width: nil) { try output.line("\(line)") }
        }
        return summary
    }

    private static func report(
        _ summary: Republisher.Summary,
        of republisher: Republisher,
        isDryRun: Bool
    ) {
        StandardError.line("amiwatch: read up to \(republisher.offsets.joined(separator: " "))")
        if summary.changing > 0 {
            StandardError.line(
                "amiwatch: \(Numbers.count(summary.changing, "finding")) left out: about to change, and the workers "
                    + "publish that"
            )
        }
        if !summary.forgotten.isEmpty {
            StandardError.line(
                "amiwatch: \(Numbers.count(summary.forgotten.count, "finding")) left out, because the facts behind them "
                    + "are no longer kept: \(summary.forgotten.joined(separator: " "))"
            )
        }
        let alerts = Numbers.count(summary.alerts, "open finding")
        let topics = republisher.topics.joined(separator: ", ")
        StandardError.line(
            isDryRun
                ? "amiwatch: \(alerts) would be republished to \(topics); nothing was published"
                : "amiwatch: \(alerts) republished to \(topics)"
        )
    }
}
