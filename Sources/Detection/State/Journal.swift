import CloudTrail

/// The changes since the last commit, in order, each with what takes it back.
///
/// This is the overlay of uncommitted changes seen from the other side: reads find the newest value with one
/// look-up, a commit forgets the journal, an abort plays it backwards.
struct Journal: Sendable {
    enum Change: Sendable {
        case inserted(FactKey, Fact)
        case removed(FactKey, Fact)
        case finding(FindingIdentity, old: FindingState?)
        case clock(AccountID, old: EventTime?)
        case streamTime(old: EventTime)
        case seen(Record, old: Record?)
    }

    private(set) var changes: [Change] = []

    mutating func note(_ change: Change) { changes.append(change) }

    mutating func clear() { changes.removeAll(keepingCapacity: true) }
}

/// The records of about one horizon, to skip and count repeats fast and to merge copies that differ.
///
/// In memory only: losing it moves counts from `duplicate` to `applied` and nothing else, because facts are keyed by
/// their record.
struct SeenRecords: Sendable {
    private struct Key: Hashable, Sendable {
        let account: AccountID
        let id: EventID
    }

    /// By day of the epoch, so that old ones go a day at a time.
    private var days: [Int64: [Key: Record]] = [:]

    /// The record with this one's account and id, as remembered.
    func record(like record: Record) -> Record? {
        let key = Key(account: record.account, id: record.id)
        if let known = days[Self.day(record)]?[key] { return known }
        // A copy may lie on another day only when its time differs, which no converter is known to do.
        return nil
    }

    /// Every record that is remembered.
    var all: some Sequence<Record> { days.values.lazy.flatMap(\.values) }

    mutating func remember(_ record: Record) -> Record? {
        days[Self.day(record), default: [:]].updateValue(
            record,
            forKey: Key(account: record.account, id: record.id)
        )
    }

    mutating func forget(_ record: Record, restoring old: Record?) {
        days[Self.day(record)]?[Key(account: record.account, id: record.id)] = old
    }

    /// Drops the days that lie wholly before a time.
    mutating func drop(before time: EventTime) {
        let first = time.seconds / 86_400
        for day in days.keys where day < first { days[day] = nil }
    }

    mutating func forget(accountsWhere isForgotten: (AccountID) -> Bool) {
        for day in days.keys { days[day] = days[day]?.filter { !isForgotten($0.key.account) } }
    }

    private static func day(_ record: Record) -> Int64 { record.time.seconds / 86_400 }
}
