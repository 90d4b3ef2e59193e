/// How many observations, in seconds, were not above each of some bounds.
struct Histogram: Sendable, Equatable {
    /// Upper bounds, in seconds, from the least up.
    let bounds: [Double]
    /// Observations between one bound and the next; the last count is of those above all.
    private(set) var counts: [Int]
    private(set) var sum = 0.0

    init(_ bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// Counts an observation; a clock that is ahead of another one makes it none below zero.
    mutating func observe(milliseconds: Int64) {
        let seconds = Double(max(0, milliseconds)) / 1000
        counts[bounds.firstIndex { seconds <= $0 } ?? bounds.count] += 1
        sum += seconds
    }

    /// From a few milliseconds to minutes: what amiwatch itself takes.
    static let processing = Histogram([
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
    ])
    /// From seconds to a day: CloudTrail alone takes about five minutes.
    static let events = Histogram([1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 21_600, 86_400])
}
