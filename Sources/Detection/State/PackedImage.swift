import CloudTrail

/// All that is known about one image, in one piece of memory: the calls that told it, and bytes.
///
/// What is packed is only unpacked again, never read in part.
///
/// `@unchecked Sendable`: nobody changes the memory once it is filled.
struct PackedImage: @unchecked Sendable {
    /// The calls that told the facts; nearly always one or two.
    struct Calls {
        var first: Call?
        var others: [Call] = []
        var byteCount = 0

        subscript(number: Int) -> Call? {
            if number == 0 { return first }
            return others.indices.contains(number - 1) ? others[number - 1] : nil
        }

        /// The number of a call, which is added when it is not among them.
        mutating func number(of call: Call) -> Int {
            guard let first else {
                first = call
                return 0
            }
            if first == call { return 0 }
            if let index = others.firstIndex(of: call) { return index + 1 }
            others.append(call)
            return others.count
        }
    }

    /// Where, what and by whom; the same objects as elsewhere.
    struct Call: Equatable {
        let origin: Origin
        let actor: Actor

        static func == (left: Call, right: Call) -> Bool {
            left.origin === right.origin && left.actor === right.actor
        }
    }

    private let memory: ManagedBuffer<Calls, UInt8>

    /// Copies the bytes.
    init(_ calls: Calls, _ bytes: UnsafeRawBufferPointer) {
        memory = .create(minimumCapacity: bytes.count) { _ in calls }
        memory.withUnsafeMutablePointerToElements {
            UnsafeMutableRawBufferPointer(start: $0, count: bytes.count).copyMemory(from: bytes)
        }
    }

    /// What was packed.
    var facts: ImageFacts {
        memory.withUnsafeMutablePointers { calls, bytes in
            var unpacking = ImageUnpacking(
                ByteReader(UnsafeRawBufferPointer(start: bytes, count: calls.pointee.byteCount)),
                calls.pointee
            )
            do { return try unpacking.image() } catch {
                // They were written by this process, and nobody else has them.
                preconditionFailure("a packed image cannot be read: \(error)")
            }
        }
    }
}

/// Packs images, one after the other.
struct ImagePacking: ~Copyable {
    private var bytes = ByteWriter()
    private var calls = PackedImage.Calls()
    private var lastEvidence: Evidence?

    /// Beyond so many launches, copies or facts an image is not packed: it would take long each time.
    private static let most = 64

    /// An image in as few bytes as it takes; nil when it is too large to be packed.
    mutating func packed(_ facts: ImageFacts) -> PackedImage? {
        let attributes = facts.attributes
        let count = attributes.reduce(0) { $0 + facts.timeline($1).facts.count }
        guard max(count, facts.launches.count, facts.copies.count) <= Self.most else { return nil }
        bytes.removeAll(from: 0)
        (calls, lastEvidence) = (PackedImage.Calls(), nil)
        bytes.list(attributes) { _, _ in }
        for attribute in attributes { write(attribute, facts.timeline(attribute).facts) }
        let links = PackedLinks(of: facts)
        bytes.byte(links.rawValue)
        if links.contains(.launches) {
            bytes.list(facts.launches.last(Self.most)) {
                $0.signed($1.time.seconds)
                $0.unsigned(UInt64($1.row))
            }
        }
        if links.contains(.copies) { bytes.list(facts.copies) { $0.packed($1) } }
        if links.contains(.groups) { bytes.list(facts.groups) { $0.grantee($1) } }
        if links.contains(.approval) { bytes.unsigned(UInt64(facts.approvingPolicy)) }
        calls.byteCount = bytes.count
        return PackedImage(calls, bytes.bytes)
    }

    private mutating func write(_ attribute: ImageAttribute, _ facts: ArraySlice<Fact>) {
        // Those that an image has once are told by their slots.
        bytes.byte(attribute.slot.map { UInt8($0) } ?? .max)
        if attribute.slot == nil { bytes.imageAttribute(attribute) }
        bytes.unsigned(UInt64(facts.count))
        for fact in facts {
            let isByLast = lastEvidence === fact.evidence
            let isOfItsTime = fact.time == fact.evidence.time
            bytes.byte(fact.phase.rawValue << 2 | (isByLast ? 2 : 0) | (isOfItsTime ? 1 : 0))
            if !isByLast { write(fact.evidence) }
            if !isOfItsTime { bytes.signed(fact.time.seconds) }
            bytes.value(fact.value)
        }
    }

    private mutating func write(_ evidence: Evidence) {
        lastEvidence = evidence
        bytes.unsigned(UInt64(calls.number(of: .init(origin: evidence.origin, actor: evidence.actor))))
        bytes.packed(evidence.id)
        bytes.signed(evidence.time.seconds)
    }
}

/// Unpacks one image.
private struct ImageUnpacking {
    private var reader: ByteReader
    private let calls: PackedImage.Calls
    private var lastEvidence: Evidence?

    init(_ reader: ByteReader, _ calls: PackedImage.Calls) { (self.reader, self.calls) = (reader, calls) }

    mutating func image() throws(StateError) -> ImageFacts {
        var image = ImageFacts()
        for _ in 0..<(try reader.count()) {
            let attribute = try attribute()
            image.take(packed: try facts(), about: attribute)
        }
        let links = PackedLinks(rawValue: try reader.byte())
        if links.contains(.launches) {
            for _ in 0..<(try reader.count()) {
                let time = EventTime(seconds: try reader.signed())
                image.launches.append(Launch(time: time, row: UInt32(try reader.unsigned())))
            }
        }
        if links.contains(.copies) {
            image.copies = Set(try reader.list { (reader) throws(StateError) in try reader.packedResource() })
        }
        if links.contains(.groups) {
            image.groups = Set(try reader.list { (reader) throws(StateError) in try reader.grantee() })
        }
        if links.contains(.approval) { image.noteApproved(by: UInt32(try reader.unsigned())) }
        return image
    }

    private mutating func attribute() throws(StateError) -> ImageAttribute {
        let slot = Int(try reader.byte())
        return slot < ImageAttribute.singles.count
            ? ImageAttribute.singles[slot] : try reader.imageAttribute()
    }

    private mutating func facts() throws(StateError) -> [Fact] {
        var facts: [Fact] = []
        for _ in 0..<(try reader.count()) {
            let flags = try reader.byte()
            let evidence = flags & 2 > 0 ? lastEvidence : try evidence()
            guard let evidence, let phase = Fact.Phase(rawValue: flags >> 2) else {
                throw .malformed("a fact has no evidence")
            }
            lastEvidence = evidence
            let time = flags & 1 > 0 ? evidence.time : EventTime(seconds: try reader.signed())
            facts.append(Fact(time: time, phase: phase, value: try reader.value(), evidence: evidence))
        }
        return facts
    }

    private mutating func evidence() throws(StateError) -> Evidence {
        guard let call = calls[Int(try reader.unsigned())] else { throw .malformed("a fact has no call") }
        let id = try reader.packedEvent()
        let time = EventTime(seconds: try reader.signed())
        return Evidence(id: id, time: time, origin: call.origin, actor: call.actor)
    }
}

/// What a packed image has beside its facts.
private struct PackedLinks: OptionSet {
    let rawValue: UInt8

    static let launches = PackedLinks(rawValue: 1)
    static let copies = PackedLinks(rawValue: 2)
    static let groups = PackedLinks(rawValue: 4)
    static let approval = PackedLinks(rawValue: 8)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(of facts: ImageFacts) {
        self = []
        if !facts.launches.isEmpty { insert(.launches) }
        if !facts.copies.isEmpty { insert(.copies) }
        if !facts.groups.isEmpty { insert(.groups) }
        if facts.approvingPolicy > 0 { insert(.approval) }
    }
}
