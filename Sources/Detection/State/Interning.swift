import CloudTrail

/// What many records have in common, kept once.
///
/// By fingerprints with a secret seed; of two values with one fingerprint the second is simply not shared.
struct Interning: Sendable {
    /// A fingerprint as a key.
    private struct Key: Fingerprinted {
        let fingerprint: UInt64

        func feed(to fingerprint: inout TextFingerprint) { fingerprint.feed(self.fingerprint) }
    }

    private var actors: [Key: Actor] = [:]
    private var origins: [Key: Origin] = [:]
    var read = ReadOrigins()
    /// From so many on, those that nobody uses any more are thrown out.
    private var sweepCount = 4096

    /// The evidence of a record, which shares with others what it has in common with them.
    mutating func evidence(of record: Record) -> Evidence {
        Evidence(id: record.id, time: record.time, origin: origin(of: record))
    }

    /// Evidence that was read back.
    mutating func sharing(_ told: Evidence) -> Evidence {
        let shared = sharing(told.origin)
        return shared === told.origin ? told : Evidence(id: told.id, time: told.time, origin: shared)
    }

    private mutating func origin(of record: Record) -> Origin {
        let key = Key(
            fingerprint: Origin.fingerprint(record.account, record.region, record.name, record.actor)
        )
        let known = origins[key]
        if let known, known.isOf(record) { return known }
        let origin = Origin(
            account: record.account,
            region: record.region,
            name: record.name,
            source: record.source,
            actor: sharing(record.actor)
        )
        if known == nil { add(origin, key) }
        return origin
    }

    private mutating func sharing(_ origin: Origin) -> Origin {
        let key = Key(
            fingerprint: Origin.fingerprint(origin.account, origin.region, origin.name, origin.actor)
        )
        if let known = origins[key] { return known == origin ? known : origin }
        let actor = sharing(origin.actor)
        let shared =
            actor === origin.actor
            ? origin
            : Origin(
                account: origin.account,
                region: origin.region,
                name: origin.name,
                source: origin.source,
                actor: actor
            )
        add(shared, key)
        return shared
    }

    private mutating func sharing(_ actor: Actor) -> Actor {
        func shared(_ known: inout Actor?) -> Actor {
            guard let known else {
                known = actor
                return actor
            }
            return known == actor ? known : actor
        }
        return shared(&actors[Key(fingerprint: actor.fingerprint)])
    }

    private mutating func add(_ origin: Origin, _ key: Key) {
        if origins.count >= sweepCount { sweep() }
        origins[key] = origin
    }

    /// Throws out what only this table refers to.
    private mutating func sweep() {
        // Origins first, for they refer to actors.
        Self.sweep(&origins)
        Self.sweep(&actors)
        sweepCount = max(4096, 2 * origins.count)
    }

    private static func sweep<Value: AnyObject>(_ table: inout [Key: Value]) {
        var unused: [Key] = []
        var index = table.startIndex
        while index != table.endIndex {
            if isKnownUniquelyReferenced(&table.values[index]) { unused.append(table.keys[index]) }
            table.formIndex(after: &index)
        }
        for key in unused { table[key] = nil }
    }
}
