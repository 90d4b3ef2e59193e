import CloudTrail

/// The records of about one horizon, to skip and count repeats fast and to merge copies that differ.
///
/// In memory only: facts are keyed by their record, so that after a restart a repeat is known by its facts. A call that
/// told nothing but what another call of the same second tells is then counted as `applied` once more, and so is a copy
/// that tells other things than the record did. An addendum then takes the place of what the original told about the same
/// things; what the original told about others stays, and the original, delivered once more, takes its places back.
struct SeenRecords: Sendable {
    struct Key: Fingerprinted, Sendable {
        let account: AccountID
        let id: EventID
        /// A copy lies on another day only when its time differs, which no converter is known to do.
        let day: Day

        init(_ record: Record) {
            account = record.account
            id = record.id
            day = Day(of: record.time)
        }

        func feed(to fingerprint: inout TextFingerprint) { id.feed(to: &fingerprint) }
    }

    /// The copies of a record, in memory of their own: a table of references is cheap to look up in and to let grow.
    final class Remembered: Sendable {
        let copies: RecordCopies

        init(_ copies: RecordCopies) { self.copies = copies }
    }

    /// By day, so that old ones go a day at a time.
    private var days: [Day: [Key: Remembered]] = [:]
    private var oldest = Day.distantFuture

    /// The copies of the record with a key, as remembered.
    func copies(_ key: Key) -> RecordCopies? { days[key.day]?[key]?.copies }

    /// Every record that is remembered.
    var all: some Sequence<Record> { days.values.lazy.flatMap { $0.values.lazy.map(\.copies.record) } }

    /// Remembers a record of which no copy is known; otherwise changes nothing, and returns the copies.
    mutating func rememberFirst(_ record: Record, _ key: Key) -> RecordCopies? {
        func put(_ record: Record, in scope: inout Remembered?) -> RecordCopies? {
            if let scope { return scope.copies }
            scope = Remembered(.alike(record))
            return nil
        }
        oldest = min(oldest, key.day)
        return put(record, in: &days[key.day, default: [:]][key])
    }

    /// Remembers the copies of a record; returns what was remembered in their place.
    mutating func remember(_ copies: RecordCopies, _ key: Key) -> Remembered? {
        oldest = min(oldest, key.day)
        return days[key.day, default: [:]].updateValue(Remembered(copies), forKey: key)
    }

    /// Puts back what was remembered before, or nothing.
    mutating func restore(_ old: Remembered?, _ key: Key) { days[key.day]?[key] = old }

    /// Whether there are days that lie wholly before a time.
    func isOld(before time: EventTime) -> Bool { oldest < Day(of: time) }

    /// Drops the days that lie wholly before a time.
    mutating func drop(before time: EventTime) {
        let first = Day(of: time)
        for day in days.keys where day < first { days[day] = nil }
        oldest = days.keys.min() ?? .distantFuture
    }

    mutating func forget(accountsWhere isForgotten: (AccountID) -> Bool) {
        for day in days.keys { days[day] = days[day]?.filter { !isForgotten($0.key.account) } }
    }
}
