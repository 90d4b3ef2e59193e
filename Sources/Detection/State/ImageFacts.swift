public import CloudTrail

/// All that is known about one image, told by whichever accounts.
///
/// One reference; copied before a change when another one has it, too.
public struct ImageFacts: Sendable {
    private var storage = ImageStorage()

    private mutating func makeUnique() {
        if !isKnownUniquelyReferenced(&storage) { storage = ImageStorage(copying: storage) }
    }

    /// The instances launched from it.
    var launches: LaunchIndex {
        _read { yield storage.launches }
        _modify {
            makeUnique()
            yield &storage.launches
        }
    }
    /// The images that are copies of it and took its tags along.
    var copies: Set<ResourceID> {
        _read { yield storage.copies }
        _modify {
            makeUnique()
            yield &storage.copies
        }
    }
    /// The grantees that stand for many accounts, of those that any fact names: few, where accounts may be thousands.
    var groups: Set<Grantee> {
        _read { yield storage.groups }
        _modify {
            makeUnique()
            yield &storage.groups
        }
    }

    /// The policy that was found to approve it, as of any time; 0 when none was.
    var approvingPolicy: UInt32 { storage.approvingPolicy }

    /// Whether the policy of a number was found to approve it, as of any time.
    func isApproved(by policy: UInt32) -> Bool { storage.approvingPolicy == policy }

    /// Notes that the policy of a number approves it, until something else is known about it.
    mutating func noteApproved(by policy: UInt32) {
        makeUnique()
        storage.approvingPolicy = policy
    }

    /// Whether nothing is known.
    var isEmpty: Bool {
        storage.single.isEmpty && storage.named.isEmpty && launches.isEmpty && copies.isEmpty
    }

    // MARK: Reading

    /// The timeline of an attribute; empty when nothing is known.
    public func timeline(_ attribute: ImageAttribute) -> Timeline {
        guard let single = attribute.slot else {
            return storage.named[attribute].map { Timeline(sorted: $0[...]) } ?? Timeline()
        }
        return Timeline(sorted: storage.single[storage.range(of: single)])
    }

    /// The last fact about an attribute as of a time; what never changes holds for all times.
    public func latest(_ attribute: ImageAttribute, asOf time: EventTime = .distantFuture) -> Fact? {
        timeline(attribute).latest(asOf: attribute.isConstant ? .distantFuture : time)
    }

    /// The owner, and the fact that tells it.
    public var owner: (account: AccountID, fact: Fact)? {
        guard let fact = latest(.owner), let account = fact.value.owner else { return nil }
        return (account, fact)
    }

    /// The attributes of which something is known.
    var attributes: [ImageAttribute] {
        ImageAttribute.singles.filter { !timeline($0).isEmpty } + storage.named.keys
    }

    /// Whether anything is known but what holds for ever.
    var isDated: Bool {
        attributes.contains { timeline($0).facts.last.map { $0.time > .distantPast } ?? false }
    }

    /// The grantees that any fact names.
    var grantees: [Grantee] {
        storage.named.keys.compactMap(\.grantee)
    }

    /// How many attributes it has that it may have many of: tags, launch permissions, what rules declare.
    var namedCount: Int { storage.named.count }

    /// Whether any fact names a grantee.
    var hasGrantees: Bool { storage.named.keys.contains { $0.attribute == .permission } }

    /// The Region, as the first record that names one tells.
    var region: String? { tellingRegion.min()?.evidence.region }

    /// Every Region that a record names; there is more than one only when records contradict each other.
    var regions: Set<ExactText> { Set(tellingRegion.map { ExactText($0.evidence.region) }) }

    private var tellingRegion: [Fact] {
        (timeline(.lifecycle).facts + timeline(.owner).facts).filter { !$0.evidence.region.isEmpty }
    }

    // MARK: Changing

    /// Puts a fact behind the others on an attribute's timeline, if it is later than all of them; returns how many there
    /// are then, and nil when it has to be put in its place.
    ///
    /// All facts of a record share their evidence already.
    mutating func appendLater(_ fact: Fact, _ attribute: ImageAttribute, keepsFirstOnly: Bool) -> Int? {
        makeUnique()
        storage.approvingPolicy = 0
        guard attribute.slot == nil else {
            return storage.append(fact, attribute, keepsFirstOnly: keepsFirstOnly)
        }
        return storage.named[attribute, default: []].appendLater(fact, keepsFirstOnly: keepsFirstOnly)
    }

    /// Puts a fact on an attribute's timeline; of the facts that say the same only the first may be wanted.
    mutating func insert(
        _ fact: Fact,
        _ attribute: ImageAttribute,
        keepsFirstOnly: Bool
    ) -> FactInsertion {
        makeUnique()
        storage.approvingPolicy = 0
        let fact = storage.sharing(fact)
        if storage.append(fact, attribute, keepsFirstOnly: keepsFirstOnly) != nil { return .inserted }
        return storage.change(attribute) {
            keepsFirstOnly ? $0.insertFirst(fact, in: $1) : $0.insert(fact, in: $1)
        }
    }

    /// Takes the facts about all attributes that an image has once, one attribute after the other, and where each ends;
    /// false when any is known already.
    mutating func take(_ facts: [Fact], ends: InlineArray<10, UInt32>) -> Bool {
        guard storage.single.isEmpty else { return false }
        makeUnique()
        storage.take(facts, ends: ends)
        return true
    }

    /// Takes the facts about one of many attributes; false when any is known already.
    mutating func take(_ facts: [Fact], about attribute: ImageAttribute) -> Bool {
        guard storage.named[attribute] == nil else { return false }
        makeUnique()
        storage.named[attribute] = facts
        return true
    }

    /// Takes the facts about one attribute after the other, those that an image has once in the order of their slots.
    mutating func take(packed facts: [Fact], about attribute: ImageAttribute) {
        makeUnique()
        storage.take(packed: facts, about: attribute)
    }

    /// Takes a fact off an attribute's timeline; false when it is not there.
    mutating func remove(_ fact: Fact, _ attribute: ImageAttribute) -> Bool {
        makeUnique()
        storage.approvingPolicy = 0
        return storage.change(attribute) { $0.remove(fact, in: $1) }
    }
}

/// What an `ImageFacts` holds.
///
/// `@unchecked Sendable`: it is changed by the one `ImageFacts` that refers to it alone.
private final class ImageStorage: @unchecked Sendable {
    // Unchecked because every access goes through an `ImageFacts`, whose own accesses are checked.

    /// The facts about attributes that an image has once, one attribute after the other: one piece of memory.
    @exclusivity(unchecked)
    var single: [Fact] = []
    /// Where in `single` the facts about each attribute end.
    @exclusivity(unchecked)
    private var ends = InlineArray<10, UInt32>(repeating: 0)
    /// The number of the policy that was found to approve it by these facts; 0 when none was.
    @exclusivity(unchecked)
    var approvingPolicy: UInt32 = 0
    /// The facts about each tag and each grantee's permission.
    @exclusivity(unchecked)
    var named: [ImageAttribute: [Fact]] = [:]
    @exclusivity(unchecked)
    var launches = LaunchIndex()
    @exclusivity(unchecked)
    var copies: Set<ResourceID> = []
    @exclusivity(unchecked)
    var groups: Set<Grantee> = []

    init() {}

    init(copying other: ImageStorage) {
        single = other.single
        ends = other.ends
        named = other.named
        launches = other.launches
        copies = other.copies
        groups = other.groups
    }

    func take(_ facts: [Fact], ends: InlineArray<10, UInt32>) {
        (single, self.ends, approvingPolicy) = (facts, ends, 0)
    }

    func take(packed facts: [Fact], about attribute: ImageAttribute) {
        guard let slot = attribute.slot else { return named[attribute] = facts }
        single.append(contentsOf: facts)
        for index in slot..<ends.count { ends[index] = UInt32(single.count) }
    }

    func range(of attribute: Int) -> Range<Int> {
        Int(attribute == 0 ? 0 : ends[attribute - 1])..<Int(ends[attribute])
    }

    private static let sharedCount = 64

    /// A fact that shares its evidence with those of the same record, also where they were read back one by one.
    func sharing(_ fact: Fact) -> Fact {
        // Of many facts most came alone, and looking for others costs more than it saves.
        guard single.count <= Self.sharedCount else { return fact }
        let known = single.indices.first {
            single[$0].time == fact.time && single[$0].evidence == fact.evidence
        }
        guard let known, single[known].evidence !== fact.evidence else { return fact }
        return Fact(time: fact.time, phase: fact.phase, value: fact.value, evidence: single[known].evidence)
    }

    /// Puts a fact behind those of its attribute, if it is later than all of them; returns how many there are then, and
    /// nil when it is not.
    func append(_ fact: Fact, _ attribute: ImageAttribute, keepsFirstOnly: Bool) -> Int? {
        guard let number = attribute.slot else { return nil }
        let range = range(of: number)
        guard range.isEmpty || (!keepsFirstOnly && single[range.upperBound - 1].time < fact.time) else {
            return nil
        }
        // Few images get many facts: doubling the room would leave much of it empty.
        if single.count == single.capacity { single.reserveCapacity(single.count + max(2, single.count / 4)) }
        single.put(fact, at: range.upperBound)
        for index in number..<ends.count { ends[index] += 1 }
        return range.count + 1
    }

    /// Changes the facts about one attribute: those of a range of the array.
    func change<Result>(
        _ attribute: ImageAttribute,
        _ body: (inout [Fact], Range<Int>) -> Result
    ) -> Result {
        guard let number = attribute.slot else {
            let count = named[attribute]?.count ?? 0
            let result = body(&named[attribute, default: []], 0..<count)
            if named[attribute]?.isEmpty == true { named[attribute] = nil }
            return result
        }
        let count = single.count
        let result = body(&single, range(of: number))
        let growth = single.count - count
        if growth != 0 {
            for index in number..<ends.count { ends[index] = UInt32(Int(ends[index]) + growth) }
        }
        return result
    }
}

extension ImageAttribute {
    /// The attributes that an image has once, where it may have many tags and permissions.
    static let singles: [ImageAttribute] = [
        .owner, .ownerAlias, .name, .creationDate, .origin, .productCodes, .deprecation, .lifecycle, .allTags,
        .allPermissions,
    ]

    /// The place among `singles`; nil for a tag and a permission.
    var slot: Int? { attribute.slot.map { Int($0) } }
}
