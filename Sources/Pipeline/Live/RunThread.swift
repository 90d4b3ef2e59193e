import Foundation

/// One thread of a run.
///
/// What `body` makes stays on it; its failure goes to the board and ends the run.
final class RunThread: Sendable {
    private let finished = DispatchSemaphore(value: 0)

    init(_ name: String, board: RunBoard, _ body: @escaping @Sendable () throws -> Void) {
        let thread = Thread { [finished] in
            do { try body() } catch {
                board.fail(error as? RunFailure ?? RunFailure("\(error)"))
            }
            finished.signal()
        }
        thread.name = name
        // JSON of the permitted depth, and a rule over it, fit many times.
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Waits for its end; false when it still runs after the time limit.
    func wait(seconds: Double) -> Bool {
        guard finished.wait(timeout: .now() + seconds) == .success else { return false }
        finished.signal()
        return true
    }
}
