public import CloudTrail

/// The facts about one attribute, in the order in which they are read.
///
/// Inserting the same facts in any order gives the same timeline, and the attribute can be read as of any time.
public struct Timeline: Hashable, Sendable {
    /// The facts, sorted, each once.
    public private(set) var facts: [Fact] = []

    /// Nothing known.
    public init() {}

    /// Takes facts that may be in any order.
    init(_ facts: [Fact]) { self.facts = facts.sorted() }

    /// Whether nothing is known.
    public var isEmpty: Bool { facts.isEmpty }

    /// The last fact at or before a time; its whole second counts.
    public func latest(asOf time: EventTime = .distantFuture) -> Fact? {
        let end = endIndex(asOf: time)
        return end > 0 ? facts[end - 1] : nil
    }

    /// The facts at or before a time, in order.
    public func prefix(asOf time: EventTime) -> ArraySlice<Fact> { facts[..<endIndex(asOf: time)] }

    /// The first fact at or after a time.
    public func first(from time: EventTime) -> Fact? {
        let index = endIndex(asOf: time.advanced(bySeconds: -1))
        return index < facts.count ? facts[index] : nil
    }

    private func endIndex(asOf time: EventTime) -> Int {
        var (low, high) = (0, facts.count)
        if high == 0 || facts[high - 1].time <= time { return high }
        while low < high {
            let middle = (low + high) / 2
            if facts[middle].time <= time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// What putting a fact in its place did.
    enum Insertion {
        case inserted
        case replaced(Fact)
        case unchanged
    }

    /// Puts a fact in its place.
    ///
    /// A differing copy of the same record's fact replaces it.
    mutating func insert(_ fact: Fact) -> Insertion {
        guard let last = facts.last, last.time >= fact.time else {
            facts.append(fact)
            return .inserted
        }
        var replaced: Fact?
        if let same = facts.firstIndex(where: { $0.isSame(as: fact) }) {
            guard facts[same] != fact else { return .unchanged }
            replaced = facts.remove(at: same)
        }
        let index = facts.lastIndex { $0 < fact }.map { $0 + 1 } ?? 0
        facts.insert(fact, at: index)
        return replaced.map(Insertion.replaced) ?? .inserted
    }

    /// Puts a fact in its place, unless one that says as much stands before it: of those that `repeats` calls
    /// equal, only the first in order is kept.
    mutating func insertFirst(_ fact: Fact, of repeats: (Fact) -> Bool) -> Insertion {
        guard let known = facts.firstIndex(where: repeats) else { return insert(fact) }
        guard fact < facts[known] else { return .unchanged }
        let replaced = facts.remove(at: known)
        _ = insert(fact)
        return .replaced(replaced)
    }

    /// Takes a fact out; false when it is not there.
    mutating func remove(_ fact: Fact) -> Bool {
        guard let index = facts.firstIndex(of: fact) else { return false }
        facts.remove(at: index)
        return true
    }

    /// The facts behind a horizon that are more than the newest `keep`.
    func stale(before horizon: EventTime, keep: Int) -> ArraySlice<Fact> {
        guard facts.count > keep, let first = facts.first, first.time < horizon else { return [] }
        let behind = endIndex(asOf: horizon.advanced(bySeconds: -1))
        return facts[..<min(behind, facts.count - keep)]
    }
}
