import CloudTrail
import Foundation
import Testing

@testable import Detection

/// The greatest and least numbers and times in every place of every fixture.
@Suite
struct ExtremeNumberTests {
    private static let numbers = [
        "-9223372036854775808", "9223372036854775807", "9007199254740991", "9007199254740993", "1e308",
    ]
    private static let dates = ["\"0000-01-01T00:00:00Z\"", "\"9999-12-31T23:59:59Z\""]

    /// An event as OCSF has it, in which a time is any number of milliseconds.
    private static let activity =
        #"{"class_uid":6003,"metadata":{"uid":"11111111-2222-4333-8444-555555555555"},"time":1772600767123,"#
        + #""status_id":1,"cloud":{"region":"us-east-1","account":{"uid":"123456789012"}},"#
        + #""api":{"operation":"ModifyImageAttribute","service":{"name":"ec2.amazonaws.com"},"#
        + #""request":{"uid":"r","data":{"imageId":"ami-0abcdef1234567890","attributeType":"launchPermission","#
        + #""launchPermission":{"add":{"items":[{"group":"all"},{"userId":999988887777}]}}}},"#
        + #""response":{"data":{"_return":true}}},"#
        + #""actor":{"user":{"uid":"arn:aws:iam::123456789012:user/ann","account":{"uid":"123456789012"}}}}"#

    /// Where a line has numbers, as such or as text, and dates.
    private static func scopes(_ line: String) -> [(range: Range<String.Index>, values: [String])] {
        line.matches(of: /[:\[,]\s*("?)-?[0-9]+(\.[0-9]+)?\1(?=[,}\]])/).map { match in
            (line.index(after: match.range.lowerBound)..<match.range.upperBound, numbers)
        }
            + line.matches(of: /"[0-9]{4}-[0-9]{2}-[0-9]{2}T[^"]*"/).map { ($0.range, dates + numbers) }
    }

    @Test("No number ends the process, and what became of each record is told", arguments: RuleFixture.all)
    func fixtures(_ fixture: RuleFixture) throws {
        let events = try String(
            contentsOf: fixture.folder.appendingPathComponent("events.jsonl"),
            encoding: .utf8
        )
        let lines = events.split(separator: "\n").map(String.init) + [Self.activity]
        let policy = try fixture.policy()
        var count = 0
        for (index, line) in lines.enumerated() {
            for (range, values) in Self.scopes(line) {
                for value in values {
                    var changed = lines
                    changed[index] = line.replacingCharacters(in: range, with: value)
                    try Self.evaluate(changed, policy)
                    count += 1
                }
            }
        }
        #expect(count > 20)
    }

    private static func evaluate(_ lines: [String], _ policy: Policy) throws {
        var settings = Engine.Settings()
        settings.keepsJournal = true
        var engine = Engine(policy: policy, settings: settings)
        var alerts: [Alert] = []
        var (applied, duplicate, ignored, letters) = (0, 0, 0, 0)
        Array(lines.joined(separator: "\n").utf8).withUnsafeBytes { bytes in
            RecordReader().read(file: bytes) { reading in
                switch reading {
                case .record(let found, _):
                    switch engine.process(found.decoded(), into: &alerts) {
                    case .applied: applied += 1
                    case .duplicate: duplicate += 1
                    }
                case .ignored(let count): ignored += count
                case .deadLetter(let letter):
                    letters += 1
                    #expect(!letter.text.isEmpty)
                }
            }
        }
        #expect(applied + duplicate + ignored + letters == lines.count)
        #expect(applied + letters > 0)
        engine.reconcile(into: &alerts)
        // What was taken is told to others in entries that they read.
        var restored = Engine(policy: policy, settings: settings)
        for entry in engine.allEntries() { try restored.restore(key: entry.key, value: entry.value) }
        #expect(alerts.allSatisfy { !$0.line.isEmpty })
    }
}
