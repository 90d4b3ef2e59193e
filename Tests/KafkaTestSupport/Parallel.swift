import Foundation
import Synchronization

/// Does something with each item, on so many threads of its own, and gives what came of it in the items' order.
///
/// For work that waits for others; what only computes gains nothing by more threads than processors.
public func inParallel<Item: Sendable, Value: Sendable>(
    _ items: [Item],
    atOnce count: Int,
    _ body: @escaping @Sendable (Item) throws -> Value
) -> [Result<Value, any Error>] {
    let work = SharedWork(items, body)
    let group = DispatchGroup()
    for _ in 0..<min(count, items.count) {
        group.enter()
        Thread.detachNewThread {
            while work.doNext() {}
            group.leave()
        }
    }
    group.wait()
    return work.results
}

private final class SharedWork<Item: Sendable, Value: Sendable>: Sendable {
    private struct State {
        var next = 0
        var results: [Int: Result<Value, any Error>] = [:]
    }

    private let items: [Item]
    private let body: @Sendable (Item) throws -> Value
    private let state = Mutex(State())

    init(_ items: [Item], _ body: @escaping @Sendable (Item) throws -> Value) {
        (self.items, self.body) = (items, body)
    }

    /// Takes the next item; false when none is left.
    func doNext() -> Bool {
        let index = state.withLock { state in
            defer { state.next += 1 }
            return state.next
        }
        guard items.indices.contains(index) else { return false }
        let result = Result { try body(items[index]) }
        state.withLock { $0.results[index] = result }
        return true
    }

    var results: [Result<Value, any Error>] {
        state.withLock { state in items.indices.compactMap { state.results[$0] } }
    }
}
