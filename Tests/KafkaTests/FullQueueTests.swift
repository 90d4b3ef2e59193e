import Glibc
import Kafka
import KafkaTestSupport
import Testing

/// What happens when messages are fetched faster than they are read.
@Suite("A full queue", .ownThread, .serialized)
struct FullQueueTests {
    @Test("is filled again as soon as it has been emptied, not a second later")
    func isFilledAgain() throws {
        let broker = try EmbeddedBroker()
        let topic = uniqueName("topic")
        try broker.createTopic(topic, partitions: 2)
        let count: Int32 = 2000
        let producer = try Producer([
            "bootstrap.servers": broker.bootstrapServers, "batch.size": "20000", "linger.ms": "5",
        ])
        let target = try producer.topic(topic)
        let value = [UInt8](repeating: 0x61, count: 1000)
        for number in 0..<count {
            try producer.produce(to: target, partition: number % 2, key: nil, value: value)
        }
        try producer.flush(timeout: patience)

        // A fetch brings more than may be queued, so the fetcher rests after each.
        let consumer = try Consumer([
            "bootstrap.servers": broker.bootstrapServers, "group.id": "g",
            "max.partition.fetch.bytes": "100000", "queued.max.messages.kbytes": "50",
        ])
        try consumer.assign([PartitionOffset(topic, 0, 0), PartitionOffset(topic, 1, 0)])
        var read = 0
        let reading = try timed {
            try pollUntil(consumer) { batch in
                read += batch.messages.count
                if !batch.messages.isEmpty { usleep(10_000) }
                return read == Int(count)
            }
        }
        // About twenty fetches: resting after each would take as many seconds.
        #expect(reading.calm < .seconds(10), "\(reading)")
    }
}
