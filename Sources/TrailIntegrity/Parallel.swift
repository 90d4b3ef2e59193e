internal import Dispatch
internal import Synchronization

enum Parallel {
    /// Elements that a thread takes at once.
    private static let chunk = 16

    private final class Counter: Sendable {
        let next = Atomic(0)
    }

    /// The results for the numbers below `count`, each worked out by one of the threads, which have a worker each.
    ///
    /// The threads are there at once, however busy the machine is.
    static func map<Worker, Result>(
        _ count: Int,
        threads: Int,
        worker make: @escaping @Sendable () -> Worker,
        _ body: @escaping @Sendable (Worker, Int) -> Result
    ) -> [Result] {
        let threads = max(1, min(threads, (count + chunk - 1) / chunk))
        if threads == 1 {
            let worker = make()
            return (0..<count).map { body(worker, $0) }
        }
        return [Result](unsafeUninitializedCapacity: count) { results, initialized in
            let counter = Counter()
            // Unsafe: each place is written by the one thread that has taken its number.
            nonisolated(unsafe) let base = results.baseAddress
            let work: @Sendable () -> Void = {
                let worker = make()
                while true {
                    let start = counter.next.add(chunk, ordering: .relaxed).oldValue
                    guard start < count, let base else { return }
                    for index in start..<min(count, start + chunk) {
                        (base + index).initialize(to: body(worker, index))
                    }
                }
            }
            let group = DispatchGroup()
            for number in 1..<threads {
                DispatchQueue(label: "verify \(number)").async(group: group, execute: work)
            }
            work()
            group.wait()
            initialized = count
        }
    }
}
