import CloudTrail
import Foundation
import Testing

@testable import Detection

/// Every rule against recorded events.
///
/// `AMIWATCH_UPDATE_EXPECTED=1` rewrites the expected alerts; the diff is the review.
@Suite
struct RuleFixtureTests {
    private static let isUpdating = ProcessInfo.processInfo.environment["AMIWATCH_UPDATE_EXPECTED"] == "1"
    private static let ids = RuleSet.all.rules.map(\.metadata.id)

    @Test(arguments: RuleFixture.all)
    func theAlertsAreTheExpectedOnes(_ fixture: RuleFixture) throws {
        let lines = try fixture.alerts().map(\.line)
        if Self.isUpdating { return try fixture.expect(lines) }
        #expect(lines.count == fixture.expected.count)
        for (found, expected) in zip(lines, fixture.expected) { #expect(found == expected) }
    }

    @Test(arguments: ids)
    func everyRuleHasAFixtureThatFiresAndANearMiss(_ id: String) throws {
        let fixtures = RuleFixture.all.filter { $0.rule == id }
        try #require(!fixtures.isEmpty, "Tests/DetectionTests/Fixtures/\(id) is missing")
        let events = try #require(RuleSet.all.rule(id)).metadata.events
        var (fires, misses) = (false, false)
        for fixture in fixtures {
            let alerts = try fixture.alerts().filter { $0.finding.identity.rule == id }
            let deciding = Set(alerts.map(\.finding.event.id))
            for record in try fixture.records() where events.contains(record.name) {
                if deciding.contains(record.id) { fires = true } else { misses = true }
            }
        }
        #expect(fires, "no event of \(id) fires")
        #expect(misses, "no event of \(id) is a near miss")
    }

    @Test(arguments: ids)
    func everyRuleHasAFileOfItsName(_ id: String) {
        let name = id.split(separator: "-").map { part in
            part == "ami" ? "AMI" : part == "amis" ? "AMIs" : part.prefix(1).uppercased() + part.dropFirst()
        }.joined()
        let rules = RuleFixture.root.deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources/Detection/Rules").path
        let files = FileManager.default.enumerator(atPath: rules)?.compactMap { $0 as? String } ?? []
        #expect(files.contains { $0.hasSuffix("/\(name).swift") }, "\(name).swift is missing")
    }

    @Test
    func everyFixtureIsOfARule() {
        #expect(RuleFixture.all.filter { !Self.ids.contains($0.rule) }.map(\.description).isEmpty)
        #expect(Set(Self.ids).isSubset(of: RuleCatalogue.knownIDs))
    }
}
