import Foundation
import KafkaTestSupport
import TestSupport
import Testing

/// Images as boto3 and the AWS CLI show them, with moto in the place of AWS: shapes that nobody here wrote.
struct MotoTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures/moto").path

    @Test("What boto3 did is found, and what the AWS CLI prints settles what no record told")
    func whatItDidIsFound() throws {
        let tree = try TestFolder()
        let calls = try runCommand(["python3", "\(Self.folder)/calls.py", tree.path])
        if calls.status == 3 {
            print("\n!! moto: NOT COMPARED, it cannot be had from PyPI\n")
            return
        }
        try #require(calls.status == 0, "\(calls.errors)")
        let expected = try tree.lines("expected.jsonl").map { Self.words(of: SampleDay.object($0)) }
        #expect(expected.count > 10)
        let known = try findings(
            tree,
            ["--inventory", "\(tree.path)/images.json", "--inventory-account", "444455556666"]
                + ["--inventory-region", "us-east-1", "--inventory-time", "2026-03-02T08:00:00Z"]
        )
        #expect(known.map(Self.words).sorted() == expected.sorted())
        #expect(!known.contains { $0["verdict"] as? String == "undetermined" })

        // Without the inventory nobody knows whose the strange image is, and that is said.
        let missing = try findings(tree, []).flatMap { $0["missing"] as? [String] ?? [] }
        #expect(missing.contains { $0.hasPrefix("owner of ami-") })
    }

    private func findings(_ tree: TestFolder, _ inventory: [String]) throws -> [[String: Any]] {
        let result = try runCommand(
            [Binary.path, "replay", "--policy", "\(Self.folder)/policy.yaml", "--findings"] + inventory
                + ["\(tree.path)/trail.jsonl"]
        )
        #expect(result.status == 0, "\(result.errors)")
        return result.output.split(separator: "\n").map { SampleDay.object(String($0)) }
    }

    /// Rule, resource and status of a finding, or of one that is expected.
    private static func words(of finding: [String: Any]) -> String {
        let resource = (finding["resource"] as? [String: Any])?["id"] ?? finding["resource"]
        return [finding["rule_id"], resource, finding["status"]].map { "\($0 ?? "")" }.joined(separator: " ")
    }
}
