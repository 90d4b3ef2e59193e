import CloudTrail

/// Launches in order of time, so that a late fact reaches those after it without looking at the others.
struct LaunchIndex: Sendable {
    struct Launch: Hashable, Comparable, Sendable {
        let time: EventTime
        /// The instance: the key of its facts, whose memory it shares.
        let key: FactKey

        /// What the rules judge.
        var subject: Subject? { Subject(.launch, of: key) }

        static func < (left: Launch, right: Launch) -> Bool {
            guard left.time == right.time, case .resource(let scope, let instance) = left.key.entity,
                case .resource(let otherScope, let other) = right.key.entity
            else { return left.time < right.time }
            return instance != other ? instance < other : scope < otherScope
        }
    }

    private var launches = SortedChunks<Launch>()

    var isEmpty: Bool { launches.isEmpty }
    var count: Int { launches.count }
    /// The earliest.
    var first: Launch? { launches.first }

    /// The one after another, or the earliest.
    func first(after launch: Launch?) -> Launch? {
        guard let launch else { return first }
        return launches[launches.position { !(launch < $0) }]
    }

    mutating func insert(_ launch: Launch) {
        if launches.allPrecede({ $0 < launch }) { return launches.append(launch) }
        let position = launches.position { $0 < launch }
        if launches[position] != launch { launches.insert(launch, at: position) }
    }

    mutating func remove(_ launch: Launch) {
        let position = launches.position { $0 < launch }
        if launches[position] == launch { launches.remove(at: position) }
    }

    /// So many of the latest, in order.
    func last(_ limit: Int) -> [Launch] {
        if count <= limit { return Array(launches.all) }
        var latest: [Launch] = []
        forEachBackwards(upTo: .distantFuture) { launch in
            latest.append(launch)
            return latest.count < limit
        }
        return latest.reversed()
    }

    /// Those at or after a time and before another one, in order.
    func forEach(from time: EventTime, until end: EventTime?, _ body: (Launch) -> Void) {
        launches.forEach(from: launches.position { $0.time < time }) { launch in
            if let end, launch.time >= end { return false }
            body(launch)
            return true
        }
    }

    /// Those at or before a time, the latest first, as long as the closure wants more.
    func forEachBackwards(upTo time: EventTime, _ body: (Launch) -> Bool) {
        launches.forEachBackwards(before: launches.position { $0.time <= time }, body)
    }
}
