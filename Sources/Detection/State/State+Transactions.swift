import CloudTrail

extension State: Transactional {
    /// Puts a fact on its timeline that stood there before, also where only the first of equal ones is kept.
    private mutating func put(_ fact: Fact, back key: FactKey) {
        _ = put(fact, key, keepsFirstOnly: false)
        index(key, fact, isThere: true)
    }

    /// Forgets how to take the changes back, for they are committed.
    mutating func commit() { own.journal?.clear() }

    /// Until the journal is put back, changes are made for good, and nobody judges them.
    mutating func setJournalAside() -> Journal? {
        defer { own.journal = nil }
        return journal
    }

    mutating func putJournalBack(_ journal: Journal?) {
        own.journal = journal
    }

    /// Takes every change since the last commit back.
    mutating func rollback() {
        guard let undo = journal else { return }
        own.journal = nil
        for change in undo.changes.reversed() {
            switch change {
            case .inserted(let facts): for told in facts.reversed() { remove(told.fact, at: told.key) }
            case .removed(let key, let fact): put(fact, back: key)
            case .finding(let identity, let old): _ = own.findings.update(old, identity)
            case .clock(let account, let old): own.clocks[account] = old
            case .streamTime(let old): own.streamTime = old
            case .seen(let key, let old): own.seen.restore(old, key)
            }
        }
        own.journal = Journal()
    }
}
