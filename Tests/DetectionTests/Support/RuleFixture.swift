import Alerts
import CloudTrail
import Configuration
import Foundation
import Pipeline

@testable import Detection

/// A folder of recorded events and the alerts that they cause: `<rule id>` or `<rule id>--<case>`.
struct RuleFixture: Sendable, CustomStringConvertible {
    let folder: URL

    /// The folder's name.
    var description: String { folder.lastPathComponent }
    /// The rule that the folder is about.
    var rule: String { description.components(separatedBy: "--")[0] }

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures")

    /// Every fixture, by name.
    static let all: [RuleFixture] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        return names.filter { !$0.hasPrefix(".") }.sorted().map {
            RuleFixture(folder: root.appendingPathComponent($0))
        }
    }()

    /// `policy.yaml`, else a policy that trusts nobody and demands nothing.
    func policy() throws -> Policy {
        let file = folder.appendingPathComponent("policy.yaml").path
        guard FileManager.default.fileExists(atPath: file) else { return Policy() }
        return try PolicyReader.read(path: file).policy
    }

    /// What `inventory.json` tells, then the events, in the order of the files.
    func records() throws -> [Record] {
        var records: [Record] = []
        if let inventory = try? Data(contentsOf: folder.appendingPathComponent("inventory.json")) {
            records = try inventory.withUnsafeBytes { try InventoryReader.read($0).records }
        }
        let events = try Data(contentsOf: folder.appendingPathComponent("events.jsonl"))
        try ShortEvents.expanded(Array(events)).withUnsafeBytes { bytes in
            RecordReader().read(file: bytes) { reading in
                if case .record(let found, _) = reading { records.append(found.decoded()) }
            }
        }
        return records
    }

    /// `expected-alerts.jsonl`, line by line.
    var expected: [String] {
        let file = folder.appendingPathComponent("expected-alerts.jsonl")
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    /// Makes alerts the expected ones.
    func expect(_ lines: [String]) throws {
        let text = lines.map { "\($0)\n" }.joined()
        try text.write(
            to: folder.appendingPathComponent("expected-alerts.jsonl"),
            atomically: true,
            encoding: .utf8
        )
    }

    /// The alerts that the records cause, in their order.
    func alerts() throws -> [Alert] {
        var engine = Engine(policy: try policy())
        var alerts: [Alert] = []
        for record in try records() { _ = engine.process(record, into: &alerts) }
        return alerts
    }
}

extension Alert {
    /// As the native format has it.
    var line: String {
        var encoder = NativeAlert()
        return String(decoding: encoder.encode(self), as: UTF8.self)
    }
}
