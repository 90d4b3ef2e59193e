import Foundation
import KafkaTestSupport
import TestSupport
import Testing

/// `amiwatch diff`, beside what two replays find.
struct DiffTests {
    private static let sample = Binary.checkout.appending(path: "Deploy/sample").path
    private static let trail = sample + "/trail"

    /// The sample's policy with one account trusted, one rule off and another one's severity changed.
    private func changed(_ folder: TestFolder) throws -> String {
        for file in try FileManager.default.contentsOfDirectory(atPath: Self.sample)
        where file.hasSuffix(".json") {
            try FileManager.default.copyItem(
                atPath: "\(Self.sample)/\(file)",
                toPath: "\(folder.path)/\(file)"
            )
        }
        let policy = try String(contentsOfFile: Self.sample + "/policy.yaml", encoding: .utf8)
        let changed = policy.replacing(
            "\nrules:\n",
            with:
                "\nrules:\n  ami-shared-publicly: {enabled: false}\n  launch-from-unapproved-ami: {severity: critical}\n"
        )
        #expect(changed != policy)
        return try folder.write("policy.yaml", changed)
    }

    private func findings(_ policy: String) throws -> [String: [String: Any]] {
        let replay = try Binary.run("replay", Self.trail, "--policy", policy, "--findings")
        #expect(replay.status == 0, "\(replay.errors)")
        let all = replay.output.split(separator: "\n").map { SampleDay.object(String($0)) }
        return Dictionary(uniqueKeysWithValues: all.map { ($0["finding_id"] as? String ?? "", $0) })
    }

    @Test("What it prints is what two replays differ in")
    func agreesWithReplays() throws {
        let folder = try TestFolder()
        let (old, new) = (Self.sample + "/policy.yaml", try changed(folder))
        let diff = try Binary.run("diff", "--policy", old, "--policy", new, Self.trail, "--format", "json")
        #expect(diff.status == 3, "\(diff.errors)")
        var said: [String: String] = [:]
        for line in diff.output.split(separator: "\n") {
            let change = SampleDay.object(String(line))
            let told = (change["new"] as? [String: Any] ?? change["old"] as? [String: Any]) ?? [:]
            said[told["finding_id"] as? String ?? ""] = change["change"] as? String
        }
        let (before, after) = (try findings(old), try findings(new))
        var expected: [String: String] = [:]
        for id in Set(before.keys).union(after.keys) {
            var (one, other) = (before[id], after[id])
            one?["policy"] = nil
            other?["policy"] = nil
            if one == nil {
                expected[id] = "gained"
            } else if other == nil {
                expected[id] = "lost"
            } else if one as NSDictionary? != other as NSDictionary? {
                expected[id] = "altered"
            }
        }
        #expect(said == expected)
        #expect(Set(expected.values) == ["lost", "altered"])

        let back = try Binary.run("diff", "--policy", new, "--policy", old, Self.trail, "--alerts")
        #expect(back.status == 3)
        let lines = back.output.split(separator: "\n")
        #expect(lines.contains { $0.hasPrefix("+ ") && $0.contains(" ami-shared-publicly ") })
        #expect(lines.contains { $0.hasPrefix("+ alert open critical ami-shared-publicly ") })
        #expect(lines.contains { $0.hasPrefix("~ ") && $0.contains(" launch-from-unapproved-ami ") })
        #expect(lines.contains("    severity: \"critical\" -> \"medium\""))
        #expect(back.errors.contains("findings: ") && back.errors.contains("; alerts: "))
        let one = try Binary.run(
            "diff",
            "--policy",
            new,
            "--policy",
            old,
            Self.trail,
            "--rule",
            "ami-shared-publicly"
        )
        #expect(one.output.split(separator: "\n").allSatisfy { $0.contains("ami-shared-publicly") })
    }

    @Test("Two policies that mean the same differ in nothing; two are needed")
    func nothing() throws {
        let folder = try TestFolder()
        let policy = Self.sample + "/policy.yaml"
        for file in try FileManager.default.contentsOfDirectory(atPath: Self.sample)
        where file.hasSuffix(".json") {
            try FileManager.default.copyItem(
                atPath: "\(Self.sample)/\(file)",
                toPath: "\(folder.path)/\(file)"
            )
        }
        let text = try String(contentsOfFile: policy, encoding: .utf8)
        let other = try folder.write("policy.yaml", "# Another hash.\n" + text)
        let same = try Binary.run("diff", "--policy", policy, "--policy", other, Self.trail, "--alerts")
        #expect(same.status == 0 && same.output.isEmpty, "\(same.output)")
        #expect(
            same.errors.contains("findings: 0 gained, 0 lost, 0 altered; alerts: 0 gained, 0 lost, 0 altered")
        )
        let alone = try Binary.run("diff", "--policy", policy, Self.trail)
        #expect(alone.status == 2 && alone.errors.contains("--policy is needed twice"))
    }
}
