internal import Dispatch
internal import Synchronization

enum Parallel {
    /// Elements that a thread takes at once.
    private static let chunk = 16

    /// The results for the numbers below `count`, each worked out by one of the threads, which have a worker each.
    static func map<Worker, Result>(
        _ count: Int,
        threads: Int,
        worker make: @Sendable () -> Worker,
        _ body: @Sendable (Worker, Int) -> Result
    ) -> [Result] {
        let threads = max(1, min(threads, (count + chunk - 1) / chunk))
        if threads == 1 {
            let worker = make()
            return (0..<count).map { body(worker, $0) }
        }
        return [Result](unsafeUninitializedCapacity: count) { results, initialized in
            let next = Atomic(0)
            // Unsafe: each place is written by the one thread that has taken its number.
            nonisolated(unsafe) let base = results.baseAddress
            DispatchQueue.concurrentPerform(iterations: threads) { _ in
                let worker = make()
                while true {
                    let start = next.add(chunk, ordering: .relaxed).oldValue
                    guard start < count, let base else { return }
                    for index in start..<min(count, start + chunk) {
                        (base + index).initialize(to: body(worker, index))
                    }
                }
            }
            initialized = count
        }
    }
}
