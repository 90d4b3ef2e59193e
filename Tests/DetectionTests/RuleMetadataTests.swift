import CloudTrail
import Foundation
import Pipeline
import Testing
import TestSupport

@testable import Detection

/// What rules say about themselves is so.
@Suite
struct RuleMetadataTests {
    private static let watched = Set(WatchedCall.allCases.map(\.name))

    @Test(arguments: RuleSet.all.rules.map(\.metadata.id))
    func theEventsAreWatchedOnes(_ id: String) throws {
        let metadata = try #require(RuleSet.all.rule(id)).metadata
        // What the policy alone brings listens to nothing.
        #expect(metadata.events.isEmpty == (id == "suppression-expired"))
        #expect(Set(metadata.events).count == metadata.events.count)
        #expect(Set(metadata.events).isSubset(of: Self.watched))
        #expect(!metadata.title.isEmpty)
        #expect(metadata.references.allSatisfy { $0.hasPrefix("https://docs.aws.amazon.com/") })
        #expect(metadata.attack.allSatisfy { $0.wholeMatch(of: /T\d{4}(\.\d{3})?/) != nil })
    }

    /// A tag in the state stands for one kind of fact, or of subject, only.
    @Test(arguments: ["= Attribute(", "Kind("])
    func everyRowHasATagOfItsOwn(_ beginning: String) throws {
        let sources = Fixture.rulesFolder + "/../../../Sources/Detection"
        let files = FileManager.default.enumerator(atPath: sources)?.compactMap { $0 as? String } ?? []
        var tags: [String] = []
        for file in files where file.hasSuffix(".swift") {
            let text = try String(contentsOfFile: "\(sources)/\(file)", encoding: .utf8)
            tags += text.components(separatedBy: beginning).dropFirst().compactMap {
                $0.split { ",)".contains($0) }.first?.trimmingCharacters(in: .whitespacesAndNewlines)
            }
        }
        tags = tags.filter { $0.first?.isNumber == true || $0.hasPrefix("image: ") }
        #expect(tags.count > 8)
        #expect(Set(tags).count == tags.count, "\(tags.sorted())")
    }

    /// Over generated histories: a rule says something only when one of its events, or a document, comes.
    @Test(arguments: 0..<4)
    func aRuleListensToNothingElse(_ part: Int) {
        for seed in UInt64(5000 + part * 50)..<UInt64(5050 + part * 50) {
            var random = SplitMix64(seed: seed)
            var policy = World.policy(&random)
            policy.suppressions = []
            for index in policy.requiredTags.indices { policy.requiredTags[index].graceMinutes = 0 }
            var engine = Engine(policy: policy)
            for record in History.records(24, random) {
                var alerts: [Alert] = []
                _ = engine.process(record, into: &alerts)
                if case .inventory = record.call { continue }
                // What time brings is of no record.
                for alert in alerts where alert.cause != .time {
                    let rule = RuleSet.all.rule(alert.finding.identity.rule)?.metadata
                    #expect(rule?.events.contains(record.name) == true, "\(rule?.id ?? "") \(record.name)")
                }
            }
        }
    }
}
