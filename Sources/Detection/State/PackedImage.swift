import CloudTrail

/// All that is known about one image, in one piece of memory: the calls that told it, and bytes.
///
/// What is packed is unpacked again as a whole. Only what nearly every image gets that is used, its first use and one launch, is
/// read and added without that.
///
/// `@unchecked Sendable`: once the memory is filled, it is changed by the one `PackedImage` that refers to it alone.
struct PackedImage: @unchecked Sendable {
    /// The calls that told the facts; nearly always one or two.
    struct Calls {
        private var first: CallByActor?
        private var others = OtherCalls.none
        fileprivate var byteCount: UInt32 = 0
        /// The row and the time of the one launch, unless the bytes have all launches.
        fileprivate var launchRow = InstanceTable.Number.max
        fileprivate var launchTime = EventTime.distantPast

        fileprivate var launch: Launch? {
            get { launchRow < .max ? Launch(time: launchTime, row: launchRow) : nil }
            set { (launchRow, launchTime) = (newValue?.row ?? .max, newValue?.time ?? .distantPast) }
        }

        subscript(number: Int) -> CallByActor? {
            if number == 0 { return first }
            switch others {
            case .one(let call) where number == 1: return call
            case .more(let calls) where calls.indices.contains(number - 1): return calls[number - 1]
            default: return nil
            }
        }

        /// The number of a call, which is added when it is not among them.
        mutating func number(of call: CallByActor) -> Int {
            guard let first else {
                first = call
                return 0
            }
            if first === call { return 0 }
            switch others {
            case .none:
                others = .one(call)
                return 1
            case .one(let known):
                if known === call { return 1 }
                others = .more([known, call])
                return 2
            case .more(var calls):
                if let index = calls.firstIndex(where: { $0 === call }) { return index + 1 }
                calls.append(call)
                others = .more(calls)
                return calls.count
            }
        }
    }

    /// The calls behind the first: of an image that was used, mostly the one of its first use, which needs no list.
    private enum OtherCalls {
        case none
        case one(CallByActor)
        case more([CallByActor])
    }

    private var memory: ManagedBuffer<Calls, UInt8>

    /// Copies the bytes.
    init(_ calls: Calls, _ bytes: UnsafeRawBufferPointer) {
        memory = .create(minimumCapacity: bytes.count) { _ in calls }
        memory.header.byteCount = UInt32(bytes.count)
        memory.withUnsafeMutablePointerToElements {
            UnsafeMutableRawBufferPointer(start: $0, count: bytes.count).copyMemory(from: bytes)
        }
    }

    /// What was packed.
    var facts: ImageFacts {
        unpacking { (unpacking) throws(StateError) in try unpacking.image() }
    }

    private func unpacking<Result>(_ body: (inout ImageUnpacking) throws(StateError) -> Result) -> Result {
        withBytes { calls, bytes in
            var unpacking = ImageUnpacking(ByteReader(bytes), calls)
            do { return try body(&unpacking) } catch {
                // They were written by this process, and nobody else has them.
                preconditionFailure("a packed image cannot be read: \(error)")
            }
        }
    }

    /// What is known of its first use, which is not unpacked with the rest.
    var firstUse: [Fact] {
        guard links.contains(.firstUse) else { return [] }
        return unpacking { (unpacking) throws(StateError) in try unpacking.firstUse() }
    }

    /// The launches in the second of the first of them; nil when the bytes have all launches.
    var firstLaunches: [Launch]? {
        links.contains(.launches) ? nil : memory.header.launch.map { [$0] } ?? []
    }

    private var links: PackedLinks {
        memory.withUnsafeMutablePointerToElements { PackedLinks(rawValue: $0[0]) }
    }

    private func withBytes<Result>(_ body: (Calls, UnsafeRawBufferPointer) -> Result) -> Result {
        memory.withUnsafeMutablePointers { calls, bytes in
            body(calls.pointee, UnsafeRawBufferPointer(start: bytes, count: Int(calls.pointee.byteCount)))
        }
    }

    // MARK: Adding

    /// Adds a launch, the first of all; false when there is one, or somebody else reads this memory.
    mutating func add(_ launch: Launch) -> Bool {
        guard !links.contains(.launches), memory.header.launch == nil, isKnownUniquelyReferenced(&memory)
        else { return false }
        memory.header.launch = launch
        return true
    }

    /// Adds the first use; false when there is one, or what was found out about the image holds no more.
    mutating func add(firstUse fact: Fact) -> Bool {
        guard links.isDisjoint(with: [.firstUse, .approval]) else { return false }
        var packing = ImagePacking()
        self = withBytes { packing.packed($0, $1, addingFirstUse: fact) }
        return true
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
        let attributes = facts.attributes.filter { $0 != .firstUse }
        let count = attributes.reduce(0) { $0 + facts.timeline($1).facts.count }
        guard max(count, facts.launches.count, facts.copies.count) <= Self.most else { return nil }
        bytes.removeAll(from: 0)
        (calls, lastEvidence) = (PackedImage.Calls(), nil)
        let links = PackedLinks(of: facts)
        bytes.byte(links.rawValue)
        if links.contains(.firstUse) { write(firstUse: facts.timeline(.firstUse).facts) }
        bytes.list(attributes) { _, _ in }
        for attribute in attributes { write(attribute, facts.timeline(attribute).facts) }
        if links.contains(.launches) {
            bytes.list(facts.launches.last(Self.most)) {
                $0.signed($1.time.seconds)
                $0.unsigned(UInt64($1.row))
            }
        } else {
            calls.launch = facts.launches.first
        }
        if links.contains(.copies) { bytes.list(facts.copies) { $0.packed($1) } }
        if links.contains(.groups) { bytes.list(facts.groups) { $0.grantee($1) } }
        if links.contains(.approval) { bytes.unsigned(UInt64(facts.approvingPolicy)) }
        return PackedImage(calls, bytes.bytes)
    }

    /// The same as a packed image, with its first use.
    mutating func packed(
        _ known: PackedImage.Calls,
        _ packed: UnsafeRawBufferPointer,
        addingFirstUse fact: Fact
    ) -> PackedImage {
        bytes.removeAll(from: 0)
        (calls, lastEvidence) = (known, nil)
        bytes.byte(PackedLinks(rawValue: packed[0]).union(.firstUse).rawValue)
        write(firstUse: [fact])
        bytes.copy(UnsafeRawBufferPointer(rebasing: packed.dropFirst()))
        return PackedImage(calls, bytes.bytes)
    }

    /// The first of all, so that it can be read and added alone: nothing behind it refers to its evidence.
    private mutating func write(firstUse facts: ArraySlice<Fact>) {
        write(facts)
        lastEvidence = nil
    }

    private mutating func write(_ attribute: ImageAttribute, _ facts: ArraySlice<Fact>) {
        // Those that an image has once are told by their slots.
        bytes.byte(attribute.slot.map { UInt8($0) } ?? .max)
        if attribute.slot == nil { bytes.imageAttribute(attribute) }
        write(facts)
    }

    private mutating func write(_ facts: ArraySlice<Fact>) {
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
        bytes.unsigned(UInt64(calls.number(of: evidence.call)))
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
        let links = PackedLinks(rawValue: try reader.byte())
        if links.contains(.firstUse) {
            image.take(packed: try facts(), about: .firstUse)
            lastEvidence = nil
        }
        for _ in 0..<(try reader.count()) {
            let attribute = try attribute()
            image.take(packed: try facts(), about: attribute)
        }
        if let launch = calls.launch { image.launches.append(launch) }
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

    /// Its first use alone, which is there.
    mutating func firstUse() throws(StateError) -> [Fact] {
        _ = try reader.byte()
        return try facts()
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
        return Evidence(id: id, time: time, call: call)
    }
}

/// What a packed image has beside its facts.
private struct PackedLinks: OptionSet {
    let rawValue: UInt8

    /// More than one.
    static let launches = PackedLinks(rawValue: 1)
    static let copies = PackedLinks(rawValue: 2)
    static let groups = PackedLinks(rawValue: 4)
    static let approval = PackedLinks(rawValue: 8)
    static let firstUse = PackedLinks(rawValue: 16)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(of facts: ImageFacts) {
        self = []
        if facts.launches.count > 1 { insert(.launches) }
        if !facts.copies.isEmpty { insert(.copies) }
        if !facts.groups.isEmpty { insert(.groups) }
        if facts.approvingPolicy > 0 { insert(.approval) }
        if !facts.timeline(.firstUse).isEmpty { insert(.firstUse) }
    }
}
