/// What changes while records are taken, and goes back when the transaction is aborted that was to carry what they led to.
protocol Transactional {
    /// The transaction is committed: what has changed until now stays.
    mutating func commit()

    /// The transaction was aborted: everything since the last commit is taken back.
    mutating func rollback()
}

/// The changes since the last commit, in order, each with what takes it back.
struct UndoLog<Change: Sendable>: Sendable {
    private(set) var changes: [Change] = []
    /// Whether anything is ever taken back.
    let isKept: Bool

    init(isKept: Bool) { self.isKept = isKept }

    mutating func note(_ change: @autoclosure () -> Change) { if isKept { changes.append(change()) } }

    mutating func clear() { changes.removeAll(keepingCapacity: true) }

    /// Hands the changes over, the last one first.
    mutating func takeBack() -> some Sequence<Change> {
        defer { changes = [] }
        return changes.reversed()
    }
}
