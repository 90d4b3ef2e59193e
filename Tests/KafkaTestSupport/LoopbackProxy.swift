import Foundation
import Glibc
import Synchronization

/// A port on 127.0.0.1 that forwards connections, byte for byte: but drops, or delays, what it is told to.
///
/// Usable from any thread; it listens until the test process ends.
package final class LoopbackProxy: Sendable {
    package let port: Int
    /// How many connections came, dropped ones too.
    package var connections: Int { state.withLock { $0.connections } }

    private struct State {
        var connections = 0
        var toDrop = 0
        var target: Int?
        var delay = Duration.zero
    }

    private let state = Mutex(State())

    /// Listens at once, and forwards nothing before it is told whereto.
    ///
    /// - Throws: `POSIXError` when there is no port.
    package init() throws {
        port = try freePorts(1)[0]
        let listener = loopbackSocket()
        guard withLoopback(port, { bind(listener, $0, $1) }) == 0, listen(listener, 16) == 0 else {
            throw POSIXError(.EADDRINUSE)
        }
        Thread.detachNewThread { [self] in
            while case let client = accept(listener, nil, nil), client >= 0 { take(client) }
        }
    }

    /// Forwards connections to this port of 127.0.0.1.
    package func forward(to target: Int) { state.withLock { $0.target = target } }

    /// Drops the next connections.
    package func drop(_ count: Int) { state.withLock { $0.toDrop = count } }

    /// Holds every answer back for so long, and at most for twice as long.
    package func delayAnswers(_ delay: Duration) { state.withLock { $0.delay = delay } }

    private func take(_ client: Int32) {
        let target = state.withLock { state -> Int? in
            state.connections += 1
            if state.toDrop == 0 { return state.target }
            state.toDrop -= 1
            return nil
        }
        let broker = loopbackSocket()
        guard let target, withLoopback(target, { connect(broker, $0, $1) }) == 0 else {
            close(broker)
            close(client)
            return
        }
        let isAnswered = DispatchSemaphore(value: 0)
        Thread.detachNewThread { [self] in
            pass(from: broker, to: client) { state.withLock { $0.delay } }
            isAnswered.signal()
        }
        Thread.detachNewThread { [self] in
            pass(from: client, to: broker) { .zero }
            isAnswered.wait()
            close(broker)
            close(client)
        }
    }

    private func pass(from source: Int32, to target: Int32, after delay: () -> Duration) {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while case let count = read(source, &buffer, buffer.count), count > 0 {
            usleep(UInt32(delay() / .microseconds(1)))
            if send(target, buffer, count, Int32(MSG_NOSIGNAL)) != count { break }
        }
        shutdown(target, Int32(SHUT_WR))
    }
}
