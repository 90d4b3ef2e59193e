import Foundation
import Glibc
import Kafka
import KafkaTestSupport
import Synchronization
import TestSupport

/// Records that no rule watches, at a steady rate, from a thread of its own that never ends.
final class Load: Sendable {
    private struct State {
        var rate = 0
        var burst = 0
        var sent = 0
    }

    private let state = Mutex(State())

    /// Begins with none.
    init(to topic: String, at servers: String, partitions: Int) {
        Thread.detachNewThread { [self] in
            do { try run(topic, servers, Int32(partitions)) } catch {
                FileHandle.standardError.write(Data("chaos: producing the load: \(error)\n".utf8))
            }
        }
    }

    /// Records a second from now on.
    func setRate(_ rate: Int) { state.withLock { $0.rate = rate } }

    /// So many at once.
    func burst(_ count: Int) { state.withLock { $0.burst += count } }

    /// How many were sent.
    var sent: Int { state.withLock { $0.sent } }

    private func run(_ name: String, _ servers: String, _ partitions: Int32) throws {
        let producer = try Feeder.producer(at: servers)
        let topic = try producer.topic(name)
        let records = History(seed: 1, accounts: 60, records: 2000, oneIn: .max, step: 1).events.map {
            let parts = $0.json.split(separator: /2026-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z/)
            return (Array(parts[0].utf8), Array(parts[1...].joined().utf8))
        }
        var number = 0
        var next = ContinuousClock.now
        while true {
            let (rate, burst) = state.withLock { state in
                defer { state.burst = 0 }
                return (state.rate, state.burst)
            }
            // A tenth of a second's worth at a time; what could not be sent in time is not sent later.
            let count = burst + rate / 10
            let now = Array(Date.now.ISO8601Format().utf8)
            for _ in 0..<count {
                let (start, end) = records[number % records.count]
                try producer.produce(
                    to: topic,
                    partition: Int32(number / 50) % partitions,
                    key: nil,
                    value: start + now + end,
                    timeout: patience
                )
                number += 1
            }
            state.withLock { $0.sent += count }
            next = max(next + .milliseconds(100), .now)
            repeat { producer.poll(timeout: .milliseconds(10)) } while ContinuousClock.now < next
        }
    }
}
