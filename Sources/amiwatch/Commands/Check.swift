import AWSPolicies
import CloudTrail
import Configuration
import Detection
import Foundation

extension Command {
    private static let policy = Option.value("policy", "FILE", "The policy to check, with the files it names")
    private static let config = Option.value(
        "config",
        "FILE",
        "The configuration of 'run' to check, with the policy it names"
    )
    private static let effective = Option.value(
        "effective",
        "ACCOUNT",
        "Also print the EC2 declarative policy that holds for an account, merged from declarative_policies"
    )
    private static let against = Option.value(
        "against",
        "PATH",
        "Also print what the policy would change: of what a running 'cluster' has published (--config, "
            + "--bootstrap-servers), or, in trail files, of what the policy of --config finds",
        repeats: true
    )
    private static let format = Option.choice("format", ["text", "json"], "How to print what is found")

    static let check = Command(
        "check",
        "Check a policy and a configuration, and say everything that is wrong with them",
        details:
            "Each finding has its file, line and column, what to write instead, and what it would break. "
            + "Exit status 1 when there is an error; warnings alone are no failure. With --against: 3 when a finding would "
            + "open, close or change.",
        options: [policy, config, effective, against, LiveOptions.bootstrapServers, format]
    ) { arguments in
        guard arguments.has(policy) || arguments.has(config) else {
            throw UsageError("name what to check: --policy FILE or --config FILE")
        }
        var checked = Checked()
        if let text = arguments[effective] {
            guard let account = AccountID(text) else {
                throw UsageError("--effective: \(text) is not an account id: 12 digits")
            }
            checked.account = account
        }
        if let file = arguments[config] { checked.check(configuration: file, policy: arguments[policy]) }
        if let file = arguments[policy] { checked.check(policy: file) }
        var consequences: PolicyConsequences?
        if arguments.has(against), checked.errors == 0 {
            consequences = try PolicyConsequences(
                of: arguments[policy],
                on: arguments.all(against),
                arguments
            )
        }
        checked.consequences = consequences
        try OutputFile.standard { output in
            if arguments[format] == "json" {
                try checked.printJSON(to: output)
            } else {
                try checked.printText(to: output)
            }
        }
        if checked.errors == 0, let account = checked.account, !checked.hasPolicy {
            throw Failure(
                "no policy is named, so nothing is attached for account \(account); name it: --policy FILE"
            )
        }
        if let consequences { StandardError.line("amiwatch: \(consequences.summary)") }
        guard checked.errors > 0 else { return consequences?.changes.isEmpty ?? true ? .done : .found }
        throw Failure("\(checked.summary); correct what is named above")
    }
}

private struct Checked {
    private var diagnostics: [Diagnostic] = []
    private var files: [String] = []
    /// The account whose effective declarative policy is asked for.
    var account: AccountID?
    /// What the policy would change, where that is asked for.
    var consequences: PolicyConsequences?
    private var effective: EffectiveDeclarativePolicy?
    /// How long the workers of the configuration keep what happened.
    private var retentionDays: Int?
    private let today = EventTime(seconds: Int64(Date().timeIntervalSince1970))

    /// Whether a policy was read.
    var hasPolicy: Bool { effective != nil }

    var errors: Int { diagnostics.count { $0.severity == .error } }

    var summary: String {
        func count(_ number: Int, _ what: String) -> String {
            number == 0 ? "no \(what)s" : number == 1 ? "1 \(what)" : "\(number) \(what)s"
        }
        let warnings = diagnostics.count - errors
        return "\(files.joined(separator: ", ")): \(count(errors, "error")), \(count(warnings, "warning"))"
    }

    /// Checks a policy, and says where it is named when it is not there.
    mutating func check(policy path: String, namedAt location: FileLocation? = nil) {
        files.append(path)
        do {
            let (policy, warnings) = try PolicyReader.read(
                path: path,
                namedAt: location,
                today: today,
                retentionDays: retentionDays
            )
            diagnostics += warnings
            effective = account.map { EffectiveDeclarativePolicy(of: $0, in: policy) }
        } catch {
            diagnostics += error.diagnostics
        }
    }

    /// Checks a configuration and, unless another policy is named, the policy that it names.
    mutating func check(configuration path: String, policy: String?) {
        files.append(path)
        let (configuration, found) = RunConfigurationReader.inspect(
            path: path,
            environment: ProcessInfo.processInfo.environment
        )
        diagnostics += found
        guard let configuration else { return }
        retentionDays = configuration.detector.retentionDays
        let refusals = configuration.kafka.refusals
        // Certificates and log-ins are looked at with properties that librdkafka takes.
        diagnostics +=
            refusals.isEmpty
            ? configuration.kafka.certificateFaults + configuration.kafka.loginFaults : refusals
        do throws(ConfigurationErrors) { _ = try configuration.alerts.signingKey() } catch {
            diagnostics += error.diagnostics
        }
        if let http = configuration.http {
            do throws(ConfigurationErrors) { _ = try HTTPAccess(http) } catch {
                diagnostics += error.diagnostics
            }
        }
        if let named = configuration.policy, policy == nil {
            check(policy: named, namedAt: configuration.policyLocation)
        }
    }

    func printText(to output: OutputFile) throws {
        let color = Terminal.hasColor(STDOUT_FILENO)
        for diagnostic in diagnostics {
            let word = " \(diagnostic.severity.rawValue): "
            let text = diagnostic.description
            let place = text.firstRange(of: word) ?? text.startIndex..<text.startIndex
            let painted = ("\(text[place])" as TerminalLine)
                .painted(diagnostic.severity == .error ? .red : .yellow, if: color)
            try output.line("\(text[..<place.lowerBound])\(painted)\(text[place.upperBound...])")
        }
        if errors == 0 { try output.line("\(summary)") }
        for line in consequences?.table.lines(width: nil) ?? [] { try output.line("\(line)") }
        guard let account, let effective else { return }
        try output.line("\(effective.heading(account))")
        for line in effective.content.json.split(separator: "\n") { try output.line("\(String(line))") }
    }

    func printJSON(to output: OutputFile) throws {
        let list = diagnostics.map(\.json).joined(separator: ",\n  ")
        let policy = effective.map { ",\"effective_policy\":\($0.content.json)" } ?? ""
        let changes = consequences.map { ",\"against\":\($0.json)" } ?? ""
        try output.write(
            "{\"errors\":\(errors),\"warnings\":\(diagnostics.count - errors),\"diagnostics\":[\(list)]\(policy)"
                + "\(changes)}\n"
        )
    }
}

extension EffectiveDeclarativePolicy {
    /// Of which account it is, from where, and what of it is not certain.
    fileprivate func heading(_ account: AccountID) -> String {
        let places = path.map(\.string).joined(separator: " / ")
        let attached = files.isEmpty ? "nothing is attached" : files.joined(separator: ", ")
        var heading = "effective EC2 policy of \(account) (\(places)): \(attached)"
        if !unknownUnits.isEmpty {
            heading +=
                "; not certain: whether the account is in \(unknownUnits.map(\.string).joined(separator: ", "))"
                + " (organization.parents says so)"
        }
        return heading
    }
}
