import CloudTrail
import Foundation
import Pipeline
import Testing

@testable import Detection

/// The greatest and least numbers and times in every place of every fixture.
@Suite
struct ExtremeNumberTests {
    private static let numbers = [
        "-9223372036854775808", "9223372036854775807", "9007199254740991", "9007199254740993", "1e308",
    ]
    /// A third of a fixture's events is changed at a time, so that the others still find something to be about.
    private static let turns = 3
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

    @Test("No number ends the process, and what became of each record is told", arguments: Fixture.ofRules)
    func fixtures(_ fixture: Fixture) throws {
        let events = String(decoding: try fixture.events(), as: UTF8.self)
        let lines = events.split(separator: "\n").map(String.init) + [Self.activity]
        let policy = try fixture.policy()
        let places = lines.map(Self.scopes)
        let most = places.map(\.count).max() ?? 0
        var count = 0
        for place in 0..<most {
            for choice in 0..<(Self.dates + Self.numbers).count {
                for turn in 0..<Self.turns {
                    var changed = lines
                    for index in stride(from: turn, to: lines.count, by: Self.turns)
                    where places[index].indices.contains(place) {
                        let (range, values) = places[index][place]
                        guard values.indices.contains(choice) else { continue }
                        changed[index] = lines[index].replacingCharacters(in: range, with: values[choice])
                        count += 1
                    }
                    if changed != lines { try Self.evaluate(changed, policy) }
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
