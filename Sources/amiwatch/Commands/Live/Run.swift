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

    static let run = Command(
        "run",
        "Judge CloudTrail as it comes through Kafka, and publish every alert exactly once",
        details:
            "Without --config everything has its default; environment variables (AMIWATCH_INPUT_TOPICS, …) override "
            + "the file, and the options above override both. Stop it with SIGTERM or Ctrl-C: what is done is committed "
            + "first. A policy that changes is put in force within seconds, on SIGHUP at once; an invalid one is "
            + "reported, and the previous policy stays active, as it does when the new one would open and close more findings "
            + "than --max-change allows and does not say what it 'replaces'; 'check --against' says so before.",
        options: LiveOptions.all + [
            LiveOptions.http, embedded, untilEnd, feed, printAlerts, LiveOptions.maxChange,
        ]
    ) { arguments in
        // A service's standard error is collected and parsed line by line: whatever ends a run is a line of its log.
        // Commands that a person types (check, topics, replay) say it in plain words, and so does wrong usage, which
        // no run comes of.
        var log = RunLog(level: .info)
        do {
            try work(arguments, &log)
            return .done
        } catch let error where error is UsageError || error is OutputClosed { throw error } catch {
            log.failure(error)
            return .failed
        }
    }

    private static func work(_ arguments: Arguments, _ log: inout RunLog) throws {
        Signals.ignoreHangUp()
        let (configuration, policy) = try LiveOptions.read(arguments, &log)
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
        let signals = Signals()
        let run = LiveRun(configuration, policy: policy, options: options, log: log)
        let retentionDays = configuration.detector.retentionDays
        var watch = configuration.policy.map { [log] in
            PolicyWatch(path: $0, hash: policy.hash, retentionDays: retentionDays, log: log)
        }
        _ = try run.run {
            let signal = signals.next()
            if signal == SIGTERM || signal == SIGINT { run.stop() }
            switch watch?.look(isAsked: signal == SIGHUP, isHeldBack: run.holdsPolicyBack) {
            case .another(let policy): run.replacePolicy(policy)
            case .invalid: run.noteRefusedPolicy()
            case .same, nil: break
            }
        }
    }
}

extension RunLog {
    /// Why a run has ended, or has not begun.
    fileprivate func failure(_ error: any Error) {
        guard let errors = error as? ConfigurationErrors else {
            return self.error("\(error)".oneLine, ["exit_status": .number(Int(ExitStatus.failed.rawValue))])
        }
        for diagnostic in errors.errors {
            self.error(
                "\(diagnostic)",
                [
                    "file": .text(diagnostic.location.file), "line": .number(diagnostic.location.line ?? 0),
                    "column": .number(diagnostic.location.column ?? 0),
                    "exit_status": .number(Int(ExitStatus.failed.rawValue)),
                ]
            )
        }
    }
}
