public import CloudTrail

extension Engine {
    /// What has changed since the last commit, one entry a key, in the order in which the keys were first touched.
    ///
    /// These go into the transaction that carries the alerts; then follows `commit()`, or `rollback()`.
    public func pendingChanges() -> [StateEntry] {
        guard let journal = state.journal else { return [] }
        var entries = StateEntries(atMost: journal.count)
        for change in journal.changes {
            switch change {
            case .inserted(let facts):
                for told in facts { write(.of(told.fact, at: told.key), to: &entries) }
            case .removed(let key, let fact): write(.of(fact, at: key), to: &entries)
            case .finding(let identity, _): write(.finding(identity), to: &entries)
            case .clock(let account, _): write(.clock(account), to: &entries)
            case .streamTime, .seen: break
            }
        }
        return entries.all
    }

    /// The findings that were published, and since the last commit are kept no more; sorted.
    public func forgottenFindings() -> [FindingIdentity] {
        guard let journal = state.journal else { return [] }
        var forgotten: Set<FindingIdentity> = []
        for case .finding(let identity, let before?) in journal.changes
        where !before.isUnsaid && state.findings[identity] == nil { forgotten.insert(identity) }
        return forgotten.sorted()
    }

    /// Everything kept, as a changelog that begins now would hold it; sorted by store and key.
    public func allEntries() -> [StateEntry] {
        let keys = state.allKeys()
        var entries = StateEntries(atMost: keys.count)
        for key in keys { write(key, to: &entries) }
        return entries.all.sorted {
            $0.store != $1.store
                ? $0.store == .state : $0.key.lexicographicallyPrecedes($1.key)
        }
    }

    private func write(_ key: StateKey, to entries: inout StateEntries) {
        entries.append(key) { bytes in
            switch key {
            case .facts(let fact, let writer):
                return bytes.facts(state.timeline(fact).facts, of: fact.isInCatalogue ? writer : nil)
            case .record(let fact, let record):
                return bytes.facts(state.timeline(fact).facts(by: record)[...], of: nil)
            case .finding(let identity):
                guard let finding = state.findings[identity] else { return false }
                bytes.finding(finding)
            case .clock(let account):
                guard let time = state.clocks[account] else { return false }
                bytes.clock(time, judgedBy: judges.policy)
            }
            return true
        }
    }

    /// Whether each of a record's facts fits an entry, its key included.
    public func holds(_ record: Record) -> Bool {
        var interning = Interning(rules)
        let facts = RecordFacts.of(record, interning.evidence(of: record), inForce.optionalFacts)
        return facts.allSatisfy { told in
            var bytes = ByteWriter()
            bytes.entryKey(.of(told.fact, at: told.key))
            _ = bytes.facts([told.fact], of: nil)
            return bytes.count <= settings.entryBytes
        }
    }

    /// Takes an entry of the changelog or the catalogue back into the state, with no judging and no alert;
    /// `reconcile` follows when all are in.
    ///
    /// A nil value forgets. An entry is committed already: an abort of what else has changed leaves it.
    ///
    /// - Throws: `StateError` when the entry was written by a newer version or by something else.
    public mutating func restore(
        key: UnsafeRawBufferPointer,
        value: UnsafeRawBufferPointer?
    ) throws(StateError) {
        let journal = state.setJournalAside()
        defer { state.putJournalBack(journal) }
        for told in try take(key: key, value: value) where settings.horizonSeconds != nil {
            noteEnd(told.key, told.fact)
        }
    }

    /// Takes what another worker has committed to the catalogue, and judges what it touches; nothing happens when it
    /// is known already.
    ///
    /// - Throws: `StateError` when the entry was written by a newer version or by something else.
    public mutating func applyCatalogue(
        key: UnsafeRawBufferPointer,
        value: UnsafeRawBufferPointer?,
        into alerts: inout [Alert]
    ) throws(StateError) {
        var touched = try take(key: key, value: value)
        let forgotten = putBackForgotten(&touched)
        derive(&touched)
        evaluate(touched: touched, into: &alerts)
        if let key = forgotten.first?.key { forget(forgotten.map(\.fact)[...], at: key, into: &alerts) }
    }

    /// Puts back what another account's detector has forgotten, so that it is forgotten here, too, and not taken for wrong.
    private mutating func putBackForgotten(_ touched: inout [KeyedFact]) -> [KeyedFact] {
        var forgotten: [KeyedFact] = []
        touched.removeAll { told in
            guard isForgotten(told) else { return false }
            forgotten.append(told)
            return true
        }
        var known: [KeyedFact] = []
        for told in forgotten { state.insert(told.fact, at: told.key, touched: &known) }
        return forgotten
    }

    private mutating func take(
        key: UnsafeRawBufferPointer,
        value: UnsafeRawBufferPointer?
    ) throws(StateError) -> [KeyedFact] {
        let touched = try takeEntry(key: key, value: value)
        if let count = unjudged?.count {
            if count > Unjudged.most { unjudged = nil } else { unjudged?.facts += touched }
        }
        return touched
    }

    /// Notes facts that are read on top of a snapshot, also those that stand in it already: they may have come while it was
    /// written, and what they made somebody put off does not.
    private mutating func noteUnjudged(_ facts: [Fact], _ key: FactKey) {
        guard unjudged != nil else { return }
        unjudged?.facts += facts.map { KeyedFact(key, $0) }
    }

    private mutating func takeEntry(
        key: UnsafeRawBufferPointer,
        value: UnsafeRawBufferPointer?
    ) throws(StateError) -> [KeyedFact] {
        var reader = value.map { ByteReader($0) }
        switch try StateKey(key) {
        case .facts(let fact, let writer):
            let facts = try reader?.facts(&interning) ?? []
            try reader?.end()
            try check(facts, fact, writer)
            noteUnjudged(facts, fact)
            // Of what changes often an older version kept all facts in one entry.
            let known = state.timeline(fact).facts.filter {
                !fact.isInCatalogue || $0.evidence.account == writer
            }
            return replace(known, by: facts, at: fact)
        case .record(let fact, let record):
            let facts = try reader?.facts(&interning) ?? []
            try reader?.end()
            guard facts.allSatisfy({ StateKey.of($0, at: fact) == .record(fact, record) }) else {
                throw .malformed("a fact of another record than the entry's")
            }
            noteUnjudged(facts, fact)
            return replace(state.timeline(fact).facts(by: record), by: facts, at: fact)
        case .finding(let identity):
            let finding = try reader?.finding()
            try reader?.end()
            state.setFinding(finding, identity)
            unjudged?.subjects.append(identity.subject)
            if let finding { noteEnd(identity, changed: finding.changed) }
        case .clock(let account):
            let clock = try reader?.clock()
            try reader?.end()
            if let (time, policy) = clock {
                state.advanceClock(of: account, from: state.clock(of: account), to: time)
                judges.note(policy, of: account)
            }
        }
        return []
    }

    /// Refuses facts that cannot stand where their entry says.
    private func check(_ facts: [Fact], _ key: FactKey, _ writer: AccountID) throws(StateError) {
        if key.isInCatalogue, facts.contains(where: { $0.evidence.account != writer }) {
            throw .malformed("a fact of another account than the entry's")
        }
        if key.attribute == .activity, case .second(let second) = key.qualifier,
            facts.contains(where: { $0.time.seconds != second })
        {
            throw .malformed("a call of another second than the entry's")
        }
    }

    /// Puts facts in the place of those that were known; returns the ones that came or went.
    private mutating func replace(_ known: [Fact], by facts: [Fact], at key: FactKey) -> [KeyedFact] {
        if known.isEmpty, key.shelf == .instance, state.journal == nil {
            state.take(instance: key, facts)
            return facts.map { KeyedFact(key, $0) }
        }
        var touched: [KeyedFact] = []
        for fact in known where !facts.contains(fact) && state.remove(fact, at: key) {
            touched.append(KeyedFact(key, fact))
        }
        for fact in facts { state.insert(fact, at: key, touched: &touched) }
        return touched
    }

    /// Forgets the accounts of a partition that another worker has now.
    ///
    /// The catalogue stays.
    public mutating func drop(accountsWhere isDropped: (AccountID) -> Bool) {
        state.drop(accountsWhere: isDropped)
        agenda.deferral.forget(accountsWhere: isDropped)
        agenda.timers.drop { isDropped($0.scope.account) }
    }
}

extension State {
    /// Every key that something is kept under.
    func allKeys() -> [StateKey] {
        var keys: [StateKey] = []
        for key in factKeys {
            // Most attributes have one entry, or few.
            var of: Set<StateKey> = []
            for fact in timeline(key).facts {
                let entry = StateKey.of(fact, at: key)
                if of.insert(entry).inserted { keys.append(entry) }
            }
        }
        keys += findings.all.map { .finding($0.identity) }
        keys += clocks.keys.map { .clock($0) }
        return keys
    }
}

// The same, from arrays of bytes.
extension Engine {
    /// Takes an entry of the changelog or the catalogue back into the state.
    public mutating func restore(
        key: ArraySlice<UInt8>,
        value: ArraySlice<UInt8>?
    ) throws(StateError) {
        try Self.withBytes(key, value) { (key, value) throws(StateError) in
            try restore(key: key, value: value)
        }
    }

    /// Takes what another worker has committed to the catalogue, and judges what it touches.
    public mutating func applyCatalogue(
        key: ArraySlice<UInt8>,
        value: ArraySlice<UInt8>?,
        into alerts: inout [Alert]
    ) throws(StateError) {
        try Self.withBytes(key, value) { (key, value) throws(StateError) in
            try applyCatalogue(key: key, value: value, into: &alerts)
        }
    }

    private static func withBytes(
        _ key: ArraySlice<UInt8>,
        _ value: ArraySlice<UInt8>?,
        _ take: (UnsafeRawBufferPointer, UnsafeRawBufferPointer?) throws(StateError) -> Void
    ) throws(StateError) {
        try key.withUnsafeBufferPointer { (key) throws(StateError) in
            guard let value else { return try take(UnsafeRawBufferPointer(key), nil) }
            try value.withUnsafeBufferPointer { (value) throws(StateError) in
                try take(UnsafeRawBufferPointer(key), UnsafeRawBufferPointer(value))
            }
        }
    }
}
