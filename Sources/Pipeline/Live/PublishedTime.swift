import CloudTrail

/// How far one partition has come in event time, as the catalogue tells all detectors.
///
/// Under `time/…`, in text: the keys of facts begin with a format number far below the letters.
struct PublishedTime {
    private static let prefix = Array("time/".utf8)

    let source: String
    let time: EventTime

    init(source: String, time: EventTime) {
        self.source = source
        self.time = time
    }

    /// Nil when the entry is something else.
    init?(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        guard Self.isTime(key), let seconds = Int64(String(decoding: value, as: UTF8.self)) else {
            return nil
        }
        source = String(decoding: key.dropFirst(Self.prefix.count), as: UTF8.self)
        time = EventTime(seconds: seconds)
    }

    /// Whether a key of the catalogue is one of these.
    static func isTime(_ key: UnsafeRawBufferPointer) -> Bool { key.starts(with: prefix) }

    var key: [UInt8] { Self.prefix + Array(source.utf8) }
    var value: [UInt8] { Array(String(time.seconds).utf8) }
}

/// The latest time that any partition has published.
///
/// A time too far ahead of this machine's clock counts when the clock comes to it: whoever published it may have the
/// right one.
struct PublishedClock {
    private(set) var time = EventTime.distantPast
    private var ahead: [String: EventTime] = [:]

    /// Whether there are times that do not count yet.
    var isAhead: Bool { !ahead.isEmpty }

    mutating func take(_ entry: PublishedTime, notAfter latest: EventTime) {
        let isAhead = entry.time > latest
        ahead[entry.source] = isAhead ? entry.time : nil
        if !isAhead { time = max(time, entry.time) }
    }

    /// Counts what the clock has come to.
    mutating func look(notAfter latest: EventTime) {
        for (source, early) in ahead where early <= latest {
            ahead[source] = nil
            time = max(time, early)
        }
    }
}
