import CloudTrail
import Foundation
import KafkaTestSupport
import Pipeline
import Testing

/// Every rule's fixtures, through the shipped program and a real broker.
///
/// A fixture's events go into an input topic of its own, in the order of the file and on one partition, behind its
/// inventory; the program runs with its policy until everything is judged. What a `read_committed` reader then finds on
/// the alerts topic are the expected alerts, byte for byte and in their order. The one thing that differs is
/// `raised_at`, the time at which an alert was published, which a replay does not know.
///
/// With more than one partition only the findings would be the same: which account's events come first is then chance.
@Suite(.needsRealBroker, .ownThread, .serialized)
struct FixtureRunTests {
    private static let fixtures =
        (try? Fixture.find(Worker.checkout + "/Tests/DetectionTests/Fixtures")) ?? []

    /// A run waits most of its time.
    private static let runsAtOnce = 8

    private static let alerts: [Fixture: Result<[String], any Error>] = Dictionary(
        uniqueKeysWithValues: zip(fixtures, inParallel(fixtures, atOnce: runsAtOnce, run))
    )

    @Test(arguments: fixtures)
    func theAlertsAreTheExpectedOnes(_ fixture: Fixture) throws {
        let found = try #require(Self.alerts[fixture]).get()
        let expected = try #require(try fixture.expectedLines()).map { String(decoding: $0, as: UTF8.self) }
        #expect(found.count == expected.count)
        for (found, expected) in zip(found, expected) {
            #expect(found.contains(EndToEndTests.raised))
            #expect(found.replacing(EndToEndTests.raised, with: #""raised_at":null"#) == expected)
        }
    }

    @Test
    func fixturesAreFound() { #expect(Self.fixtures.count > 50) }

    /// The alerts that a fixture causes, in the order in which they were published.
    private static func run(_ fixture: Fixture) throws -> [String] {
        let stage = try Stage(partitions: 1)
        let options = try fixture.options()
        try #require(
            options.until == nil,
            "a run takes no --until: it has no other time than that of its records"
        )
        if let inventory = fixture.inventoryPath {
            let told = [
                ("--time", options.inventory.time?.description),
                ("--account", options.inventory.account?.description),
                ("--region", options.inventory.region?.string),
            ]
            let options = told.flatMap { option, value in value.map { [option, $0] } ?? [] }
            try command(["inventory", inventory] + options, stage)
        }
        let events = String(decoding: try fixture.events(), as: UTF8.self).split(separator: "\n")
        try produce(
            events.map { TestMessage(String($0), partition: 0) },
            to: stage.input,
            at: stage.broker.bootstrapServers
        )
        try command(["run", "--until-end"] + (fixture.policyPath.map { ["--policy", $0] } ?? []), stage)
        return try stage.alerts().map { $0.value ?? "" }
    }

    private static func command(_ arguments: [String], _ stage: Stage) throws {
        let result = try runCommand([Worker.binary] + arguments, environment: stage.environment)
        try #require(result.status == 0, "\(arguments): \(result.errors)")
    }
}
