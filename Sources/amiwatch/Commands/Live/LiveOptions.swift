import CloudTrail
import Configuration
import Detection
import Foundation
import Pipeline

/// The options that say where Kafka is and what is trusted, of every command that talks to Kafka.
enum LiveOptions {
    static let config = Option.value("config", "FILE", "The configuration (Deploy/amiwatch.example.yaml)")
    static let bootstrapServers = Option.value("bootstrap-servers", "HOST:PORT", "Kafka's address")
    static let policy = Option.value("policy", "FILE", "What the organisation trusts")

    static let input = Option.value(
        "input",
        "TOPIC",
        "Where CloudTrail records are read; repeat it for more",
        repeats: true
    )

    static let all = [config, bootstrapServers, policy, input]

    /// What is in force; warnings go to the log.
    static func read(_ arguments: Arguments) throws -> (RunConfiguration, Policy, RunLog) {
        let (configuration, log) = try readConfiguration(arguments)
        guard let path = configuration.policy else {
            StandardError.line("amiwatch: no policy is given, so nobody is trusted: --policy FILE")
            return (configuration, Policy(), log)
        }
        let (policy, warnings) = try readPolicy(path, namedAt: configuration.policyPlace)
        for warning in warnings { StandardError.line("amiwatch: \(warning)") }
        return (configuration, policy, log)
    }

    /// The policy of a file, and what is odd about it today.
    static func readPolicy(
        _ path: String,
        namedAt place: Configuration.Place? = nil
    ) throws(ConfigurationErrors) -> (Policy, warnings: [Diagnostic]) {
        try PolicyReader.read(
            path: path,
            namedAt: place,
            today: .init(seconds: Int64(Date().timeIntervalSince1970))
        )
    }

    static func readConfiguration(_ arguments: Arguments) throws -> (RunConfiguration, RunLog) {
        var options: [RunOverride] = []
        if arguments.has(input) {
            options.append(RunOverride("input.topics", arguments.all(input), from: "--input"))
        }
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
        let refusals = configuration.kafka.refusals
        guard refusals.isEmpty else { throw ConfigurationErrors(refusals) }
        return (configuration, RunLog(level: configuration.logLevel, instanceID: configuration.instanceID))
    }
}
