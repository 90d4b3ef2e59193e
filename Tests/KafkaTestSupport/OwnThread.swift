import Dispatch
import Synchronization
package import Testing

/// Runs a suite on a thread of its own, a few such suites at a time.
///
/// A test with a broker waits most of its time. On a thread of the test library's own, of which there are as many as
/// processors, it would keep the tests from running that do nothing but work; and all such suites at once would
/// only wait for each other.
package struct OwnThread: SuiteTrait, TestScoping {
    private static let turns = Turns(3)

    /// Waits for the suite's turn, and runs it.
    package func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing body: @Sendable () async throws -> Void
    ) async throws {
        // On its own thread from the first to the last: the library's may be busy with other tests for minutes.
        try await withTaskExecutorPreference(SuiteThread(test.name)) {
            await Self.turns.take()
            defer { Self.turns.give() }
            try await body()
        }
    }
}

extension Trait where Self == OwnThread {
    /// Runs a suite on a thread of its own, a few such suites at a time.
    package static var ownThread: Self { Self() }
}

private final class SuiteThread: TaskExecutor {
    private let queue: DispatchQueue

    init(_ name: String) { queue = DispatchQueue(label: name) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}

/// So many may go on at a time; the others wait in the order in which they came.
private final class Turns: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(free: count)) }

    func take() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.free > 0 {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    func give() {
        let next: CheckedContinuation<Void, Never>? = state.withLock { state in
            if state.waiting.isEmpty {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
