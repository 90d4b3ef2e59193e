import CloudTrail

/// The first successful watched call of each second, in order.
struct ActivityLog: Sendable {
    private var calls = SortedChunks<Fact>()
    /// So many calls are kept whatever their age.
    static let shortCount = 64

    var isEmpty: Bool { calls.isEmpty }

    /// Whether there is a call before a time.
    func hasCall(before time: EventTime) -> Bool { calls.first.map { $0.time < time } ?? false }

    /// The call of a second.
    func call(at second: Int64) -> Fact? {
        first(from: second).flatMap { $0.time.seconds == second ? $0 : nil }
    }

    /// The last call at or before a time.
    func last(upTo time: EventTime) -> Fact? {
        var last: Fact?
        calls.forEachBackwards(before: calls.position { $0.time <= time }) { call in
            last = call
            return false
        }
        return last
    }

    /// The first call at or after a second.
    func first(from second: Int64) -> Fact? { calls[calls.position { $0.time.seconds < second }] }

    /// The first call of another second.
    func first(besides second: Int64?) -> Fact? {
        guard let first = calls.first, first.time.seconds == second else { return calls.first }
        return calls[calls.position { $0.time == first.time }]
    }

    /// Adds a call that is later than all others; returns how many there are then, and nil when it is not.
    mutating func appendLater(_ call: Fact) -> Int? {
        guard calls.allPrecede({ $0.time < call.time }) else { return nil }
        calls.append(call)
        return calls.count
    }

    /// Puts a call in its place, unless an earlier one of the same second stands there.
    mutating func insert(_ call: Fact) -> FactInsertion {
        let position = calls.position { $0.time < call.time }
        guard let known = calls[position], known.time == call.time else {
            calls.insert(call, at: position)
            return .inserted
        }
        guard call < known else { return .unchanged }
        calls.replace(at: position, by: call)
        return .replaced(known)
    }

    mutating func remove(_ call: Fact) -> Bool {
        let position = calls.position { $0.time < call.time }
        guard calls[position] == call else { return false }
        calls.remove(at: position)
        return true
    }

    /// All calls, in order.
    var all: some Sequence<Fact> { calls.all }

    /// Whether there are so many calls before a time that forgetting them is worth the work.
    func isLong(before limit: EventTime) -> Bool {
        calls.count > Self.shortCount && calls.element(32).map { $0.time < limit } ?? false
    }
}
