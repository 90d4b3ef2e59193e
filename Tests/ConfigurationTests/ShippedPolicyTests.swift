import CloudTrail
import Configuration
import Detection
import Foundation
import Testing

/// The policies that users start from.
struct ShippedPolicyTests {
    static let deploy = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Deploy")
        .standardizedFileURL

    @Test(
        "A policy that we ship is accepted, with nothing to warn of",
        arguments: ["policy.example.yaml", "sample/policy.yaml"]
    )
    func accepted(name: String) throws {
        let (policy, warnings) = try PolicyReader.read(
            path: Self.deploy.appending(path: name).path,
            today: EventTime("2026-03-17T00:00:00Z")
        )
        #expect(warnings.map(\.description) == [])
        #expect(policy.publishers?.isEmpty == false)
    }
}
