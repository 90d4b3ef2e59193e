import Alerts
import Detection
import Synchronization

/// The last alerts that were committed, in the native format, for whoever looks on.
final class AlertFeed: Sendable {
    struct Entry: Sendable {
        /// Counted from 1 since the process began.
        let number: Int
        let line: [UInt8]
    }

    private struct Notes {
        var entries: [Entry] = []
        var last = 0
    }

    private let notes = Mutex(Notes())

    /// So many are kept; and so many bytes an alert has, for else it comes in several, or shortened.
    static let (limit, maximumBytes) = (500, 64 << 10)

    /// Takes the alerts of a transaction, as they were published at a time, in milliseconds since 1970.
    func append(_ alerts: [Alert], raised: Int64) {
        if alerts.isEmpty { return }
        var encoder = NativeAlert()
        let lines = alerts.suffix(Self.limit).flatMap { alert in
            encoder.messages(for: alert, raised: raised, maximumBytes: Self.maximumBytes).map(\.line)
        }
        notes.withLock { notes in
            notes.last += max(0, alerts.count - Self.limit)
            for line in lines {
                notes.last += 1
                notes.entries.append(Entry(number: notes.last, line: line))
            }
            notes.entries.removeFirst(max(0, notes.entries.count - Self.limit))
        }
    }

    /// Those after a number, the oldest first, and the number of the last one that there ever was.
    func entries(after number: Int) -> (entries: [Entry], last: Int) {
        notes.withLock { notes in (notes.entries.filter { $0.number > number }, notes.last) }
    }
}
