import CloudTrail

/// How far one partition has come in event time, as the catalogue tells all detectors.
///
/// Under `time/…`, in text: the keys of facts begin with a format number far below the letters.
struct Watermark {
    private static let prefix = Array("time/".utf8)

    let source: String
    let time: EventTime

    init(source: String, time: EventTime) {
        self.source = source
        self.time = time
    }

    /// Nil when the entry is something else.
    init?(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        guard Self.isWatermark(key), let seconds = Int64(String(decoding: value, as: UTF8.self)) else {
            return nil
        }
        source = String(decoding: key.dropFirst(Self.prefix.count), as: UTF8.self)
        time = EventTime(seconds: seconds)
    }

    /// Whether a key of the catalogue is one of these.
    static func isWatermark(_ key: UnsafeRawBufferPointer) -> Bool { key.starts(with: prefix) }

    var key: [UInt8] { Self.prefix + Array(source.utf8) }
    var value: [UInt8] { Array(String(time.seconds).utf8) }
}

/// The latest watermark that any partition has published, and when this worker published one.
///
/// A watermark too far ahead of this machine's clock counts when the clock comes to it: whoever published it may have
/// the right one.
struct WatermarkTracker {
    /// The latest one that counts.
    private(set) var latest = EventTime.distantPast
    private var ahead: [String: EventTime] = [:]
    private var lastPublished = ContinuousClock.now
    /// When it was asked last whether the latest one counts here.
    private var lastAsked: ContinuousClock.Instant?

    /// Whether there are watermarks that do not count yet.
    var isAhead: Bool { !ahead.isEmpty }

    /// All that counts, and what does not yet.
    var all: [Watermark] {
        [Watermark(source: "", time: latest)] + ahead.map { Watermark(source: $0.key, time: $0.value) }
    }

    mutating func observe(_ watermark: Watermark, notAfter limit: EventTime) {
        let isAhead = watermark.time > limit
        ahead[watermark.source] = isAhead ? watermark.time : nil
        if !isAhead { latest = max(latest, watermark.time) }
    }

    /// Counts what the clock has come to.
    mutating func admit(notAfter limit: EventTime) {
        for (source, early) in ahead where early <= limit {
            ahead[source] = nil
            latest = max(latest, early)
        }
    }

    /// Whether so much time has passed since this worker published a watermark.
    func isDue(after interval: Duration, now: ContinuousClock.Instant) -> Bool {
        now - lastPublished >= interval
    }

    /// Whether to ask now whether the latest one counts here; not more than twice a second.
    mutating func takesQuestion(now: ContinuousClock.Instant) -> Bool {
        if let lastAsked, now - lastAsked < .milliseconds(500) { return false }
        lastAsked = now
        return true
    }

    /// This worker has published one.
    mutating func notePublished(now: ContinuousClock.Instant) { lastPublished = now }
}
