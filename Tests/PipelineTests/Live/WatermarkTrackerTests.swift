import CloudTrail
import Testing

@testable import Pipeline

/// Watermarks of other workers against the clock of this one.
@Suite
struct WatermarkTrackerTests {
    @Test("A watermark that is too far ahead counts when the clock comes to it")
    func ahead() {
        func entry(_ source: String, _ seconds: Int64) -> Watermark {
            Watermark(source: source, time: EventTime(seconds: seconds))
        }
        func limit(_ seconds: Int64) -> EventTime { EventTime(seconds: seconds) }
        var tracker = WatermarkTracker()
        tracker.observe(entry("a", 100), notAfter: limit(110))
        tracker.observe(entry("b", 150), notAfter: limit(110))
        tracker.observe(entry("c", .max), notAfter: limit(110))
        #expect(tracker.latest.seconds == 100)
        tracker.admit(notAfter: limit(149))
        #expect(tracker.latest.seconds == 100)
        tracker.admit(notAfter: limit(150))
        #expect(tracker.latest.seconds == 150)
        // What a partition takes back does not count later.
        tracker.observe(entry("c", 120), notAfter: limit(150))
        #expect(tracker.latest.seconds == 150)
        #expect(!tracker.isAhead)
    }
}
