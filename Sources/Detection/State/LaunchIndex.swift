import CloudTrail

/// Launches in order of time, so that a late fact reaches those after it without looking at the others.
struct LaunchIndex: Sendable {
    struct Launch: Hashable, Comparable, Sendable {
        let time: EventTime
        let place: Place
        let instance: ResourceID

        static func < (left: Launch, right: Launch) -> Bool {
            if left.time != right.time { return left.time < right.time }
            return left.instance != right.instance ? left.instance < right.instance : left.place < right.place
        }
    }

    private var launches = SortedChunks<Launch>()

    var isEmpty: Bool { launches.isEmpty }

    mutating func insert(_ launch: Launch) {
        let position = launches.position { $0 < launch }
        if launches[position] != launch { launches.insert(launch, at: position) }
    }

    mutating func remove(_ launch: Launch) {
        let position = launches.position { $0 < launch }
        if launches[position] == launch { launches.remove(at: position) }
    }

    /// Those at or after a time, in order.
    func forEach(from time: EventTime, _ body: (Launch) -> Void) {
        launches.forEach(from: launches.position { $0.time < time }) { launch in
            body(launch)
            return true
        }
    }
}
