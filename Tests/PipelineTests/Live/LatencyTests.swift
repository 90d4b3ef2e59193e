import Configuration
import Foundation
import Glibc
import Kafka
import KafkaTestSupport
import Testing

@testable import Pipeline

/// How soon an alert can be read after its record was produced.
@Suite(.needsRealBroker, .ownThread, .serialized)
struct LatencyTests {
    @Test("Under light load an alert is there in a moment")
    func light() throws {
        let stage = try Stage(partitions: 1)
        let worker = try Worker(stage)
        try #require(worker.logs("state restored"), "\(worker.lines)")
        try #require(worker.logs("\"partitions assigned\",\"role\":\"intake\""), "\(worker.lines)")
        let servers = stage.broker.bootstrapServers
        let consumer = try Consumer([
            "bootstrap.servers": servers, "group.id": uniqueName("reader"), "fetch.wait.max.ms": "10",
        ])
        try consumer.assign([PartitionOffset(TopicPartition(stage.topics.alerts, 0), .beginning)])
        let producer = try Producer(["bootstrap.servers": servers, "linger.ms": "0"])
        let topic = try producer.topic(stage.input)
        let template = History(seed: 61, accounts: 1, records: 400).events.first {
            $0.json.contains("\"add\"")
        }
        let shares = (0..<60).compactMap { number in
            template?.replacing(id: "00000000-0000-4000-8000-0000000\(10_000 + number)", number)
        }
        let measured = try timed {
            try shares.map { event in
                let start = ContinuousClock.now
                try producer.produce(to: topic, partition: 0, key: nil, value: Array(event.json.utf8))
                producer.poll()
                var isThere = false
                while !isThere, ContinuousClock.now - start < patience, worker.process.exitStatus() == nil {
                    consumer.poll(maxMessages: 100, timeout: .milliseconds(100)) { batch in
                        isThere = batch.messages.contains { message in
                            // The deciding record's id stands in the alert.
                            String(decoding: message.payload ?? .init(start: nil, count: 0), as: UTF8.self)
                                .contains("\"id\":\"\(event.id)\"")
                        }
                    }
                }
                try #require(isThere)
                let time = ContinuousClock.now - start
                usleep(20_000)
                return time
            }
        }
        // The first ones wait for what happens once.
        let sorted = measured.value.dropFirst(10).sorted()
        let middle = sorted[sorted.count / 2]
        print(
            "latency: p50 \(middle), p90 \(sorted[sorted.count * 9 / 10]), most \(sorted[sorted.count - 1]);",
            "work takes \(measured.stretch) times as long as on an idle machine"
        )
        #expect(middle / measured.stretch < .milliseconds(500))
    }
}

extension History.Event {
    /// The record's `eventID`.
    fileprivate var id: String {
        json.split(separator: "\"eventID\":\"").last.map { String($0.prefix(36)) } ?? ""
    }

    /// The same change of another image.
    fileprivate func replacing(id: String, _ number: Int) -> History.Event {
        let image = json.split(separator: "\"imageId\":\"").last.map { String($0.prefix(21)) } ?? ""
        return History.Event(
            account: account,
            time: time,
            json: json.replacing(self.id, with: id)
                .replacing(image, with: "ami-000000000000\(10_000 + number)")
                .replacing("999988887777", with: "999988887776")
        )
    }
}
