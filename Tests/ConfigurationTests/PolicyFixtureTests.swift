import CloudTrail
import Configuration
import Detection
import Foundation
import Testing

/// Each folder under Fixtures/policies is one policy, and `expected.txt` all that is said about it.
///
/// AMIWATCH_UPDATE_EXPECTED=1 writes the expected files anew; the difference is the review.
struct PolicyFixtureTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "Fixtures/policies"
    )

    static let cases: [String] =
        ((try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []).filter {
            !$0.hasPrefix(".")
        }.sorted()

    @Test("Every policy is accepted or refused, and told why", arguments: cases)
    func diagnostics(name: String) throws {
        let folder = Self.root.appending(path: name)
        let path = folder.appending(path: "policy.yaml").path
        var lines: [String] = []
        do {
            let (policy, warnings) = try PolicyReader.read(
                path: path,
                today: EventTime("2026-06-01T00:00:00Z")
            )
            lines = warnings.map(\.description) + ["accepted"]
            #expect(policy.hash.count == 64)
        } catch {
            lines = error.diagnostics.map(\.description) + ["refused"]
            #expect(!error.errors.isEmpty)
        }
        let found = lines.joined(separator: "\n").replacing(folder.path + "/", with: "") + "\n"
        let expectedFile = folder.appending(path: "expected.txt")
        if ProcessInfo.processInfo.environment["AMIWATCH_UPDATE_EXPECTED"] != nil {
            try found.write(to: expectedFile, atomically: true, encoding: .utf8)
        }
        let expected = try String(contentsOf: expectedFile, encoding: .utf8)
        #expect(found == expected)
    }
}
