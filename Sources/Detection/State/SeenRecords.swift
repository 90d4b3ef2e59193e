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

        init(_ record: borrowing Record) {
            account = record.account
            id = record.id
            day = Day(of: record.time)
        }

        func feed(to fingerprint: inout TextFingerprint) { id.feed(to: &fingerprint) }
    }

    /// The copies of a record, in memory of their own: a table of references is cheap to look up in and to let grow.
    final class Remembered: Sendable {
        /// What the copies say together.
        let record: Record
        /// The copies, where they are of both kinds.
        private let corrected: RecordCopies?

        /// A record of which there is one copy.
        init(_ record: consuming Record) {
            self.record = record
            corrected = nil
        }

        init(_ copies: RecordCopies) {
            record = copies.record
            corrected = if case .alike = copies { nil } else { copies }
        }

        var copies: RecordCopies { corrected ?? .alike(record) }
    }

    private struct RecordsOfDay: Sendable {
        let day: Day
        var records: [Key: Remembered] = [:]
        /// How many of them each account has; nil as long as there are too few for any to have many.
        var counts: [AccountID: Int]?

        mutating func update(_ copies: Remembered?, _ key: Key, countFrom most: Int) -> Remembered? {
            let before = records.count
            let old: Remembered?
            if let copies {
                old = records.updateValue(copies, forKey: key)
            } else {
                old = records.removeValue(forKey: key)
            }
            if counts != nil {
                counts?[key.account, default: 0] += records.count - before
            } else if records.count >= most {
                counts = records.keys.reduce(into: [:]) { $0[$1.account, default: 0] += 1 }
            }
            return old
        }
    }

    /// Records of one account and day that are remembered; of more the facts have to tell that they are repeats.
    private let mostOfAccount: Int

    init(mostOfAccountAndDay count: Int = 100_000) { mostOfAccount = count }

    /// By day, the newest last, so that old ones go a day at a time.
    private var days: [RecordsOfDay] = []

    /// The copies of the record with a key, as remembered.
    func remembered(_ key: Key) -> Remembered? {
        let index = index(of: key.day)
        return index < days.count && days[index].day == key.day ? days[index].records[key] : nil
    }

    /// Every record that is remembered.
    var all: some Sequence<Record> {
        days.lazy.flatMap { $0.records.values.lazy.map(\.record) }
    }

    /// Where the records of a day are, or would go: most are of the last one.
    private func index(of day: Day) -> Int {
        if let last = days.last, last.day <= day { return last.day == day ? days.count - 1 : days.count }
        var (low, high) = (0, days.count)
        while low < high {
            let middle = (low + high) / 2
            if days[middle].day < day { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func indexMakingRoom(for day: Day) -> Int {
        let index = index(of: day)
        if index == days.count || days[index].day != day { days.insert(RecordsOfDay(day: day), at: index) }
        return index
    }

    /// Whether one record more of an account and day is remembered.
    func hasRoom(for key: Key) -> Bool {
        let index = index(of: key.day)
        guard index < days.count, days[index].day == key.day else { return true }
        return (days[index].counts?[key.account] ?? 0) < mostOfAccount
    }

    /// Remembers the copies of a record; returns what was remembered in their place.
    mutating func remember(_ copies: Remembered, _ key: Key) -> Remembered? {
        days[indexMakingRoom(for: key.day)].update(copies, key, countFrom: mostOfAccount)
    }

    /// Puts back what was remembered before, or nothing.
    mutating func restore(_ old: Remembered?, _ key: Key) {
        let index = index(of: key.day)
        if index < days.count, days[index].day == key.day {
            _ = days[index].update(old, key, countFrom: mostOfAccount)
        }
    }

    /// Whether there are days that lie wholly before a time.
    func isOld(before time: EventTime) -> Bool { days.first.map { $0.day < Day(of: time) } ?? false }

    /// Drops the days that lie wholly before a time.
    mutating func drop(before time: EventTime) { days.removeSubrange(..<index(of: Day(of: time))) }

    mutating func forget(accountsWhere isForgotten: (AccountID) -> Bool) {
        for index in days.indices {
            days[index].records = days[index].records.filter { !isForgotten($0.key.account) }
            days[index].counts = days[index].counts?.filter { !isForgotten($0.key) }
        }
    }
}
