import Foundation
import KafkaTestSupport
import TestSupport
import Testing

/// `amiwatch check` over the policies and configurations of the reader's own tests.
struct CheckTests {
    private static let fixtures = Binary.checkout.appending(path: "Tests/ConfigurationTests/Fixtures")

    private static func names(_ group: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: fixtures.appending(path: group).path)) ?? [])
            .sorted()
    }

    /// The errors that a fixture expects; its warnings may depend on the day.
    private func errors(in text: String, _ folder: URL) -> [String] {
        text.split(separator: "\n").filter { $0.contains(": error: ") }.map {
            String($0).replacing(folder.path + "/", with: "")
        }
    }

    @Test("Every policy", arguments: names("policies"))
    func policy(name: String) throws {
        let folder = Self.fixtures.appending(path: "policies/\(name)")
        let expected = try String(contentsOf: folder.appending(path: "expected.txt"), encoding: .utf8)
        let path = folder.appending(path: "policy.yaml").path
        let result = try Binary.run("check", "--policy", path)
        #expect(errors(in: result.output, folder) == errors(in: expected, folder))
        let isRefused = expected.hasSuffix("refused\n")
        #expect(result.status == (isRefused ? 1 : 0))
        #expect(result.errors.isEmpty != isRefused)
        #expect(result.errors.split(separator: "\n").count <= 1)
        #expect(isRefused || result.output.contains("\(path): no errors, "))

        let json = try Binary.run("check", "--policy", path, "--format", "json")
        #expect(json.status == result.status)
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect(object?["errors"] as? Int == errors(in: expected, folder).count)
        let list = try #require(object?["diagnostics"] as? [[String: Any]])
        #expect(list.count == (object?["errors"] as? Int ?? 0) + (object?["warnings"] as? Int ?? 0))
        for entry in list {
            #expect(entry["file"] is String && entry["message"] is String && entry["severity"] is String)
        }
    }

    @Test("The configuration and the policy that it names are checked in one go")
    func configuration() throws {
        let folder = try temporaryFolder("amiwatch-check")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try """
        kafka:
          properties: {securty.protocol: SSL, debug: everything}
        detector: {settle_seconds: -1}
        policy: policy.yaml
        """.write(toFile: folder + "/run.yaml", atomically: true, encoding: .utf8)
        try "version: 1\nknown_vendors: [679593333241]\n".write(
            toFile: folder + "/policy.yaml",
            atomically: true,
            encoding: .utf8
        )
        let result = try Binary.run("check", "--config", folder + "/run.yaml")
        #expect(result.status == 1)
        let lines = result.output.replacing(folder + "/", with: "").split(separator: "\n")
        try #require(lines.count == 4)
        #expect(lines[0].hasPrefix("run.yaml:3:28: error: detector.settle_seconds cannot be negative"))
        #expect(lines[1].hasPrefix("run.yaml:2:16: error: ") && lines[1].contains("securty.protocol"))
        #expect(lines[2].hasPrefix("run.yaml:2:39: error: ") && lines[2].contains("everything"))
        #expect(lines[3].hasPrefix("policy.yaml:2:17: error: account id 679593333241 is not quoted"))

        let other = Self.fixtures.appending(path: "policies/design/policy.yaml").path
        let both = try Binary.run("check", "--config", folder + "/run.yaml", "--policy", other)
        #expect(!both.output.contains("679593333241"))
    }

    @Test("A configuration that forgets sooner than the policy looks back is told, by run as well")
    func shortRetention() throws {
        let folder = try temporaryFolder("amiwatch-check")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (run, policy) = (folder + "/run.yaml", folder + "/policy.yaml")
        try """
        kafka: {bootstrap_servers: 127.0.0.1:1, properties: {socket.connection.setup.timeout.ms: 1000}}
        input: {topics: [cloudtrail]}
        detector: {retention_days: 31}
        policy: policy.yaml
        """.write(toFile: run, atomically: true, encoding: .utf8)
        let text = "version: 1\nthresholds: {first_time_days: 30}\n"
        try text.write(toFile: policy, atomically: true, encoding: .utf8)
        #expect(try !Binary.run("check", "--config", run).output.contains("first_time_days"))
        try String(contentsOfFile: run, encoding: .utf8).replacing("31", with: "30")
            .write(toFile: run, atomically: true, encoding: .utf8)
        let line =
            "\(policy):2:14: warning: thresholds.first_time_days is 30, and workers forget calls after 30 days "
        for options in [["--config", run], ["--config", run, "--policy", policy]] {
            let result = try runCommand([Binary.path, "check"] + options)
            #expect(result.status == 0 && result.output.contains(line), "\(result)")
        }
        #expect(try !Binary.run("check", "--policy", policy).output.contains("first_time_days"))
        let started = try Binary.run("run", "--config", run)
        #expect(started.status == 1 && started.errors.contains(line), "\(started)")
    }

    @Test("A policy that a configuration names and that is not there is told at its name, by run as well")
    func missingPolicy() throws {
        let folder = try temporaryFolder("amiwatch-check")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let run = folder + "/run.yaml"
        // Its ending makes `dup.yaml` no likely meaning of `nope.yaml`.
        for name in ["dup.yaml", "policy-prod.yaml"] {
            try "version: 1\n".write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        }
        for (name, advice) in [
            ("nope.yaml", ""), ("polcy-prod.yaml", "; write \(folder)/policy-prod.yaml"),
        ] {
            let text = "kafka: {bootstrap_servers: 127.0.0.1:1}\npolicy: \(name)\n"
            try text.write(toFile: run, atomically: true, encoding: .utf8)
            let line = "\(run):2:9: error: \(folder)/\(name): no such file\(advice)\n"
            #expect(try Binary.run("check", "--config", run).output == line)
            let refused = try Binary.run("run", "--config", run)
            // The log of a run is JSON lines from the first on.
            let told = try JSONSerialization.jsonObject(with: Data(refused.errors.utf8)) as? [String: Any]
            #expect(told?["level"] as? String == "error")
            #expect(told?["message"] as? String == String(line.dropLast()))
            #expect(refused.status == 1)
        }
    }

    @Test("A certificate or a key that cannot be used is told at its name")
    func certificates() throws {
        let folder = try TestFolder()
        let authority = try Authority("authority", in: folder.path)
        let client = try authority.issue("amiwatch", password: "pass-of-the-key")
        try folder.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        func check(_ changes: [String: String]) throws -> CommandResult {
            let properties = [
                "security.protocol": "SSL", "ssl.ca.location": authority.certificate,
                "ssl.certificate.location": client.certificate, "ssl.key.location": client.key,
                "ssl.key.password": "${PASSWORD}",
            ]
            let settings = Settings(servers: "127.0.0.1:1", properties: properties.merging(changes) { $1 })
            let file = try folder.write("run.yaml", settings.yaml)
            return try Binary.run("check", "--config", file, environment: ["PASSWORD": "pass-of-the-key"])
        }
        let sound = try check([:])
        #expect(sound.status == 0, "\(sound)")
        for (name, value, words) in [
            ("ssl.ca.location", folder.path + "/broken.pem", "ssl.ca.location failed"),
            ("ssl.certificate.location", folder.path + "/broken.pem", "ssl.certificate.location failed"),
            ("ssl.certificate.location", folder.path + "/nowhere.pem", "nowhere.pem: no such file"),
            ("ssl.key.location", client.certificate, "ssl.key.location failed"),
            ("ssl.key.password", "wrong", "ssl.key.location failed"),
        ] {
            let broken = try check([name: value])
            #expect(broken.status == 1, "\(name): \(broken)")
            let line = broken.output.split(separator: "\n").first { $0.contains(": error: ") }
            #expect(line?.contains(words) == true && line?.contains("/run.yaml:1:") == true, "\(broken)")
            #expect(!broken.output.contains("pass-of-the-key"), "\(broken)")
        }
    }

    @Test("The environment counts, as it will for run")
    func environment() throws {
        let path = Self.fixtures.appending(path: "runs/defaults/run.yaml").path
        #expect(try Binary.run("check", "--config", path).status == 0)
        let result = try Binary.run("check", "--config", path, environment: ["AMIWATCH_LOG_LEVEL": "lots"])
        #expect(result.status == 1)
        #expect(result.output.hasPrefix("AMIWATCH_LOG_LEVEL: error: log.level: lots is not a valid value"))
    }

    @Test("A file that cannot be read is named", arguments: ["--policy", "--config"])
    func missing(option: String) throws {
        let result = try Binary.run("check", option, "/nonexistent/file.yaml")
        #expect(result.status == 1)
        #expect(result.output == "/nonexistent/file.yaml: error: no such file\n")
        #expect(result.errors.hasPrefix("amiwatch: /nonexistent/file.yaml: 1 error"))
    }

    @Test("The effective declarative policy of an account, with what is not certain of it")
    func effectivePolicy() throws {
        let path = Self.fixtures.appending(path: "policies/declarative/policy.yaml").path
        func shown(_ account: String) throws -> (text: String, policy: [String: Any]) {
            let text = try Binary.run("check", "--policy", path, "--effective", account)
            #expect(text.status == 0, "\(text.errors)")
            let json = try Binary.run("check", "--policy", path, "--effective", account, "--format", "json")
            let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
            let policy = try #require(object?["effective_policy"] as? [String: Any])
            let printed = text.output[(text.output.range(of: "\n{")?.lowerBound ?? text.output.endIndex)...]
            let same = try JSONSerialization.jsonObject(with: Data(printed.utf8)) as? NSDictionary
            #expect(same == policy as NSDictionary)
            return (text.output, policy)
        }
        func images(_ policy: [String: Any]) -> [String: Any]? {
            (policy["ec2_attributes"] as? [String: Any])?["allowed_images_settings"] as? [String: Any]
        }
        func providers(_ policy: [String: Any]) -> [String]? {
            let criteria = images(policy)?["image_criteria"] as? [String: Any]
            return (criteria?["criteria_1"] as? [String: Any])?["allowed_image_providers"] as? [String]
        }
        let unit = try shown("111122223333")
        #expect(unit.text.contains("(r-ab12 / ou-ab12-cdef3456 / 111122223333): root.json, unit.json\n"))
        #expect(providers(unit.policy) == ["111122223333", "aws_marketplace"])
        #expect(images(unit.policy)?["state"] as? String == "enabled", "the root allows nobody to change it")
        let unknown = try shown("999900001111")
        #expect(unknown.text.contains("not certain: whether the account is in ou-ab12-cdef3456"))
        #expect(providers(unknown.policy) == ["amazon", "111122223333"])
        let own = try shown("444455556666")
        #expect(own.text.contains("(r-ab12 / 444455556666): root.json, unit.json; not certain"))

        let refused = try Binary.run("check", "--policy", path, "--effective", "12")
        #expect(refused.status == 2 && refused.errors.contains("12 is not an account id"))
        let run = try TestFolder()
        let config = try run.write("run.yaml", "input: {topics: [cloudtrail]}\n")
        let unnamed = try Binary.run("check", "--config", config, "--effective", "111122223333")
        #expect(unnamed.status == 1 && unnamed.errors.contains("no policy is named"), "\(unnamed.errors)")
    }
}
