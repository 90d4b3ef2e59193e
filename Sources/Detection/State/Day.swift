import CloudTrail

/// A day of UTC, counted from 1970-01-01.
struct Day: Fingerprinted, Comparable, Sendable {
    let number: Int64

    /// The day that a time is in.
    init(of time: EventTime) { number = time.seconds / 86_400 }

    private init(number: Int64) { self.number = number }

    /// The moment with which the next day begins.
    var end: EventTime { EventTime(seconds: (number + 1) * 86_400) }

    /// After every other day.
    static let distantFuture = Day(number: .max)

    func feed(to fingerprint: inout TextFingerprint) { fingerprint.feed(UInt64(bitPattern: number)) }

    static func < (left: Day, right: Day) -> Bool { left.number < right.number }
}
