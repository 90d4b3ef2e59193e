import CloudTrail

/// The records of about one horizon, to skip and count repeats fast and to merge copies that differ.
///
/// In memory only: losing it moves counts from `duplicate` to `applied` and nothing else, because facts are keyed by
/// their record.
struct SeenRecords: Sendable {
    struct Key: Hashable, Sendable {
        let account: AccountID
        let id: EventID
        /// Days since the epoch; a copy lies on another day only when its time differs, which no converter is known
        /// to do.
        let day: Int64

        init(_ record: Record) {
            account = record.account
            id = record.id
            day = record.time.seconds / 86_400
        }

        func hash(into hasher: inout Hasher) { hasher.combine(id) }
    }

    /// By day, so that old ones go a day at a time.
    private var days: [Int64: [Key: Record]] = [:]
    private var oldest = Int64.max

    /// The record with this one's account and id, as remembered.
    func record(like record: Record) -> Record? {
        let key = Key(record)
        return days[key.day]?[key]
    }

    /// Every record that is remembered.
    var all: some Sequence<Record> { days.values.lazy.flatMap(\.values) }

    mutating func remember(_ record: Record) -> Record? {
        let key = Key(record)
        oldest = min(oldest, key.day)
        return days[key.day, default: [:]].updateValue(record, forKey: key)
    }

    /// Puts back what was remembered before, or nothing.
    mutating func restore(_ old: Record?, _ key: Key) { days[key.day]?[key] = old }

    /// Whether there are days that lie wholly before a time.
    func isOld(before time: EventTime) -> Bool { oldest < time.seconds / 86_400 }

    /// Drops the days that lie wholly before a time.
    mutating func drop(before time: EventTime) {
        let first = time.seconds / 86_400
        for day in days.keys where day < first { days[day] = nil }
        oldest = days.keys.min() ?? .max
    }

    mutating func forget(accountsWhere isForgotten: (AccountID) -> Bool) {
        for day in days.keys { days[day] = days[day]?.filter { !isForgotten($0.key.account) } }
    }
}
