import CloudTrail
import Foundation
import Pipeline
import Testing
import TrailArchive

@testable import Detection

/// Every rule against recorded events.
///
/// `AMIWATCH_UPDATE_EXPECTED=1` rewrites the expected alerts; the diff is the review.
@Suite
struct RuleFixtureTests {
    private static let isUpdating = ProcessInfo.processInfo.environment["AMIWATCH_UPDATE_EXPECTED"] == "1"
    private static let ids = RuleSet.all.rules.map(\.metadata.id)

    @Test(arguments: Fixture.ofRules)
    func theAlertsAreTheExpectedOnes(_ fixture: Fixture) throws {
        let outcome = try fixture.replay()
        #expect(outcome.lost.isEmpty)
        let lines = outcome.alerts.map(\.line)
        if Self.isUpdating {
            let text = lines.map { "\($0)\n" }.joined()
            return try text.write(toFile: fixture.expectedPath, atomically: true, encoding: .utf8)
        }
        let expected = try fixture.expectedLines() ?? []
        #expect(lines.count == expected.count)
        for (found, expected) in zip(lines, expected) {
            #expect(found == String(decoding: expected, as: UTF8.self))
        }
    }

    @Test(arguments: ids)
    func everyRuleHasAFixtureThatFiresAndANearMiss(_ id: String) throws {
        let fixtures = Fixture.ofRules.filter { $0.rule == id }
        try #require(!fixtures.isEmpty, "Tests/DetectionTests/Fixtures/\(id) is missing")
        let rule = try #require(RuleSet.all.rule(id))
        let events = rule.metadata.events
        var (fires, misses) = (false, false)
        for fixture in fixtures {
            let alerts = try fixture.alerts().filter { $0.finding.identity.rule == id }
            let deciding = Set(alerts.map(\.finding.event.id))
            for record in try fixture.records() where events.contains(record.name) {
                if deciding.contains(record.id) { fires = true } else { misses = true }
            }
            let found = Set(alerts.map(\.finding.identity.subject))
            for subject in rule.subjects(of: try fixture.policy()) {
                if found.contains(subject) { fires = true } else { misses = true }
            }
        }
        #expect(fires, "nothing of \(id) fires")
        #expect(misses, "nothing of \(id) is a near miss")
    }

    @Test(arguments: ids)
    func everyRuleHasAFileOfItsName(_ id: String) {
        let name = id.split(separator: "-").map { part in
            part == "ami"
                ? "AMI"
                : part == "amis"
                    ? "AMIs" : part == "iam" ? "IAM" : part.prefix(1).uppercased() + part.dropFirst()
        }.joined()
        let rules = Fixture.rulesFolder + "/../../../Sources/Detection/Rules"
        let files = FileManager.default.enumerator(atPath: rules)?.compactMap { $0 as? String } ?? []
        #expect(files.contains { $0.hasSuffix("/\(name).swift") }, "\(name).swift is missing")
    }

    @Test
    func everyFixtureIsOfARule() throws {
        #expect(try Fixture.ofRules.count == Folder.folders(in: Fixture.rulesFolder).count)
        #expect(Fixture.ofRules.filter { !Self.ids.contains($0.rule) }.map(\.description).isEmpty)
        #expect(Set(Self.ids).isSubset(of: RuleCatalogue.knownIDs))
    }
}
