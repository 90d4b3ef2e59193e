import CloudTrail

/// What putting a fact in its place did.
enum FactInsertion {
    case inserted
    case replaced(Fact)
    case unchanged
}

/// The facts of a timeline as they are kept: sorted, each once.
///
/// Inserting the same facts in any order gives the same timeline. A place is searched for in halves, so that what
/// comes late costs no more than what comes in order. Several timelines may stand in one array, each in its range.
extension [Fact] {
    /// Puts a fact in its place.
    ///
    /// A differing copy of the same record's fact replaces it.
    mutating func insert(_ fact: Fact, in range: Range<Int>? = nil) -> FactInsertion {
        let range = range ?? indices
        guard !range.isEmpty, self[range.upperBound - 1].time >= fact.time else {
            put(fact, at: range.upperBound)
            return .inserted
        }
        guard let same = position(ofSame: fact, in: range) else {
            insert(fact, at: position(of: fact, in: range))
            return .inserted
        }
        guard self[same] != fact else { return .unchanged }
        let replaced = remove(at: same)
        insert(fact, at: position(of: fact, in: range.lowerBound..<(range.upperBound - 1)))
        return .replaced(replaced)
    }

    /// Puts a fact behind the others, if it is later than all of them and says something new for certain; returns how
    /// many there are then, and nil when it has to be put in its place.
    mutating func appendLater(_ fact: Fact, keepsFirstOnly: Bool) -> Int? {
        guard isEmpty || (!keepsFirstOnly && self[count - 1].time < fact.time) else { return nil }
        append(fact)
        return count
    }

    /// Puts a fact in its place, unless one of the same value stands before it: of those only the first in order is
    /// kept.
    mutating func insertFirst(_ fact: Fact, in range: Range<Int>? = nil) -> FactInsertion {
        let range = range ?? indices
        guard let known = self[range].firstIndex(where: { $0.value == fact.value }) else {
            return insert(fact, in: range)
        }
        guard fact < self[known] else { return .unchanged }
        let replaced = remove(at: known)
        _ = insert(fact, in: range.lowerBound..<(range.upperBound - 1))
        return .replaced(replaced)
    }

    /// Takes a fact out; false when it is not there.
    mutating func remove(_ fact: Fact, in range: Range<Int>? = nil) -> Bool {
        let range = range ?? indices
        let index = position(of: fact, in: range)
        guard index < range.upperBound, self[index] == fact else { return false }
        remove(at: index)
        return true
    }

    private func position(of fact: Fact, in range: Range<Int>) -> Int {
        self[range].position(of: FactOrder(fact))
    }

    /// Where the same record's fact stands, whatever its value: that decides its place within the second.
    private func position(ofSame fact: Fact, in range: Range<Int>) -> Int? {
        for risk in UInt8(0)...FactValue.highestRisk {
            let index = self[range].position(of: FactOrder(fact, risk: risk))
            if index < range.upperBound, self[index].isSame(as: fact) { return index }
        }
        return nil
    }
}

extension Array {
    /// Inserts an element; at the end it is appended, which takes a fraction of the time.
    mutating func put(_ element: Element, at index: Int) {
        if index == endIndex { append(element) } else { insert(element, at: index) }
    }
}

extension ArraySlice<Fact> {
    /// Where a fact of such an order stands, or would go.
    func position(of wanted: FactOrder) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if FactOrder(self[middle]) < wanted { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// What decides where a fact stands on a timeline.
struct FactOrder: Comparable {
    let time: EventTime
    let phase: Fact.Phase
    let risk: UInt8
    let id: EventID
    let account: AccountID

    init(_ fact: Fact, risk: UInt8? = nil) {
        time = fact.time
        phase = fact.phase
        self.risk = risk ?? fact.value.risk
        id = fact.evidence.id
        account = fact.evidence.account
    }

    /// The order in which facts are read: time; creates, changes, ends; the riskier value later; event id.
    static func < (left: FactOrder, right: FactOrder) -> Bool {
        if left.time != right.time { return left.time < right.time }
        if left.phase != right.phase { return left.phase < right.phase }
        if left.risk != right.risk { return left.risk < right.risk }
        if left.id != right.id { return left.id < right.id }
        return left.account < right.account
    }
}
