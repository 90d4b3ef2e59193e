/// What waits to be derived or evaluated: by a deadline, for its turn, for more facts, or for what may still settle it.
struct Agenda: Transactional, Sendable {
    /// What is evaluated when a time has come.
    var timers: Timers
    /// What is looked at before the backlog: facts that may not have been derived yet.
    var underived: [UnderivedTarget] = []
    private var underivedAtCommit: [UnderivedTarget] = []
    /// What is evaluated in slices.
    var backlog = Backlog()
    /// What is evaluated when more facts have come.
    var deferral: Deferral
    /// Subjects whose first undetermined verdict waits, in the order in which they came.
    private(set) var unsettled: [Subject] = []
    private var unsettledAtCommit: [Subject] = []

    init(keepsChanges: Bool) {
        timers = Timers(keepsChanges: keepsChanges)
        deferral = Deferral(keepsChanges: keepsChanges)
    }

    mutating func addUnsettled(_ subject: Subject) { unsettled.append(subject) }

    /// Hands over the subjects whose first undetermined verdict waits.
    mutating func takeUnsettled() -> [Subject] {
        defer { unsettled.removeAll(keepingCapacity: true) }
        return unsettled
    }

    mutating func commit() {
        timers.commit()
        backlog.commit()
        deferral.commit()
        unsettledAtCommit = unsettled
        underivedAtCommit = underived
    }

    mutating func rollback() {
        timers.rollback()
        backlog.rollback()
        deferral.rollback()
        unsettled = unsettledAtCommit
        underived = underivedAtCommit
    }
}
