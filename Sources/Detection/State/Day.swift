import CloudTrail

/// A day of UTC, counted from 1970-01-01.
struct Day: Fingerprinted, Comparable, Sendable {
    let number: Int64

    /// The day that a time is in.
    init(of time: EventTime) { number = time.seconds / 86_400 }

    private init(number: Int64) { self.number = number }

    /// After every other day.
    static let distantFuture = Day(number: .max)

    func feed(to fingerprint: inout TextFingerprint) { fingerprint.feed(UInt64(bitPattern: number)) }

    static func < (left: Day, right: Day) -> Bool { left.number < right.number }
}
