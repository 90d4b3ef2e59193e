import Alerts
import Configuration
import Foundation
import KafkaTestSupport
import TestSupport
import Testing

@testable import Pipeline

/// A replay that publishes, beside a live run of the same records.
@Suite(.needsRealBroker, .ownThread)
struct ReplayPublishTests {
    @Test("A replay's alerts are marked, have ids of their own, and are the same each time")
    func staysApart() throws {
        let history = History(seed: 43, records: 300)
        let stage = try Stage(formats: [.native, .ocsf])
        try stage.produce(history.events)
        try stage.runToEnd()
        let live = try stage.toldNatively()

        let folder = try TestFolder()
        let trail = folder.path + "/trail.jsonl"
        try history.sorted.map(\.json).joined(separator: "\n")
            .write(toFile: trail, atomically: true, encoding: .utf8)
        func replay(_ name: String) throws -> CommandResult {
            try runCommand(
                [
                    Worker.binary, "replay", "--policy", Stage.folder + "/policy.yaml", "--publish", name,
                    trail,
                ],
                environment: stage.environment
            )
        }
        let first = try replay("incident-1")
        #expect(first.status == 0 && first.output.isEmpty, "\(first.errors)")
        try expectInStep(stage)
        let told = try stage.toldNatively()
        #expect(live.allSatisfy { told[$0.key] == $0.value }, "what is live stays as it is")
        let replayed = told.filter { live[$0.key] == nil }
        #expect(replayed.count > 10)
        let marked = try stage.alerts().compactMap { JSONTree(Array(($0.value ?? "").utf8)) }
            .filter { $0["replay"]?.text == "incident-1" }
        #expect(marked.count == first.published)
        let messages = try readAll(stage.configuration.topic(of: .ocsf), at: stage.broker.bootstrapServers)
        let ocsf = messages.compactMap { JSONTree(Array(($0.value ?? "").utf8))?["message"]?.text }
        #expect(ocsf.count { $0.contains("Replay incident-1: ") } >= marked.count)

        #expect(try replay("incident-1").status == 0)
        let again = try stage.toldNatively().filter { live[$0.key] == nil }
        #expect(again == replayed.mapValues { $0 + $0 })
        #expect(try replay("incident-2").status == 0)
        #expect(try stage.toldNatively().count == live.count + 2 * replayed.count)
        #expect(try stage.toldNatively().filter { live[$0.key] != nil } == live)
    }

    @Test("A name that is none, or Kafka options without one, are wrong usage")
    func usage() throws {
        for (arguments, word) in [
            (["--publish", "a b", "x"], "not a valid name"),
            (["--bootstrap-servers", "h:1", "x"], "--bootstrap-servers goes with --publish"),
        ] {
            let result = try runCommand([Worker.binary, "replay"] + arguments)
            #expect(result.status == 2 && result.errors.contains(word), "\(result)")
        }
    }
}

extension CommandResult {
    /// How many alerts it says that it has published.
    fileprivate var published: Int? {
        errors.split(separator: "\n").lazy.compactMap { line in
            line.firstMatch(of: /amiwatch: ([0-9,]+) alerts? published/)?.output.1
        }.first.flatMap { Int($0.replacing(",", with: "")) }
    }
}
