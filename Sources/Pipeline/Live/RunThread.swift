import Foundation

/// One thread of a run.
///
/// What it makes stays on it; its failure goes to the board and ends the run.
final class RunThread: Sendable {
    /// What it does, in a word.
    let name: String
    private let finished = DispatchSemaphore(value: 0)
    private let gone = DispatchSemaphore(value: 0)

    convenience init(_ name: String, board: RunBoard, _ body: @escaping @Sendable () throws -> Void) {
        self.init(name, board: board, make: { body }, run: { try $0() })
    }

    /// A thread that makes something, runs it, and lets it go when its work is done.
    init<Work>(
        _ name: String,
        board: RunBoard,
        make: @escaping @Sendable () throws -> Work,
        run: @escaping @Sendable (Work) throws -> Void
    ) {
        self.name = name
        let thread = Thread { [finished, gone] in
            do {
                let work = try make()
                do { try run(work) } catch { board.fail(error) }
                finished.signal()
                withExtendedLifetime(work) {}
            } catch {
                board.fail(error)
                finished.signal()
            }
            gone.signal()
        }
        thread.name = name
        // JSON of the permitted depth, and a rule over it, fit many times.
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Waits for the end of its work; false when it still runs after the time limit.
    func wait(seconds: Double) -> Bool { Self.wait(finished, seconds) }

    /// Waits until what it made is gone, too: clients of a topic that was deleted may never be (librdkafka 2.0.2).
    func waitForSilence(seconds: Double) -> Bool { Self.wait(gone, seconds) }

    private static func wait(_ event: DispatchSemaphore, _ seconds: Double) -> Bool {
        guard event.wait(timeout: .now() + seconds) == .success else { return false }
        event.signal()
        return true
    }
}
