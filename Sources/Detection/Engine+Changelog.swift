public import CloudTrail

extension Engine {
    /// What has changed since the last commit, one entry a key, in the order in which the keys were first touched.
    ///
    /// These go into the transaction that carries the alerts; then follows `commit()`, or `rollback()`.
    public func pendingChanges() -> [StateEntry] {
        state.changedKeys().map { entry($0) }
    }

    /// Everything kept, as a changelog that begins now would hold it; sorted by store and key.
    public func allEntries() -> [StateEntry] {
        state.allKeys().map { entry($0) }.sorted {
            $0.store != $1.store
                ? $0.store == .state : $0.key.lexicographicallyPrecedes($1.key)
        }
    }

    private func entry(_ key: StateKey) -> StateEntry {
        let value: [UInt8]? =
            switch key {
            case .facts(let fact, let writer):
                state.timeline(fact).encoded(writer: fact.isInCatalogue ? writer : nil)
            case .finding(let identity): state.findings[identity]?.encoded
            case .clock(let account): state.clocks[account].map { Self.encoded($0) }
            }
        return StateEntry(store: key.store, account: key.account, key: key.bytes, value: value)
    }

    private static func encoded(_ clock: EventTime) -> [UInt8] {
        var writer = ByteWriter()
        writer.byte(StateKey.format)
        writer.signed(clock.seconds)
        return writer.bytes
    }

    /// Takes an entry of the changelog or the catalogue back into the state, with no judging and no alert;
    /// `reconcile` follows when all are in.
    ///
    /// A nil value forgets. An entry is committed already: an abort of what else has changed leaves it.
    ///
    /// - Throws: `StateError` when the entry was written by a newer version or by something else.
    public mutating func restore(key: [UInt8], value: [UInt8]?) throws(StateError) {
        let journal = state.setJournalAside()
        defer { state.putJournalBack(journal) }
        for (key, fact) in try take(key: key, value: value) where settings.horizonSeconds != nil {
            noteEnd(key, fact)
        }
    }

    /// Takes what another worker has committed to the catalogue, and judges what it touches; nothing happens when it
    /// is known already.
    ///
    /// - Throws: `StateError` when the entry was written by a newer version or by something else.
    public mutating func applyCatalogue(
        key: [UInt8],
        value: [UInt8]?,
        into alerts: inout [Alert]
    ) throws(StateError) {
        let touched = try take(key: key, value: value)
        judge(touched: touched, into: &alerts)
    }

    private mutating func take(key: [UInt8], value: [UInt8]?) throws(StateError) -> [(FactKey, Fact)] {
        switch try StateKey(key) {
        case .facts(let fact, let writer):
            let facts = try value.map { (value) throws(StateError) in try Timeline.decode(value) } ?? []
            return replace(facts, at: fact, writer: fact.isInCatalogue ? writer : nil)
        case .finding(let identity):
            state.setFinding(
                try value.map { (value) throws(StateError) in try FindingState(value) },
                identity
            )
        case .clock(let account):
            guard let value else { break }
            var reader = ByteReader(value)
            let format = try reader.byte()
            guard format <= StateKey.format else { throw .newerFormat(format) }
            state.advanceClocks(account: account, to: try reader.time())
        }
        return []
    }

    /// Puts one writer's facts in the place of those that were known; returns the ones that came or went.
    private mutating func replace(
        _ facts: [Fact],
        at key: FactKey,
        writer: AccountID?
    ) -> [(FactKey, Fact)] {
        var touched: [(FactKey, Fact)] = []
        let known = state.timeline(key).facts.filter { writer == nil || $0.evidence.account == writer }
        for fact in known where !facts.contains(fact) && state.remove(fact, at: key) {
            touched.append((key, fact))
        }
        for fact in facts where state.insert(sharing(fact), at: key) { touched.append((key, fact)) }
        return touched
    }

    /// Forgets the accounts of a partition that another worker has now.
    ///
    /// The catalogue stays.
    public mutating func drop(accountsWhere isDropped: (AccountID) -> Bool) {
        state.drop(accountsWhere: isDropped)
    }
}

extension State {
    /// The keys that the journal has touched, each once, in the order of the first touch.
    func changedKeys() -> [StateKey] {
        guard let journal, !journal.changes.isEmpty else { return [] }
        var seen: Set<StateKey> = []
        var keys: [StateKey] = []
        for change in journal.changes {
            let key: StateKey
            switch change {
            case .inserted(let fact, let told), .removed(let fact, let told):
                key = .facts(fact, writer: fact.account ?? told.evidence.account)
            case .finding(let identity, _): key = .finding(identity)
            case .clock(let account, _): key = .clock(account)
            case .streamTime, .seen: continue
            }
            if seen.insert(key).inserted { keys.append(key) }
        }
        return keys
    }

    /// Every key that something is kept under.
    func allKeys() -> [StateKey] {
        var keys: [StateKey] = []
        for key in factKeys {
            guard key.account == nil else {
                keys.append(.facts(key, writer: key.account ?? .none))
                continue
            }
            for writer in Set(timeline(key).facts.map(\.evidence.account)) {
                keys.append(.facts(key, writer: writer))
            }
        }
        keys += findings.all.map { .finding($0.identity) }
        keys += clocks.keys.map { .clock($0) }
        return keys
    }
}
