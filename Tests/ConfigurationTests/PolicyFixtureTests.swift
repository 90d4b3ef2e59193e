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
}
