import KafkaTestSupport
import Testing

/// How soon an alert can be read after its record was produced.
@Suite(.needsRealBroker, .ownThread, .serialized)
struct LatencyTests {
    @Test("Under light load an alert is there in a moment")
    func light() throws {
        let stage = try Stage(partitions: 1)
        let worker = try Worker(stage)
        try #require(worker.logs("state restored"), "\(worker.lines)")
        try #require(worker.logs("\"partitions assigned\",\"role\":\"intake\""), "\(worker.lines)")
        let flow = try stage.flow(every: .milliseconds(30))
        defer { flow.end() }
        // The first ones wait for what happens once.
        _ = try flow.delays(ofNext: 10)
        let measured = try timed { try flow.delays(ofNext: 50) }
        let times = measured.value
        print(
            "latency: p50 \(times[25]), p90 \(times[45]), most \(times[49]);",
            "work takes \(measured.stretch) times as long as on an idle machine"
        )
        #expect(times[25] / measured.stretch < .milliseconds(500))
    }
}
