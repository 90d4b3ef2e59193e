import CloudTrail

/// Takes one section of a snapshot back into an engine, piece by piece, in the order in which the pieces were handed over.
///
/// The entries that follow the snapshot's offsets are read afterwards. When a piece cannot be read, what was taken before it
/// has to be dropped.
public struct SnapshotReader {
    /// The format of sections; another one is not read.
    public static let format = 1

    private var calls: [CallByActor] = []
    private var lastEvidence: Evidence?

    /// Of a section's beginning.
    public init() {}

    /// Takes a piece, which is whole; returns how many things were in it.
    ///
    /// - Throws: `StateError` when it is not what `SnapshotCapture` writes.
    @discardableResult
    public mutating func take(
        _ piece: UnsafeRawBufferPointer,
        into engine: inout Engine
    ) throws(StateError) -> Int {
        let journal = engine.state.setJournalAside()
        defer { engine.state.putJournalBack(journal) }
        var reader = ByteReader(piece)
        var count = 0
        while !reader.isAtEnd {
            try takeNext(&reader, &engine)
            count += 1
        }
        return count
    }

    private mutating func takeNext(_ reader: inout ByteReader, _ engine: inout Engine) throws(StateError) {
        switch try reader.byte() {
        case SnapshotTag.image: try takeImage(&reader, &engine)
        case SnapshotTag.instance:
            let id = try reader.packedResource()
            let facts = try self.facts(&reader, &engine)
            guard let first = facts.first else { throw .malformed("there are no facts") }
            let scope = try reader.byte() == 1 ? first.evidence.scope : try reader.scope()
            engine.take(instance: .instance(scope, id), facts)
        case SnapshotTag.timeline:
            let key = try reader.key()
            engine.take(try facts(&reader, &engine), at: key)
        case SnapshotTag.activity:
            let key = FactKey.activity(try reader.scope())
            for call in try facts(&reader, &engine) where engine.state.appendLater(call, at: key) == nil {
                _ = engine.state.place(call, at: key)
            }
        case SnapshotTag.finding:
            let rule = try reader.text()
            let identity = FindingIdentity(rule: rule, subject: try reader.subject())
            engine.take(try reader.finding(), identity)
        case SnapshotTag.clock:
            let account = try reader.account()
            let (time, policy) = try reader.clock()
            engine.take(time, judgedBy: policy, of: account)
        case SnapshotTag.timers:
            let subject = try reader.subject()
            let deadlines = try reader.list { (reader) throws(StateError) in
                let rule = try reader.text()
                return Timers.Deadline(rule: rule, time: try reader.time())
            }
            engine.agenda.timers.set(deadlines, of: subject)
        case SnapshotTag.waiting:
            let subject = try reader.subject()
            engine.unjudged?.subjects.append(subject)
        case SnapshotTag.long: engine.agenda.deferral.note(try reader.subject(), isLong: true)
        case let tag: throw .malformed("nothing in a snapshot has tag \(tag)")
        }
    }

    private mutating func takeImage(_ reader: inout ByteReader, _ engine: inout Engine) throws(StateError) {
        let id = try reader.packedResource()
        var all: [Fact] = []
        all.reserveCapacity(4)
        var ends = InlineArray<10, UInt32>(repeating: 0)
        for slot in 0..<ends.count {
            try appendFacts(&reader, &engine, to: &all)
            ends[slot] = UInt32(all.count)
        }
        engine.take(all, ends: ends, ofImage: id)
        let named = try reader.list { (reader) throws(StateError) in try reader.imageAttribute() }
        for attribute in named { engine.take(try facts(&reader, &engine), about: attribute, ofImage: id) }
    }

    // MARK: Facts

    private mutating func facts(
        _ reader: inout ByteReader,
        _ engine: inout Engine
    ) throws(StateError) -> [Fact] {
        var facts: [Fact] = []
        try appendFacts(&reader, &engine, to: &facts)
        return facts
    }

    private mutating func appendFacts(
        _ reader: inout ByteReader,
        _ engine: inout Engine,
        to facts: inout [Fact]
    ) throws(StateError) {
        let count = try reader.count()
        for number in 0..<count {
            let time = try reader.time()
            guard let phase = Fact.Phase(rawValue: try reader.byte()) else {
                throw .malformed("a fact has no such phase")
            }
            let value = try value(&reader)
            let evidence = try evidence(&reader, &engine, at: time)
            let fact = Fact(time: time, phase: phase, value: value, evidence: evidence)
            if number > 0, let last = facts.last, !(last < fact) {
                throw .malformed("facts are not in order")
            }
            facts.append(fact)
        }
    }

    private func value(_ reader: inout ByteReader) throws(StateError) -> FactValue {
        guard reader.peek == SnapshotTag.launched else { return try reader.value() }
        _ = try reader.byte()
        return .launched(try reader.packedResource())
    }

    private mutating func evidence(
        _ reader: inout ByteReader,
        _ engine: inout Engine,
        at time: EventTime
    ) throws(StateError) -> Evidence {
        let number = try reader.unsigned()
        if number == 0 {
            guard let lastEvidence else { throw .malformed("a fact has no evidence") }
            return lastEvidence
        }
        if number == 1 { calls.append(try reader.call(in: try reader.scope(), &engine.interning)) }
        let index = number == 1 ? calls.count - 1 : Int(truncatingIfNeeded: number - 2)
        guard calls.indices.contains(index) else { throw .malformed("no call has number \(index)") }
        let id = try reader.packedEvent()
        let evidence = Evidence(
            id: id,
            time: try reader.time(since: time),
            call: calls[index]
        )
        lastEvidence = evidence
        return evidence
    }
}

extension Engine {
    /// Makes room for what a snapshot holds, so that no table grows step by step.
    public mutating func makeRoom(for counts: SnapshotCapture.Counts) {
        state.makeRoom(images: counts.images, timelines: counts.timelines)
    }

    /// From now on what is read back is noted, so that after a snapshot only that need be judged again.
    public mutating func noteUnjudged() { unjudged = Unjudged() }

    /// What was read back counts as judged, or is judged anyway.
    public mutating func stopNotingUnjudged() { unjudged = nil }

    fileprivate mutating func take(instance key: FactKey, _ facts: [Fact]) {
        guard state.timeline(key).isEmpty else { return }
        state.take(instance: key, facts)
        noteEnds(facts, at: key)
    }

    fileprivate mutating func take(_ facts: [Fact], at key: FactKey) {
        for fact in facts { _ = state.place(fact, at: key) }
        noteEnds(facts, at: key)
    }

    fileprivate mutating func take(_ facts: [Fact], ends: InlineArray<10, UInt32>, ofImage id: ResourceID) {
        let key = FactKey.image(id, .lifecycle)
        state.take(facts, ends: ends, ofImage: id)
        noteEnds(facts.filter { $0.value == .deregistered }, at: key)
    }

    fileprivate mutating func take(_ facts: [Fact], about attribute: ImageAttribute, ofImage id: ResourceID) {
        state.take(facts, about: attribute, ofImage: id)
        if attribute.attribute.lifetime != .standing { noteEnds(facts, at: .image(id, attribute)) }
    }

    private mutating func noteEnds(_ facts: [Fact], at key: FactKey) {
        if settings.horizonSeconds == nil { return }
        for fact in facts { noteEnd(key, fact) }
    }

    fileprivate mutating func take(_ finding: FindingState, _ identity: FindingIdentity) {
        state.setFinding(finding, identity)
        noteEnd(identity, changed: finding.changed)
    }

    fileprivate mutating func take(_ time: EventTime, judgedBy policy: UInt64, of account: AccountID) {
        state.advanceClock(of: account, from: state.clock(of: account), to: time)
        judges.note(policy, of: account)
    }
}

/// What was read back since a snapshot was taken, and is not judged.
struct Unjudged: Sendable {
    /// Facts that came or went.
    var facts: [KeyedFact] = []
    /// Subjects of which something was published, or that waited.
    var subjects: [Subject] = []

    /// From so many on it is as well to judge everything.
    static let most = 2_000_000

    var count: Int { facts.count + subjects.count }
}
