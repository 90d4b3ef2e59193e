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

    static let maxChange = Option.value(
        "max-change",
        "PERCENT",
        "Hold a policy back that would open and close more of the open findings, unless it is confirmed; 100 holds none"
    )

    static let http = Option.value("http", "HOST:PORT", "Serve metrics, health and the page there")

    static let all = [config, bootstrapServers, policy, input]

    /// What is in force for a run, whose log is there as soon as the configuration is read.
    static func read(_ arguments: Arguments, _ log: inout RunLog) throws -> (RunConfiguration, Policy) {
        let (configuration, warnings) = try configuration(arguments)
        log = RunLog(level: configuration.logLevel, instanceID: configuration.instanceID)
        for warning in warnings { log.warning("\(warning)") }
        try refuse(configuration)
        guard let path = configuration.policy else {
            log.warning("no policy is given, so nobody is trusted: --policy FILE")
            return (configuration, Policy())
        }
        let (policy, doubts) = try readPolicy(
            path,
            namedAt: configuration.policyLocation,
            retentionDays: configuration.detector.retentionDays
        )
        for doubt in doubts { log.warning("\(doubt)") }
        return (configuration, policy)
    }

    /// The policy of a file, and what is odd about it today, for workers that keep what happened for so long.
    static func readPolicy(
        _ path: String,
        namedAt location: FileLocation? = nil,
        retentionDays: Int? = nil
    ) throws(ConfigurationErrors) -> (Policy, warnings: [Diagnostic]) {
        try PolicyReader.read(
            path: path,
            namedAt: location,
            today: .init(seconds: Int64(Date().timeIntervalSince1970)),
            retentionDays: retentionDays
        )
    }

    /// What is in force for a command that a person types.
    static func readConfiguration(_ arguments: Arguments) throws -> (RunConfiguration, RunLog) {
        let (configuration, warnings) = try configuration(arguments)
        for warning in warnings { StandardError.line("amiwatch: \(warning)") }
        try refuse(configuration)
        return (
            configuration, RunLog(level: configuration.logLevel, instanceID: configuration.instanceID)
        )
    }

    private static func configuration(
        _ arguments: Arguments
    ) throws(ConfigurationErrors) -> (RunConfiguration, warnings: [Diagnostic]) {
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
        if let change = arguments[maxChange] {
            let percent = change.hasSuffix("%") ? String(change.dropLast()) : change
            options.append(RunOverride("detector.max_policy_change_percent", [percent], from: "--max-change"))
        }
        if let address = arguments[http] {
            options.append(RunOverride("http.listen", [address], from: "--http"))
        }
        return try RunConfigurationReader.read(
            path: arguments[config],
            environment: ProcessInfo.processInfo.environment,
            options: options
        )
    }

    /// What librdkafka does not take, or cannot log in with.
    private static func refuse(_ configuration: RunConfiguration) throws(ConfigurationErrors) {
        var refusals = configuration.kafka.refusals
        if refusals.isEmpty { refusals = configuration.kafka.loginFaults }
        guard refusals.isEmpty else { throw ConfigurationErrors(refusals) }
    }
}
