import CloudTrail
import Configuration
import Detection
import Foundation
import Kafka
import Pipeline

extension Command {
    private static let embedded = Option.flag(
        "embedded",
        "Start a broker inside this process, for a first run; what it holds is gone afterwards"
    )
    private static let input = Option.value(
        "input",
        "TOPIC",
        "Where CloudTrail records are read; repeat it for more",
        repeats: true
    )
    private static let untilEnd = Option.flag(
        "until-end",
        "Stop when everything that is there now has been judged and committed"
    )
    private static let feed = Option.value(
        "feed",
        "PATH",
        "First put the trail files of a file or folder into the input topic",
        repeats: true
    )
    private static let printAlerts = Option.flag("print-alerts", "Show the alerts as they come out of Kafka")

    /// `amiwatch run`.
    static let run = Command(
        "run",
        "Judge CloudTrail as it comes through Kafka, and publish every alert exactly once",
        details:
            "Without --config everything has its default; environment variables (AMIWATCH_INPUT_TOPICS, …) stand over the "
            + "file, and the options below over both. Stop it with SIGTERM or Ctrl-C: what is done is committed first.",
        options: LiveOptions.all + [embedded, input, untilEnd, feed, printAlerts]
    ) { arguments in
        let (configuration, policy, log) = try LiveOptions.read(
            arguments,
            more: arguments.has(input)
                ? [RunOverride("input.topics", arguments.all(input), from: "--input")] : []
        )
        var options = LiveRun.Options()
        options.isEmbedded = arguments.has(embedded)
        options.endsWhenRead = arguments.has(untilEnd)
        options.feed = arguments.all(feed)
        if arguments.has(printAlerts) {
            let isColored = Terminal.hasColor(STDOUT_FILENO)
            options.onAlert = { alert in
                // That nobody sees them any more does not stop the work.
                try? OutputFile.standard { try $0.write(AlertPicture(alert, isColored: isColored).text) }
            }
        }
        FetchMemory.keep()
        let signals = StopSignals()
        let run = LiveRun(configuration, policy: policy, options: options, log: log)
        _ = try run.run { if signals.haveCome { run.stop() } }
        return .done
    }
}

/// The options that say where Kafka is and what is trusted, of every command that talks to Kafka.
enum LiveOptions {
    static let config = Option.value("config", "FILE", "The configuration (Deploy/amiwatch.example.yaml)")
    static let bootstrapServers = Option.value("bootstrap-servers", "HOST:PORT", "Kafka's address")
    static let policy = Option.value("policy", "FILE", "What the organisation trusts")

    static let all = [config, bootstrapServers, policy]

    /// What is in force; warnings go to the log.
    static func read(
        _ arguments: Arguments,
        more: [RunOverride] = []
    ) throws -> (RunConfiguration, Policy, RunLog) {
        let (configuration, log) = try readConfiguration(arguments, more: more)
        var policy = Policy()
        if let path = configuration.policy {
            let (read, warnings) = try PolicyReader.read(
                path: path,
                today: .init(seconds: Int64(Date().timeIntervalSince1970))
            )
            policy = read
            for warning in warnings { StandardError.line("amiwatch: \(warning)") }
        } else {
            StandardError.line("amiwatch: no policy is given, so nobody is trusted: --policy FILE")
        }
        return (configuration, policy, log)
    }

    static func readConfiguration(
        _ arguments: Arguments,
        more: [RunOverride] = []
    ) throws -> (RunConfiguration, RunLog) {
        var options = more
        if let servers = arguments[bootstrapServers] {
            options.append(RunOverride("kafka.bootstrap_servers", [servers], from: "--bootstrap-servers"))
        }
        if let policy = arguments[policy] {
            options.append(RunOverride("policy", [policy], from: "--policy"))
        }
        let (configuration, warnings) = try RunConfigurationReader.read(
            path: arguments[config],
            environment: ProcessInfo.processInfo.environment,
            options: options
        )
        for warning in warnings { StandardError.line("amiwatch: \(warning)") }
        return (configuration, RunLog(level: configuration.logLevel))
    }
}

/// SIGTERM and SIGINT, noted until somebody looks.
///
/// Blocked in this thread and so in all that it starts: they interrupt nothing.
struct StopSignals {
    private var set = sigset_t()

    init() {
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        sigaddset(&set, SIGINT)
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    var haveCome: Bool {
        var (set, limit) = (set, timespec())
        return sigtimedwait(&set, nil, &limit) > 0
    }
}
