import CloudTrail

/// Instances, in rows of one size that are found by the id's fingerprint.
///
/// Of most instances two facts are known at most: the launch, or that an inventory shows it, and the end. A row holds all of it, in
/// a fifth of the memory that a key and its facts take. Of any other instance the row has the key, and the facts are where other
/// timelines are.
struct InstanceTable: Sendable {
    /// The number of a row: the same as long as anything is known about the instance.
    typealias Number = RowIndex.Number

    /// What a row has of an instance.
    private enum Content: Sendable {
        case free
        /// All that is known: the record that it was launched by, or seen in.
        case whole(PackedCall)
        /// The key of its facts, that stand elsewhere.
        case elsewhere(FactKey)
    }

    /// 56 bytes.
    private struct Row: Sendable {
        // The digits of the instance, and of the image.
        private var high: UInt64 = 0
        private var imageHigh: UInt64 = 0
        let content: Content
        private var last: UInt8 = 0
        private var imageLast: UInt8 = 0
        private var isSeen = false
        /// Where its end is among the ends, and 1 more; 0 when it is not known.
        var end: UInt32 = 0

        init(_ content: Content) { self.content = content }

        /// An instance of which one fact is known, its launch or that it was seen; nil when there is more to it than a row takes.
        init?(_ fact: Fact, at key: FactKey) {
            guard case .resource(let scope, .instance(let high, let last)) = key.entity,
                case .image(let imageHigh, let imageLast)? = fact.value.launchedImage,
                fact.evidence.scope == scope
            else { return nil }
            if case .seen = fact.value { isSeen = true }
            guard fact.phase == Self.phase(isSeen: isSeen) else { return nil }
            (self.high, self.last, self.imageHigh, self.imageLast) = (high, last, imageHigh, imageLast)
            content = .whole(PackedCall(fact, fact.value, fact.phase))
        }

        private static func phase(isSeen: Bool) -> Fact.Phase { isSeen ? .changes : .creates }

        /// Whether it holds all that is known.
        var isWhole: Bool { if case .whole = content { true } else { false } }

        /// The instance; nil when the row is free.
        var place: (scope: AccountRegion, id: ResourceID)? {
            switch content {
            case .free: return nil
            case .whole(let call): return (call.origin.scope, .instance(high, last))
            case .elsewhere(let key):
                guard case .resource(let scope, let id) = key.entity else { return nil }
                return (scope, id)
            }
        }

        /// The fact that it began with; nil when the facts stand elsewhere.
        var first: Fact? {
            guard case .whole(let call) = content else { return nil }
            let image = ResourceID.image(imageHigh, imageLast)
            return call.fact(isSeen ? .seen(image) : .launched(image), Self.phase(isSeen: isSeen))
        }

        func isOf(_ scope: AccountRegion, _ id: ResourceID) -> Bool {
            if case .whole(let call) = content, case .instance(let high, let last) = id {
                return high == self.high && last == self.last && call.origin.scope == scope
            }
            return place.map { $0.id == id && $0.scope == scope } ?? false
        }
    }

    private var rows = Rows<Row>()
    /// The calls that ended instances.
    private var ends = Rows<PackedCall?>()
    private var index = RowIndex()
    /// The row that was filled last: it is asked for at once.
    private var recent: Number = 0
    /// Instances that their rows hold all of.
    private(set) var wholeCount = 0

    // MARK: Reading

    /// The number of an instance's row; nil when it has none.
    func number(of key: FactKey) -> Number? {
        guard case .resource(let scope, let id) = key.entity else { return nil }
        if recent < rows.count, rows[recent].isOf(scope, id) { return recent }
        return index.find(id) { rows[$0].isOf(scope, id) }
    }

    /// All facts about an instance; nil when they stand elsewhere, or nothing is known.
    func facts(of key: FactKey) -> [Fact]? {
        guard wholeCount > 0, let number = number(of: key), let first = rows[number].first else { return nil }
        let end = rows[number].end
        return end == 0 ? [first] : [first] + (ends[end - 1].map { [$0.fact(.terminated, .ends)] } ?? [])
    }

    /// The account and Region, and the id, of the instance in a row.
    func place(_ number: Number) -> (scope: AccountRegion, id: ResourceID)? { rows[number].place }

    /// The key of the instance in a row.
    func key(_ number: Number) -> FactKey? {
        if case .elsewhere(let key) = rows[number].content { return key }
        return place(number).map { .instance($0.scope, $0.id) }
    }

    /// The keys of the instances that are known here alone.
    var keys: some Sequence<FactKey> {
        rows.numbers.lazy.compactMap { [self] number in
            rows[number].isWhole ? key(number) : nil
        }
    }

    /// Whether one row's instance stands before another's in the order of their ids, then of accounts and Regions.
    func precedes(_ left: Number, _ right: Number) -> Bool {
        guard left != right, let left = place(left), let right = place(right) else { return false }
        return left.id != right.id ? left.id < right.id : left.scope < right.scope
    }

    // MARK: Changing

    /// Takes the facts about an instance, of which none was known; false when a row cannot hold them, and they have to stand
    /// elsewhere.
    mutating func take(_ facts: [Fact], at key: FactKey) -> Bool {
        guard let first = facts.first, facts.count <= 2, var row = Row(first, at: key) else { return false }
        if facts.count == 2 {
            guard Self.isEnd(facts[1]) else { return false }
            row.end = ends.add(PackedCall(facts[1], .terminated, .ends)) + 1
        }
        put(row, key)
        return true
    }

    /// Takes the end of an instance of which only the beginning was known, before it; false when that is not so, or a row cannot
    /// hold it.
    mutating func end(_ key: FactKey, by fact: Fact) -> Bool {
        guard Self.isEnd(fact), let number = number(of: key), rows[number].isWhole, rows[number].end == 0
        else { return false }
        rows[number].end = ends.add(PackedCall(fact, .terminated, .ends)) + 1
        return true
    }

    private static func isEnd(_ fact: Fact) -> Bool { fact.value == .terminated && fact.phase == .ends }

    /// Gives the facts that a row holds to whoever puts them elsewhere; nil when there are none.
    mutating func giveAway(_ key: FactKey) -> [Fact]? {
        guard let facts = facts(of: key) else { return nil }
        noteElsewhere(key)
        return facts
    }

    /// Makes sure that an instance has a row, with its facts elsewhere.
    mutating func noteElsewhere(_ key: FactKey) { put(Row(.elsewhere(key)), key) }

    /// Frees the row of an instance of which nothing is known any more.
    mutating func free(_ key: FactKey) {
        guard let number = number(of: key), let id = key.entity.id else { return }
        noteReplaced(number)
        index.remove(number, id) { [rows] in rows[$0].place?.id }
        rows.free(number, as: Row(.free))
    }

    /// Makes room for so many more instances.
    mutating func reserve(_ more: Int) { index.reserve(more) { [rows] in rows[$0].place?.id } }

    private mutating func put(_ row: Row, _ key: FactKey) {
        if row.isWhole { wholeCount += 1 }
        if let number = number(of: key) {
            noteReplaced(number)
            rows[number] = row
        } else if let id = key.entity.id {
            recent = rows.add(row)
            index.insert(recent, id) { [rows] in rows[$0].place?.id }
        }
    }

    private mutating func noteReplaced(_ number: Number) {
        if rows[number].isWhole { wholeCount -= 1 }
        if rows[number].end > 0 { ends.free(rows[number].end - 1, as: nil) }
    }
}
