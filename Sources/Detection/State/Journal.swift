import CloudTrail

/// The changes since the last commit, in order, each with what takes it back.
///
/// This is the overlay of uncommitted changes seen from the other side: reads find the newest value with one
/// look-up, a commit forgets the journal, an abort plays it backwards.
struct Journal: Sendable {
    enum Change: Sendable {
        /// Facts that came together: of most records all of them.
        case inserted([KeyedFact])
        case removed(FactKey, Fact)
        /// Apart, for it is rare and large.
        indirect case finding(FindingIdentity, old: FindingState?)
        case clock(AccountID, old: EventTime?)
        case streamTime(old: EventTime)
        case seen(SeenRecords.Key, old: SeenRecords.Remembered?)
    }

    private(set) var changes: [Change] = []
    /// The changes, each fact counted for itself.
    private(set) var count = 0

    /// Whether a fact has gone.
    var hasRemoved: Bool { changes.contains { if case .removed = $0 { true } else { false } } }

    mutating func note(_ change: Change) {
        if case .inserted(let facts) = change { count += facts.count } else { count += 1 }
        changes.append(change)
    }

    mutating func clear() {
        changes.removeAll(keepingCapacity: true)
        count = 0
    }
}
