import CloudTrail
import CloudTrailTestSupport
import Configuration
import Detection
import Foundation
import TestSupport

/// A policy: what is taken is one that an engine can judge by.
final class PolicyTarget: FuzzTarget {
    static let name = "policy"
    private let scratch: ScratchFile
    private let records: [Record]
    private(set) var reached: [String: Int] = [:]

    init() throws {
        scratch = try ScratchFile()
        records = stride(from: 0, to: EngineSeed.all.count, by: 9).flatMap {
            EngineSeed.all[$0].records.prefix(4)
        }
    }

    static func seeds() throws -> [[UInt8]] {
        try Fuzzing.files(below: "Tests/ConfigurationTests/Fixtures/policies", "policy.yaml")
            + Fuzzing.files(below: "Tests/DetectionTests/Fixtures", "policy.yaml")
            + Fuzzing.files(below: "Deploy", "policy.yaml") + [Fuzzing.bytes("Deploy/policy.example.yaml")]
    }

    func take(_ input: UnsafeRawBufferPointer) throws {
        try scratch.write(input)
        do throws(ConfigurationErrors) {
            let (policy, warnings) = try PolicyReader.read(
                path: scratch.path,
                today: EventTime("2026-03-04T05:06:07Z"),
                retentionDays: 35
            )
            reached["taken", default: 0] += 1
            reached["warnings", default: 0] += warnings.count
            reached["statements", default: 0] += policy.iamStatements.count
            var engine = Engine(policy: policy)
            var alerts: [Alert] = []
            for record in records { _ = engine.process(record, into: &alerts) }
            engine.evaluateDeferred(into: &alerts)
            reached["alerts", default: 0] += alerts.count
        } catch { reached["refused", default: 0] += 1 }
    }
}

/// The configuration of a run: everything that is wrong is said, each on one line.
final class RunConfigurationTarget: FuzzTarget {
    static let name = "run-configuration"
    private let scratch: ScratchFile
    private(set) var reached: [String: Int] = [:]

    init() throws { scratch = try ScratchFile() }

    static func seeds() throws -> [[UInt8]] {
        try Fuzzing.files(below: "Tests/ConfigurationTests/Fixtures/runs", ".yaml")
            + Fuzzing.files(below: "Deploy", "amiwatch.yaml") + [
                Fuzzing.bytes("Deploy/amiwatch.example.yaml")
            ]
    }

    func take(_ input: UnsafeRawBufferPointer) throws {
        try scratch.write(input)
        let (configuration, diagnostics) = RunConfigurationReader.inspect(
            path: scratch.path,
            environment: ["SECRET": "s", "AMIWATCH_INPUT_TOPICS": "cloudtrail"]
        )
        if configuration == nil {
            try require(!diagnostics.isEmpty, "it is refused, and nothing is said")
        } else {
            reached["taken", default: 0] += 1
        }
        reached["faults", default: 0] += diagnostics.count
        for diagnostic in diagnostics {
            let lines = diagnostic.description.utf8.count { $0 == 0x0A }
            try require(lines == 0, "a fault has more than a line: \(diagnostic)")
            try require(
                StrictJSON.parse(diagnostic.json.utf8) != nil,
                "a fault is no JSON: \(diagnostic.json)"
            )
        }
    }
}
