import CloudTrail
import Testing

@testable import Pipeline

/// Times of other workers against the clock of this one.
@Suite
struct PublishedClockTests {
    @Test("A time that is too far ahead counts when the clock comes to it")
    func ahead() {
        func entry(_ source: String, _ seconds: Int64) -> PublishedTime {
            PublishedTime(source: source, time: EventTime(seconds: seconds))
        }
        func latest(_ seconds: Int64) -> EventTime { EventTime(seconds: seconds) }
        var clock = PublishedClock()
        clock.take(entry("a", 100), notAfter: latest(110))
        clock.take(entry("b", 150), notAfter: latest(110))
        clock.take(entry("c", .max), notAfter: latest(110))
        #expect(clock.time.seconds == 100)
        clock.look(notAfter: latest(149))
        #expect(clock.time.seconds == 100)
        clock.look(notAfter: latest(150))
        #expect(clock.time.seconds == 150)
        // What a partition takes back does not count later.
        clock.take(entry("c", 120), notAfter: latest(150))
        #expect(clock.time.seconds == 150)
        #expect(!clock.isAhead)
    }
}
