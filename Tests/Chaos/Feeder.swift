import Foundation
import Glibc
import Kafka
import KafkaTestSupport
import Synchronization
import TestSupport

/// Puts messages into the input on a thread of its own, as far as it is allowed to.
///
/// What a broker that dies has not acknowledged is sent again, and may come twice: that must not matter.
final class Feeder: Sendable {
    private struct State {
        var allowed = 0
        var sent = 0
        var isDelivered = false
        var failure: (any Error)?
    }

    private let state = Mutex(State())

    /// Begins; nothing is sent before ``allow(_:)``.
    init(_ messages: Messages, to topic: String, at servers: String, seed: UInt64) {
        Thread.detachNewThread { [self] in
            do { try run(messages, topic, servers, seed) } catch {
                state.withLock { $0.failure = error }
            }
        }
    }

    /// Lets it send the messages before this one.
    func allow(_ place: Int) { state.withLock { $0.allowed = max($0.allowed, place) } }

    /// How many have been sent.
    ///
    /// - Throws: what ended it.
    func sent() throws -> Int {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            return state.sent
        }
    }

    /// Whether the brokers have acknowledged all of them.
    var isDelivered: Bool { state.withLock { $0.isDelivered } }

    /// A producer that goes on until what it was given has arrived.
    static func producer(at servers: String) throws -> Producer {
        try Producer([
            "bootstrap.servers": servers, "acks": "all", "enable.idempotence": "false", "linger.ms": "5",
            "message.timeout.ms": "0", "compression.type": "lz4", "socket.timeout.ms": "5000",
        ])
    }

    private func run(_ messages: Messages, _ name: String, _ servers: String, _ seed: UInt64) throws {
        let producer = try Self.producer(at: servers)
        let topic = try producer.topic(name)
        var random = SplitMix64(seed: seed ^ 0xbee)
        var next = 0
        while next < messages.items.count {
            let allowed = state.withLock { $0.allowed }
            // In small heaps, so that faults fall between, into and behind transactions.
            let heap = next..<min(allowed, messages.items.count, next + 1 + random.next(120))
            if heap.isEmpty {
                producer.poll(timeout: .milliseconds(20))
                continue
            }
            for item in messages.items[heap] {
                try producer.produce(
                    to: topic,
                    partition: item.partition,
                    key: nil,
                    value: messages.bytes(of: item),
                    timeout: patience
                )
            }
            next = heap.upperBound
            producer.poll()
            state.withLock { $0.sent = next }
            usleep(UInt32(random.next(12_000)))
        }
        try producer.flush(timeout: patience)
        state.withLock { $0.isDelivered = true }
    }
}
