public import CloudTrail

/// The facts about one attribute, in the order in which they are read.
///
/// A view of what the state keeps; the attribute can be read as of any time.
public struct Timeline: Hashable, Sendable {
    /// The facts, sorted, each once.
    public let facts: ArraySlice<Fact>

    /// Nothing known.
    public init() { facts = [] }

    /// A view of facts that are sorted.
    init(sorted facts: ArraySlice<Fact>) { self.facts = facts }

    /// Whether nothing is known.
    public var isEmpty: Bool { facts.isEmpty }

    /// The last fact at or before a time; its whole second counts.
    public func latest(asOf time: EventTime = .distantFuture) -> Fact? { prefix(asOf: time).last }

    /// The facts at or before a time, in order.
    public func prefix(asOf time: EventTime) -> ArraySlice<Fact> { facts[..<endIndex(asOf: time)] }

    /// The time of the first fact after a time, from which on it is read and no earlier one.
    func nextTime(after time: EventTime) -> EventTime? {
        let index = endIndex(asOf: time)
        return index < facts.endIndex ? facts[index].time : nil
    }

    private func endIndex(asOf time: EventTime) -> Int {
        guard let last = facts.last, last.time > time else { return facts.endIndex }
        return firstIndex { $0.time > time }
    }

    /// The first fact that is so; all behind it are so, too.
    private func firstIndex(where isSo: (Fact) -> Bool) -> Int {
        var (low, high) = (facts.startIndex, facts.endIndex)
        while low < high {
            let middle = (low + high) / 2
            if isSo(facts[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// What one record told.
    func facts(by record: StateKey.RecordID) -> [Fact] {
        facts[firstIndex { $0.time >= record.time }...].prefix { $0.time == record.time }.filter {
            $0.evidence.id == record.id && $0.evidence.account == record.account
        }
    }

    /// The facts that one account has told.
    func told(by account: AccountID) -> Timeline {
        if facts.allSatisfy({ $0.evidence.account == account }) { return self }
        return Timeline(sorted: facts.filter { $0.evidence.account == account }[...])
    }

    /// The facts behind a horizon that are more than the newest `keep`.
    func stale(before horizon: EventTime, keep: Int) -> ArraySlice<Fact> {
        guard facts.count > keep, let first = facts.first, first.time < horizon else { return [] }
        let behind = endIndex(asOf: horizon.advanced(bySeconds: -1))
        return facts[..<min(behind, facts.endIndex - keep)]
    }
}
