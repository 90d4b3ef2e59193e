import Foundation
import Glibc
import Synchronization

/// How long a test waits for what has to come.
///
/// So long that a machine with no time to spare gets there, too: only what never comes is a failure.
package let patience: Duration = .seconds(300)

/// Waits until something is so; false when it never is.
package func becomes<Failure>(_ isSo: () throws(Failure) -> Bool) throws(Failure) -> Bool {
    let deadline = ContinuousClock.now + patience
    while ContinuousClock.now < deadline {
        if try isSo() { return true }
        usleep(20_000)
    }
    return false
}

/// What something gave, and the time that it took.
package struct Timed<Value> {
    /// What it gave.
    package let value: Value
    /// By the clock on the wall.
    package let elapsed: Duration
    /// How many times as long as on an idle machine any work took meanwhile; 1 and more.
    package let stretch: Double

    /// What it would have taken on an idle machine, and what a promise in seconds is about.
    package var calm: Duration { elapsed / stretch }
}

/// Runs something, and finds out how busy the machine is meanwhile.
///
/// A thread beside it does a little work again and again, and compares the time that passes with the processor's
/// time that it gets.
package func timed<Value, Failure>(
    _ body: () throws(Failure) -> Value
) throws(Failure) -> Timed<Value> {
    let sample = BusynessSample()
    let start = ContinuousClock.now
    let result = Result(catching: body)
    let elapsed = ContinuousClock.now - start
    let stretch = sample.end()
    return Timed(value: try result.get(), elapsed: elapsed, stretch: stretch)
}

private final class BusynessSample: Sendable {
    private static let work = Duration.milliseconds(20)
    private static let pause: UInt32 = 60_000

    private let isOver = Atomic<Bool>(false)
    private let ended = DispatchSemaphore(value: 0)
    private let stretch = Mutex(1.0)

    init() {
        Thread.detachNewThread { [self] in
            var (passed, got) = (Duration.zero, Duration.zero)
            repeat {
                let (start, own) = (ContinuousClock.now, Self.threadTime())
                while Self.threadTime() - own < Self.work {}
                passed += ContinuousClock.now - start
                got += Self.work
                stretch.withLock { $0 = max(1, passed / got) }
                if !isOver.load(ordering: .acquiring) { usleep(Self.pause) }
            } while !isOver.load(ordering: .acquiring)
            ended.signal()
        }
    }

    func end() -> Double {
        isOver.store(true, ordering: .releasing)
        ended.wait()
        return stretch.withLock { $0 }
    }

    private static func threadTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
