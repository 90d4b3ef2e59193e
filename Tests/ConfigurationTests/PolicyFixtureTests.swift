import CloudTrail
import Configuration
import Detection
import Foundation
import Testing

/// Each folder under `Fixtures/policies` is one policy, and `expected.txt` all that is said about it.
struct PolicyFixtureTests {
    @Test("Every policy is accepted or refused, and told why", arguments: Expectation.names(in: "policies"))
    func diagnostics(name: String) throws {
        let expectation = Expectation("policies", name)
        let path = expectation.folder.appending(path: "policy.yaml").path
        do {
            let today = EventTime("2026-06-01T00:00:00Z")
            let (policy, warnings) = try PolicyReader.read(path: path, today: today)
            #expect(policy.hash.count == 64)
            #expect(warnings.allSatisfy { $0.severity == .warning })
            try expectation.check(warnings.map(\.description) + ["accepted"])
        } catch let errors as ConfigurationErrors {
            #expect(!errors.errors.isEmpty)
            try expectation.check(errors.diagnostics.map(\.description) + ["refused"])
        }
    }

    /// What is said of a policy's text, without the name of its file.
    private func warnings(
        _ text: String,
        retentionDays: Int? = nil,
        knownIDs: [String] = RuleCatalogue.knownIDs
    ) throws -> [String] {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).yaml")
        defer { try? FileManager.default.removeItem(at: file) }
        try text.write(to: file, atomically: true, encoding: .utf8)
        return try PolicyReader.read(path: file.path, retentionDays: retentionDays, knownIDs: knownIDs)
            .warnings.map { $0.description.replacing(file.path + ":", with: "") }
    }

    @Test("A rule that is to come in a later version is no mistake, and has no effect")
    func laterRules() throws {
        let policy = """
            version: 1
            rules:
              ami-of-a-later-version: {severity: low}
            suppressions:
              - {rule: ami-of-a-later-version, reason: "why", owner: "me", expires: 2026-12-31}
            """
        let later = RuleCatalogue.knownIDs + ["ami-of-a-later-version"]
        let words = "has no effect: this version does not have the rule ami-of-a-later-version"
        #expect(
            try warnings(policy, knownIDs: later) == [
                "3:3: warning: rules.ami-of-a-later-version \(words)", "5:12: warning: suppressions \(words)",
            ]
        )
        #expect(throws: ConfigurationErrors.self) { try warnings(policy) }
        #expect(RuleCatalogue.knownIDs.allSatisfy { RuleSet.all.rule($0) != nil })
    }

    @Test("Nothing happens for the first time where workers forget too soon")
    func shortRetention() throws {
        let both = "version: 1\nthresholds: {share_burst_images: 5, first_time_days: 20}\n"
        for (text, days, place, number) in [
            (both, 20, "2:37: ", "20"), (both, 7, "2:37: ", "20"), ("version: 1\n", 30, " ", "30 by default"),
        ] {
            let warnings = try warnings(text, retentionDays: days)
            #expect(warnings.count == 1)
            let beginning =
                "\(place)warning: thresholds.first_time_days is \(number), and workers forget calls after \(days) days"
            #expect(warnings.first?.hasPrefix(beginning) == true, "\(warnings)")
            #expect(
                warnings.first?.contains("; write first_time_days: \(days - 1), or detector.retention_days: ")
                    == true
            )
        }
        #expect(try warnings(both, retentionDays: 21).isEmpty)
        #expect(try warnings(both).isEmpty)
        let off = "rules: {ami-first-time-sharer: {enabled: false}}\n"
        let one = try warnings(both + off, retentionDays: 20)
        #expect(one.count == 1 && one.first?.contains("sharer") == false, "\(one)")
        let none =
            "rules: {ami-first-time-sharer: {enabled: false}, launch-from-never-seen-ami: {enabled: false}}\n"
        #expect(try warnings(both + none, retentionDays: 20).isEmpty)
    }
}
