import Configuration
import Foundation
import KafkaTestSupport
import TestSupport
import Testing

/// Brokers that are far away, or have too much to do: each answer takes its time.
@Suite(.needsKafkaHome, .ownThread, .serialized)
struct FarBrokerTests {
    @Test("Each answer takes 0.4 s and more: a worker starts, and another one takes over from it")
    func far() throws {
        let proxy = try LoopbackProxy()
        proxy.delayAnswers(.milliseconds(400))
        let broker = try RealBroker(listeners: [.init("FAR", "PLAINTEXT", port: proxy.port)])
        defer { broker.stop() }
        proxy.forward(to: broker.port(of: "FAR"))
        let stage = try Stage(partitions: 2, on: broker)
        let folder = try TestFolder()
        let configuration = try folder.write("amiwatch.yaml", "policy: \(Stage.folder)/policy.yaml\n")
        var other = stage
        other.configuration.instanceID = "other"
        let environment = ["AMIWATCH_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:\(proxy.port)"]
        let flow = try stage.flow(every: .milliseconds(250))
        defer { flow.end() }
        let first = try Worker(stage, configuration: configuration, environment: environment)
        _ = try flow.delays(ofNext: 4)
        let second = try Worker(other, configuration: configuration, environment: environment)
        try #require(second.logs("restored state evaluated"), "\(second.lines)")
        _ = try flow.delays(ofNext: 4)
        first.end()
        _ = try flow.delays(ofNext: 4)
        #expect(flow.repeatedAlerts == 0)
        #expect(flow.passages.allSatisfy { $0.opened.count < 2 })
        second.end()
    }
}
