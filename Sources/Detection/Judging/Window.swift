import CloudTrail

/// What a rule about sequences counts: how many different things the facts of a timeline tell within some time that ends
/// with one of them.
///
/// A window looks back from its last fact, in the order of the facts, whatever the order in which they came; so nothing
/// that happens later changes a count.
struct Window<Thing: Hashable> {
    /// How long it is; a fact that is older than the last one by just so much is outside.
    let seconds: Int64
    /// As what a fact counts: those that are the same thing count once, nil does not count.
    let distinct: (Fact) -> Thing?
    /// Facts that are looked at where one fact of a long timeline is counted for, whatever they count as.
    let lookback: Int

    init(seconds: Int64, lookback: Int = 256, distinct: @escaping (Fact) -> Thing?) {
        self.seconds = seconds
        self.lookback = lookback
        self.distinct = distinct
    }

    /// The count up to each of some facts, itself included; 0 for those that do not count themselves.
    ///
    /// One pass, however many facts a window holds.
    func counts(in facts: ArraySlice<Fact>) -> [Int] {
        let things = facts.map(distinct)
        var inside: [Thing: Int] = [:]
        var start = 0
        return facts.enumerated().map { index, fact in
            let limit = fact.time.advanced(bySeconds: -seconds)
            while start < index, facts[facts.startIndex + start].time <= limit {
                if let left = things[start] {
                    inside[left] = inside[left].flatMap { $0 > 1 ? $0 - 1 : nil }
                }
                start += 1
            }
            guard let thing = things[index] else { return 0 }
            inside[thing, default: 0] += 1
            return inside.count
        }
    }
}

/// Counting for one fact of a timeline, which costs the same however long that is: only to a limit, and only so many
/// facts back.
extension Window {
    /// The count up to a fact, itself included; whatever is more than the limit is not counted.
    func count(of key: FactKey, upTo fact: Fact, atMost limit: Int, in facts: FactView) -> Int {
        let all = facts.unnoted(key)
        var end = all.position(of: FactOrder(fact))
        if end < all.endIndex, FactOrder(all[end]) == FactOrder(fact) { end += 1 }
        let start = fact.time.advanced(bySeconds: -seconds)
        var things: Set<Thing> = []
        var seen = 0
        for other in all[..<end].suffix(lookback).reversed() {
            guard other.time > start, things.count < limit else { break }
            if let thing = distinct(other) { things.insert(thing) }
            seen += 1
        }
        let isCut = things.count >= limit || seen == lookback
        facts.note(
            FactReading(key, .between(after: start, from: isCut ? all[end - seen] : nil, through: fact))
        )
        return things.count
    }

    /// The facts in whose count, at most to a limit, a fact takes part, itself included; it may have just gone.
    func facts(counting fact: Fact, of key: FactKey, atMost limit: Int, in facts: FactView) -> [Fact] {
        let all = facts.unnoted(key)
        let end = fact.time.advanced(bySeconds: seconds)
        let order = FactOrder(fact)
        var between: Set<Thing> = []
        var found: [Fact] = []
        for other in all[all.position(of: order)...].prefix(lookback + 1) {
            guard other.time < end, between.count < limit else { break }
            found.append(other)
            if FactOrder(other) != order, let thing = distinct(other) { between.insert(thing) }
        }
        return found
    }
}

extension EventTime {
    /// How long it is after another time, in words.
    func words(since other: EventTime) -> String {
        let seconds = seconds - other.seconds
        return seconds < 120 ? "\(seconds) seconds" : "\(seconds / 60) minutes"
    }
}
