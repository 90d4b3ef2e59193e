import Configuration
import Foundation
import Testing

/// Each folder under `Fixtures/runs` is one configuration with its environment, and `expected.txt` all that is said
/// about it and what is then in force.
struct RunFixtureTests {
    @Test("Every configuration is read or refused, and told why", arguments: Expectation.names(in: "runs"))
    func configuration(name: String) throws {
        let expectation = Expectation("runs", name)
        let variables = try? String(
            contentsOf: expectation.folder.appending(path: "environment"),
            encoding: .utf8
        )
        var environment: [String: String] = [:]
        for line in (variables ?? "").split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
            environment[parts[0]] = parts.count > 1 ? parts[1] : ""
        }
        do {
            let (configuration, warnings) = try RunConfigurationReader.read(
                path: expectation.folder.appending(path: "run.yaml").path,
                environment: environment
            )
            try expectation.check(warnings.map(\.description) + [configuration.settings, "accepted"])
        } catch let errors as ConfigurationErrors {
            try expectation.check(errors.diagnostics.map(\.description) + ["refused"])
        }
    }

    @Test("The configuration that we ship is accepted, and its values are the defaults")
    func shipped() throws {
        let path = ShippedPolicyTests.deploy.appending(path: "amiwatch.example.yaml").path
        let (configuration, warnings) = try RunConfigurationReader.read(path: path)
        var defaults = RunConfiguration()
        defaults.kafka.bootstrapServers = "localhost:9092"
        defaults.policy = ShippedPolicyTests.deploy.appending(path: "policy.example.yaml").path
        #expect(warnings.isEmpty)
        #expect(configuration.settings == defaults.settings)
    }

    @Test("An option wins over the environment, the environment over the file")
    func precedence() throws {
        let path = Expectation("runs", "overridden").folder.appending(path: "run.yaml").path
        let options = [
            RunOverride("kafka.bootstrap_servers", ["option:9092"], from: "--bootstrap-servers"),
            RunOverride("input.topics", ["a", "b"], from: "--input"),
            RunOverride("policy", ["here.yaml"], from: "--policy"),
        ]
        let (configuration, _) = try RunConfigurationReader.read(
            path: path,
            environment: [
                "AMIWATCH_KAFKA_BOOTSTRAP_SERVERS": "variable:9092", "AMIWATCH_GROUP_ID": "variable",
            ],
            options: options
        )
        #expect(configuration.kafka.bootstrapServers == "option:9092")
        #expect(configuration.input.topics == ["a", "b"])
        #expect(configuration.groupID == "variable")
        #expect(configuration.logLevel == .info)
        // What the command line names is relative to the working directory, not to the file.
        #expect(configuration.policy == "here.yaml")
        let (alone, _) = try RunConfigurationReader.read(path: nil, options: options)
        #expect(alone.kafka.bootstrapServers == "option:9092")
    }

    @Test("A wrong option is named in its error")
    func wrongOption() throws {
        let error = #expect(throws: ConfigurationErrors.self) {
            try RunConfigurationReader.read(
                path: nil,
                options: [RunOverride("input.topics", ["no topic"], from: "--input")]
            )
        }
        #expect(error?.description.hasPrefix("--input: error: ") == true)
    }

    @Test("A variable's value that ends with a dollar is no escape for the variable behind it")
    func dollar() throws {
        let (configuration, _) = try RunConfigurationReader.read(
            path: nil,
            environment: ["FIRST": "one$", "SECOND": "two"],
            options: [RunOverride("group_id", ["${FIRST}${SECOND}"], from: "--group-id")]
        )
        #expect(configuration.groupID == "one$two")
    }

    @Test("No way of printing shows a secret")
    func secrets() throws {
        let folder = Expectation("runs", "full").folder
        let (configuration, _) = try RunConfigurationReader.read(
            path: folder.appending(path: "run.yaml").path,
            environment: ["KAFKA_USER": "u", "KEY_PASSWORD": "hunter2", "STAGE": "s"]
        )
        let password = configuration.kafka.properties.first { $0.name == "sasl.password" }?.value
        #expect(password?.value == "correct horse")
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in [
            configuration.settings, "\(configuration)", "\(configuration.kafka)",
            String(reflecting: configuration), dumped,
        ] {
            #expect(!text.contains("correct horse"))
            #expect(!text.contains("hunter2"))
        }
    }
}
