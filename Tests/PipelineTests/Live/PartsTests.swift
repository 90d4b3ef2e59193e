import CloudTrail
import Kafka
import Testing

@testable import Pipeline

/// The parts of a live run that need no broker.
@Suite
struct PartsTests {
    @Test(
        "murmur2 is the Java client's (its own test's values)",
        arguments: [
            ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971), ("abc", 479_470_107),
        ]
    )
    func murmur2(text: String, hash: Int32) {
        #expect(partition(of: text, by: .murmur2) == hash & 0x7FFF_FFFF)
    }

    @Test(
        "CRC-32 and FNV-1a are librdkafka's, which takes the absolute value of a negative FNV-1a as Sarama does"
    )
    func otherHashes() {
        #expect(partition(of: "123456789", by: .crc32) == Int32(0xCBF4_3926 % UInt32(Int32.max)))
        #expect(partition(of: "foobar", by: .fnv1a) == abs(Int32(bitPattern: 0xBF9C_F968)))
    }

    private func partition(of key: String, by hash: KeyHash) -> Int32 {
        Array(key.utf8).withUnsafeBytes { hash.partition(of: $0, count: .max) }
    }

    @Test("What the ledger writes it reads back, and it leaves the engine's keys alone")
    func ledger() {
        var balance = DetectorBalance()
        (balance.read, balance.applied, balance.duplicate) = (3, 2, 1)
        let entries: [LedgerEntry] = [
            .position(TopicPartition("a/b.c", 7), 1 << 40), .reached(TopicPartition("a/b.c", 7), 1 << 41),
            .totals(balance), .partitionCount(12), .time(EventTime(seconds: 1_770_000_000)),
            .attempt(
                TopicPartition("a/b.c", 7),
                Attempt(place: 5, count: 4, announced: 6, tries: 2, process: 9)
            ),
            .attempt(TopicPartition("c", 0), Attempt(place: 5, count: 0, process: 0)),
        ]
        for entry in entries { #expect(read(entry.key, entry.value) == entry) }
        #expect(read([1, 0, 5], [1]) == nil)
        #expect(read(Array("totals".utf8), Array("2 1 1 1 1 1".utf8)) == .unknown("totals"))
        #expect(read(Array("else".utf8), Array("1 1".utf8)) == .unknown("else"))
        #expect(
            read(Array("reached/a/7".utf8), Array("1 -1".utf8))
                == .malformed("reached/a/7", "the offset -1 is out of range")
        )
        #expect(
            read(Array("time".utf8), Array("1 \(Int.max)".utf8))
                == .malformed("time", "the time \(Int.max) is out of range")
        )
        #expect(read(Array("reached/7".utf8), Array("1 1".utf8)) == .unknown("reached/7"))
    }

    @Test("Starts at one place are counted; progress, and ends in order, take them back")
    func attempts() throws {
        var last: Attempt?
        for start in 1...4 {
            let attempt = Attempt(at: 10, after: last, process: start)
            #expect(attempt.count == start)
            #expect(attempt.isSuspicious == (start == 4))
            last = attempt
        }
        var attempt = try #require(last)
        // The same process again, after a rebalance, has not crashed; nor has one that ended in order.
        #expect(Attempt(at: 10, after: attempt, process: 4).count == 4)
        #expect(Attempt(at: 10, after: attempt.ended(hasAnnounced: false), process: 5).count == 4)
        // One at a time: the place goes along, and what is announced is known at the next start.
        attempt = attempt.advanced(to: 12, isAlone: true)
        var next = attempt
        for process in 5...7 {
            next = Attempt(at: 12, after: next, process: process)
            #expect(next.poison == nil && next.isSuspicious)
            next = next.announcing(13)
            #expect(next.advanced(to: 13, isAlone: true).announced == 13)
        }
        next = Attempt(at: 12, after: next, process: 8)
        #expect(next.poison == 13)
        #expect(next.announcing(14).poison == nil)
        #expect(Attempt(at: 12, after: next.ended(hasAnnounced: false), process: 9).poison == 13)
        #expect(Attempt(at: 12, after: next.ended(hasAnnounced: true), process: 9).announced == nil)
        // Past it all is forgotten.
        #expect(next.advanced(to: 14, isAlone: true).announced == nil)
        #expect(next.advanced(to: 14, isAlone: false).count == 0)
        #expect(Attempt(at: 14, after: next, process: 6).count == 1)
    }

    @Test("The metadata of a committed offset is read back, and whatever else stands there is none")
    func metadata() throws {
        let attempt = Attempt(place: 1 << 40, count: 4, announced: 6, tries: 2, process: .max)
        #expect(Attempt(metadata: attempt.metadata) == attempt)
        #expect(Attempt(place: 5, count: 0, process: 7).metadata.isEmpty)
        for text in [
            "", "1", "another program's", "1 5 4 6 2", "2 5 4 6 2 9", "1 5 -4 6 2 9", "1 -5 4 6 2 9",
        ] {
            #expect(Attempt(metadata: text) == nil, "\(text)")
        }
    }

    @Test(
        "The steps of the intake are narrower with each crash, and each reaches as far as the one before stepped"
    )
    func steps() {
        let steps = (4...8).map { Attempt(place: 0, count: $0, process: 1).step }
        #expect(steps.map(\.messages) == [1024, 32, 1, 1, 1])
        for (wider, narrower) in zip(steps, steps.dropFirst()) { #expect(narrower.reach >= wider.messages) }
        // Ended in order, it is not taken back twice.
        let ended = Attempt(place: 0, count: 3, process: 1).ended(hasAnnounced: false)
        #expect(ended.count == 2 && ended.ended(hasAnnounced: false) == ended)
    }

    private func read(_ key: [UInt8], _ value: [UInt8]) -> LedgerEntry? {
        key.withUnsafeBytes { key in value.withUnsafeBytes { LedgerEntry(key: key, value: $0) } }
    }

    @Test("No partition runs away from the slowest one, and two that jump together are not both held")
    func inStep() throws {
        var inStep = InStep(lead: 100)
        let consumer = try Consumer(["group.id": "parts"])
        var partitions = OwnedPartitions<InputPartition>()
        partitions.assign((0..<3).map { TopicPartition("t", $0) }, topic: consumer.index(of:))
        let start = EventTime(seconds: 1000)
        func admits(
            _ time: EventTime,
            from index: Int,
            of partitions: OwnedPartitions<InputPartition>
        ) -> Bool {
            inStep.admits(time, from: index, of: partitions)
        }
        // Nothing seen yet: a partition may go on from the least time met.
        #expect(admits(start, from: 0, of: partitions))
        partitions[0].see(start)
        #expect(admits(start.advanced(bySeconds: 100), from: 0, of: partitions))
        #expect(!admits(start.advanced(bySeconds: 101), from: 0, of: partitions))
        partitions[0].phase = .heldBack(start.advanced(bySeconds: 5000))
        partitions[1].see(start)
        partitions[2].isAtEnd = true
        // The only other one is held back, so this one is the slowest and goes on.
        #expect(admits(start.advanced(bySeconds: 4000), from: 1, of: partitions))
        partitions[1].isAtEnd = true
        #expect(admits(start.advanced(bySeconds: 5000), from: 0, of: partitions))
    }
}
