import CloudTrail

/// The first successful watched call of each second, in order.
struct ActivityLog: Sendable {
    private var calls = SortedChunks<PackedCall>()
    /// So many calls are kept whatever their age.
    static let shortCount = 64

    var isEmpty: Bool { calls.isEmpty }

    /// Whether there is a call before a time.
    func hasCall(before time: EventTime) -> Bool { calls.first.map { $0.time < time } ?? false }

    /// The first call of all.
    var first: Fact? { calls.first.map(Self.fact) }

    /// The call of a second.
    func call(at second: Int64) -> Fact? {
        calls[calls.position { $0.time.seconds < second }].flatMap {
            $0.time.seconds == second ? Self.fact($0) : nil
        }
    }

    private static func packed(_ call: Fact) -> PackedCall { PackedCall(call, .active, .changes) }

    private static func fact(_ call: PackedCall) -> Fact { call.fact(.active, .changes) }

    /// The last call at or before a time.
    func last(upTo time: EventTime) -> Fact? {
        var last: PackedCall?
        calls.forEachBackwards(before: calls.position { $0.time <= time }) { call in
            last = call
            return false
        }
        return last.map(Self.fact)
    }

    /// The first call at or after a second.
    func first(from second: Int64) -> Fact? {
        calls[calls.position { $0.time.seconds < second }].map(Self.fact)
    }

    /// The first call of another second.
    func first(besides second: Int64?) -> Fact? {
        guard let first = calls.first, first.time.seconds == second else {
            return calls.first.map(Self.fact)
        }
        return calls[calls.position { $0.time == first.time }].map(Self.fact)
    }

    /// Adds a call that is later than all others; returns how many there are then, and nil when it is not.
    mutating func appendLater(_ call: Fact) -> Int? {
        guard calls.allPrecede({ $0.time < call.time }) else { return nil }
        calls.append(Self.packed(call))
        return calls.count
    }

    /// Puts a call in its place, unless an earlier one of the same second stands there.
    mutating func insert(_ call: Fact) -> FactInsertion {
        let position = calls.position { $0.time < call.time }
        guard let known = calls[position], known.time == call.time else {
            calls.insert(Self.packed(call), at: position)
            return .inserted
        }
        guard call < Self.fact(known) else { return .unchanged }
        calls.replace(at: position, by: Self.packed(call))
        return .replaced(Self.fact(known))
    }

    mutating func remove(_ call: Fact) -> Bool {
        let position = calls.position { $0.time < call.time }
        guard calls[position].map(Self.fact) == call else { return false }
        calls.remove(at: position)
        return true
    }

    /// All calls, in order.
    var all: some Sequence<Fact> { calls.all.lazy.map(Self.fact) }

    /// Whether there are so many calls before a time that forgetting them is worth the work.
    func isLong(before limit: EventTime) -> Bool {
        calls.count > Self.shortCount && calls.element(32).map { $0.time < limit } ?? false
    }
}
