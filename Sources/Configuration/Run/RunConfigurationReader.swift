/// Reads the configuration of `run`: a file, over it the environment, over both the options of the command line.
package enum RunConfigurationReader {
    /// Reads and validates a configuration.
    ///
    /// - Parameters:
    ///   - path: The file; nil when there is none.
    ///   - environment: The variables: `AMIWATCH_…` by the setting's path, and those that `${NAME}` refers to.
    ///   - options: What the command line gave.
    /// - Returns: What is in force, and what somebody should look at.
    /// - Throws: Everything that is wrong, all at once, when anything is.
    package static func read(
        path: String?,
        environment: [String: String] = [:],
        options: [RunOverride] = []
    ) throws(ConfigurationErrors) -> (configuration: RunConfiguration, warnings: [Diagnostic]) {
        let (configuration, diagnostics) = inspect(path: path, environment: environment, options: options)
        guard let configuration, !diagnostics.contains(where: { $0.severity == .error }) else {
            throw ConfigurationErrors(diagnostics)
        }
        return (configuration, diagnostics)
    }

    /// As `read`, for looking only: what could be read of a configuration that is refused, and everything said
    /// about it.
    package static func inspect(
        path: String?,
        environment: [String: String] = [:],
        options: [RunOverride] = []
    ) -> (configuration: RunConfiguration?, diagnostics: [Diagnostic]) {
        let reading = RunReading(environment: environment)
        let configuration = reading.read(path: path, options: options)
        return (configuration, reading.reader.sorted)
    }
}

struct RunReading {
    let reader = DocumentReader(keys: RunKeys.all)
    let environment: [String: String]

    func read(path: String?, options: [RunOverride]) -> RunConfiguration? {
        var root = Node(location: FileLocation(file: path ?? "the environment"), value: .mapping([]))
        if let path {
            do throws(SourceFile.Refusal) {
                guard let read = reader.yaml(try SourceFile.bytes(of: path), file: path) else { return nil }
                root = read
            } catch {
                reader.error(FileLocation(file: path), error.message, instead: error.instead)
                return nil
            }
        }
        root = overlay(root, options)
        guard let top = reader.fields(root, "") else { return nil }
        var configuration = RunConfiguration()
        configuration.options =
            (path.map { ["--config", $0] } ?? [])
            + options.filter { ["kafka.bootstrap_servers", "input.topics"].contains($0.path) }.flatMap {
                option in
                option.values.flatMap { [option.name, $0] }
            }
        readKafka(top, into: &configuration)
        readInput(top, into: &configuration)
        readAlerts(top, into: &configuration)
        readTopics(top, into: &configuration)
        readDetector(top, into: &configuration)
        readState(top, into: &configuration)
        readHTTP(top, into: &configuration)
        if let node = top["policy"], let file = text(node, "policy")?.value {
            configuration.policyLocation = node.location.isSetting ? nil : node.location
            configuration.policy = self.path(file, namedAt: node.location)
        }
        configuration.logLevel = top.fields("log")?.word("level", RunConfiguration.LogLevel.self) ?? .info
        return configuration
    }

    /// A file's path: from the folder of the file that names it, or from the working directory.
    func path(_ file: String, namedAt location: FileLocation) -> String {
        location.isSetting ? file : SourceFile.resolve(file, in: SourceFile.folder(of: location.file))
    }

    // MARK: Texts

    /// A text with its `${NAME}` replaced by the environment's values; `$${` stands for `${`.
    func text(_ node: Node, _ path: String) -> SecretText? {
        reader.text(node, path).flatMap { expand($0, node.location, path) }
    }

    /// As `text`, of a text at hand.
    func expand(_ text: String, _ location: FileLocation, _ path: String) -> SecretText? {
        var result = ""
        var rest = Substring(text)
        var isSecret = false
        while let dollar = rest.firstRange(of: "${") {
            result += rest[..<dollar.lowerBound]
            // A dollar at the end of a variable's value is no escape.
            let isEscaped = rest[..<dollar.lowerBound].last == "$"
            rest = rest[dollar.upperBound...]
            if isEscaped {
                result += "{"
                continue
            }
            guard let end = rest.firstIndex(of: "}") else {
                reader.error(
                    location,
                    "\(path): ${ is not closed",
                    instead: "${NAME}, or $${ for the two characters"
                )
                return nil
            }
            let name = String(rest[..<end])
            guard let value = environment[name] else {
                reader.error(location, "\(path): environment variable \(name) is not set")
                return nil
            }
            isSecret = true
            result += value
            rest = rest[rest.index(after: end)...]
        }
        return SecretText(result + rest, isSecret: isSecret)
    }
}
