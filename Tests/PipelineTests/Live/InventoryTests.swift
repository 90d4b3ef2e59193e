import Configuration
import Foundation
import KafkaTestSupport
import Testing

@testable import Alerts

@testable import Pipeline

/// What `amiwatch inventory` publishes.
@Suite(.needsRealBroker, .ownThread, .serialized)
struct InventoryTests {
    @Test("What the AWS CLI printed settles live what it settles in a replay")
    func settles() throws {
        let stage = try Stage()
        let sample = Worker.checkout + "/Deploy/sample"
        let images = sample + "/inventory/images.json"
        let published = try runCommand(
            [Worker.binary, "inventory", "--bootstrap-servers", stage.broker.bootstrapServers, images],
            environment: stage.environment
        )
        #expect(
            published.status == 0 && published.errors.hasSuffix(": 2 messages published\n"),
            "\(published)"
        )
        #expect(published.output.split(separator: "\n").count == 2)
        let run = try runCommand(
            [
                Worker.binary, "run", "--policy", sample + "/policy.yaml", "--feed", sample + "/trail",
                "--until-end",
            ],
            environment: stage.environment
        )
        #expect(run.status == 0, "\(run.errors)")
        let replay = try runCommand([
            Worker.binary, "replay", "--policy", sample + "/policy.yaml", "--inventory", images, "--findings",
            sample + "/trail",
        ])
        let expected = replay.output.split(separator: "\n").compactMap { JSONTree(Array($0.utf8)) }
        #expect(!expected.isEmpty)
        let findings = expected.map { ($0["finding_id"]?.text ?? "", told($0)) }
        #expect(try stage.findings() == Dictionary(findings) { $1 })
    }

    @Test("Topics that are not there are named, and nothing is said to be published")
    func missingTopics() throws {
        var stage = try Stage(partitions: 1)
        stage.configuration.topics.events += "-missing"
        let result = try runCommand(
            [Worker.binary, "inventory", Worker.checkout + "/Deploy/sample/inventory/images.json"],
            environment: stage.environment
        )
        let beginning = "amiwatch: missing topic \(stage.topics.events): run 'amiwatch topics --create "
        #expect(result.errors.hasPrefix(beginning), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1)
        #expect(result.output.isEmpty)
        #expect(result.status == 1)
    }
}
