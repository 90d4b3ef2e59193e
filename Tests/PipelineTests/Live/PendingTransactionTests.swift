import Configuration
import Testing

@testable import Pipeline

@Suite
struct PendingTransactionTests {
    private var pending = PendingTransaction(
        DeadLetterLog("detector", writingTo: "deadletters", RunLog(level: .error))
    )
    private var now = ContinuousClock.now

    @Test("While few records come, a pause ends a transaction, and so does its time")
    mutating func few() {
        for _ in 0..<50 { take(5, for: .milliseconds(10)) }
        take(1, for: .milliseconds(1))
        #expect(isDue(isIdle: true))
        #expect(!isDue(isIdle: false))
        now += .milliseconds(20)
        #expect(isDue(isIdle: false))
    }

    @Test(
        "While many come, it waits for ten times as long, pause or not, or for as many records as it may have"
    )
    mutating func many() {
        for _ in 0..<50 { take(50, for: .milliseconds(10)) }
        take(50, for: .milliseconds(100))
        #expect(!isDue(isIdle: true))
        #expect(isDue(isIdle: false, records: 50))
        now += .milliseconds(100)
        #expect(isDue(isIdle: false))
    }

    @Test("What comes first after many have come and gone is not kept waiting")
    mutating func after() {
        for _ in 0..<50 { take(50, for: .milliseconds(10)) }
        now += .seconds(3)
        take(1, for: .milliseconds(1))
        #expect(isDue(isIdle: true))
    }

    /// A transaction with so many records, which lasts so long; the one before it is committed.
    private mutating func take(_ records: Int, for duration: Duration) {
        pending.commit()
        pending.noteChange(at: now)
        pending.countRecords(records)
        now += duration
    }

    private func isDue(isIdle: Bool, records: Int = 10_000) -> Bool {
        pending.isDue(isIdle: isIdle, now: now, records: records, interval: .milliseconds(20))
    }
}
