import CloudTrail

/// The tags of what a snapshot holds.
///
/// Part of its format, as the order of the parts is: a change of either is a new ``SnapshotReader/format``.
enum SnapshotTag {
    static let image: UInt8 = 1
    static let timeline: UInt8 = 2
    static let instance: UInt8 = 3
    static let activity: UInt8 = 4
    static let finding: UInt8 = 5
    static let clock: UInt8 = 6
    static let timers: UInt8 = 7
    static let waiting: UInt8 = 8
    static let long: UInt8 = 9

    /// In the place of a value's own tag: a launch, with its image as a number.
    static let launched: UInt8 = 255
}

/// The bytes of one part of a snapshot: one thing after the other, what many have in common written once.
final class SnapshotSection {
    private(set) var bytes = ByteWriter()
    private(set) var counts = SnapshotCapture.Counts()
    /// Calls that were written, by where they are in memory; they are held, so that no other takes the place.
    private var calls: [ObjectIdentifier: UInt64] = [:]
    private var held: [CallByActor] = []
    private var lastEvidence: Evidence?

    /// Forgets what was handed over.
    func clear() { bytes.removeAll(from: 0) }

    // MARK: Facts

    func image(_ id: ResourceID, _ known: ImageFacts) {
        let attributes = known.attributes
        if attributes.isEmpty { return }
        counts.images += 1
        bytes.byte(SnapshotTag.image)
        bytes.packed(id)
        // Of long timelines more is in the indexes than their facts: those are read back fact by fact.
        var long: [ImageAttribute] = []
        for attribute in ImageAttribute.singles {
            let facts = known.timeline(attribute).facts
            if facts.count > Tellers.facts { long.append(attribute) }
            self.facts(facts.count > Tellers.facts ? [] : facts)
        }
        let named = attributes.filter { $0.slot == nil }
        let short = named.filter { known.timeline($0).facts.count <= Tellers.facts }
        bytes.list(short) { $0.imageAttribute($1) }
        for attribute in short { facts(known.timeline(attribute).facts) }
        if short.count < named.count { long += named.filter { !short.contains($0) } }
        for attribute in long { timeline(.image(id, attribute), known.timeline(attribute).facts) }
    }

    func timeline(_ key: FactKey, _ facts: ArraySlice<Fact>) {
        if facts.isEmpty { return }
        counts.timelines += 1
        bytes.byte(SnapshotTag.timeline)
        bytes.key(key)
        self.facts(facts)
    }

    func instance(_ key: FactKey, _ facts: ArraySlice<Fact>) {
        guard let first = facts.first, case .resource(let scope, let id) = key.entity else { return }
        counts.timelines += 1
        bytes.byte(SnapshotTag.instance)
        bytes.packed(id)
        self.facts(facts)
        let isOwn = first.evidence.scope == scope
        bytes.byte(isOwn ? 1 : 0)
        if !isOwn { bytes.scope(scope) }
    }

    func activity(_ scope: AccountRegion, _ calls: [Fact]) {
        counts.others += 1
        bytes.byte(SnapshotTag.activity)
        bytes.scope(scope)
        facts(calls[...])
    }

    private func facts(_ facts: ArraySlice<Fact>) {
        bytes.unsigned(UInt64(facts.count))
        for fact in facts {
            bytes.signed(fact.time.seconds)
            bytes.byte(fact.phase.rawValue)
            if case .launched(let image?) = fact.value {
                bytes.byte(SnapshotTag.launched)
                bytes.packed(image)
            } else {
                bytes.value(fact.value)
            }
            evidence(fact.evidence, at: fact.time)
        }
    }

    /// 0 stands for that of the fact before, 1 for a call that follows, and more for one of before.
    private func evidence(_ evidence: Evidence, at time: EventTime) {
        if lastEvidence === evidence { return bytes.byte(0) }
        lastEvidence = evidence
        let call = ObjectIdentifier(evidence.call)
        if let number = calls[call] {
            bytes.unsigned(number + 2)
        } else {
            calls[call] = UInt64(held.count)
            held.append(evidence.call)
            bytes.unsigned(1)
            bytes.scope(evidence.scope)
            bytes.call(evidence.call)
        }
        bytes.packed(evidence.id)
        bytes.signed(evidence.time.seconds &- time.seconds)
    }

    // MARK: Everything else

    func finding(_ published: FindingTable.Published, about subject: Subject) {
        counts.others += 1
        bytes.byte(SnapshotTag.finding)
        bytes.text(published.rule)
        bytes.subject(subject)
        bytes.finding(published.finding)
    }

    func clock(of account: AccountID, _ time: EventTime, judgedBy policy: UInt64) {
        counts.others += 1
        bytes.byte(SnapshotTag.clock)
        bytes.unsigned(account.number)
        bytes.clock(time, judgedBy: policy)
    }

    func timers(_ subject: Subject, _ deadlines: [Timers.Deadline]) {
        counts.others += 1
        bytes.byte(SnapshotTag.timers)
        bytes.subject(subject)
        bytes.list(deadlines) {
            $0.text($1.rule)
            $0.signed($1.time.seconds)
        }
    }

    func waiting(_ subject: Subject) { about(subject, SnapshotTag.waiting) }

    func long(_ subject: Subject) { about(subject, SnapshotTag.long) }

    private func about(_ subject: Subject, _ tag: UInt8) {
        counts.others += 1
        bytes.byte(tag)
        bytes.subject(subject)
    }
}

// Ids as the numbers that they are in memory.

extension ByteWriter {
    mutating func packed(_ id: ResourceID) {
        switch id {
        case .image(let high, let low): number(0, high, low)
        case .instance(let high, let low): number(1, high, low)
        case .text(let text):
            byte(2)
            self.text(text)
        }
    }

    private mutating func number(_ tag: UInt8, _ high: UInt64, _ low: UInt8) {
        byte(tag)
        fixed(high)
        byte(low)
    }

    mutating func packed(_ id: EventID) {
        switch id {
        case .uuid(let high, let low):
            byte(0)
            fixed(high)
            fixed(low)
        case .text(let text):
            byte(1)
            self.text(text)
        }
    }
}

extension ByteReader {
    mutating func packedResource() throws(StateError) -> ResourceID {
        switch try byte() {
        case 0: .image(try fixed(), try digit())
        case 1: .instance(try fixed(), try digit())
        case 2: .text(try text())
        case let tag: throw .malformed("no id has tag \(tag)")
        }
    }

    private mutating func digit() throws(StateError) -> UInt8 {
        let digit = try byte()
        guard digit < 16 else { throw .malformed("\(digit) is no hexadecimal digit") }
        return digit
    }

    mutating func packedEvent() throws(StateError) -> EventID {
        switch try byte() {
        case 0: .uuid(try fixed(), try fixed())
        case 1: .text(try text())
        case let tag: throw .malformed("no id has tag \(tag)")
        }
    }
}
