import CloudTrail

/// What many records have in common, kept once.
///
/// By fingerprints with a secret seed; of two values with one fingerprint the second is simply not shared.
struct Interning: Sendable {
    /// A fingerprint as a key.
    private struct Key: Fingerprinted {
        let fingerprint: UInt64

        func feed(to fingerprint: inout TextFingerprint) { fingerprint.feed(self.fingerprint) }

        /// Goes on from the fingerprint, which is secret already.
        func _rawHashValue(seed: Int) -> Int {
            var fingerprint = TextFingerprint(from: self.fingerprint)
            fingerprint.feed(UInt64(bitPattern: Int64(seed)))
            return Int(truncatingIfNeeded: fingerprint.value)
        }
    }

    /// An origin and an actor by where they are in memory: the call refers to both, so that no others take their places.
    private struct CallKey: Hashable {
        let origin: ObjectIdentifier
        let actor: ObjectIdentifier
    }

    private let rules: RuleSet
    private var actors: [Key: Actor] = [:]
    private var origins: [Key: Origin] = [:]
    private var calls: [CallKey: CallByActor] = [:]
    var read = ReadCalls()
    /// From so many on, those that nobody uses any more are thrown out.
    private var sweepCount = 4096

    /// What records have in common that rules look at.
    init(_ rules: RuleSet) { self.rules = rules }

    /// The evidence of a record, which shares with others what it has in common with them.
    mutating func evidence(of record: Record) -> Evidence {
        Evidence(
            id: record.id,
            time: record.time,
            call: call(
                origin(record.account, record.region, record.name, record.source),
                by: sharing(record.actor)
            )
        )
    }

    /// The one call of an origin and an actor.
    mutating func call(_ origin: Origin, by actor: Actor) -> CallByActor {
        let key = CallKey(origin: ObjectIdentifier(origin), actor: ObjectIdentifier(actor))
        if let known = calls[key] { return known }
        makeRoom()
        let call = CallByActor(origin, by: actor)
        calls[key] = call
        return call
    }

    /// The one origin of these parts.
    mutating func origin(
        _ account: AccountID,
        _ region: String,
        _ name: String,
        _ source: String
    ) -> Origin {
        let key = Key(fingerprint: Origin.fingerprint(account, region, name))
        let known = origins[key]
        if let known, known.isSame(account, region, name, source) { return known }
        let origin = Origin(
            account: account,
            region: region,
            name: name,
            source: source,
            told: rules.told(by: name)
        )
        if known == nil {
            makeRoom()
            origins[key] = origin
        }
        return origin
    }

    /// The one actor that is equal.
    mutating func sharing(_ actor: Actor) -> Actor {
        let key = Key(fingerprint: actor.fingerprint)
        if let known = actors[key] { return known == actor ? known : actor }
        makeRoom()
        actors[key] = actor
        return actor
    }

    private mutating func makeRoom() {
        guard origins.count + actors.count + calls.count >= sweepCount else { return }
        // First what refers to the others.
        Self.sweep(&calls)
        Self.sweep(&origins)
        Self.sweep(&actors)
        sweepCount = max(4096, 2 * (origins.count + actors.count + calls.count))
    }

    private static func sweep<Key, Value: AnyObject>(_ table: inout [Key: Value]) {
        var unused: [Key] = []
        var index = table.startIndex
        while index != table.endIndex {
            if isKnownUniquelyReferenced(&table.values[index]) { unused.append(table.keys[index]) }
            table.formIndex(after: &index)
        }
        for key in unused { table[key] = nil }
    }
}
