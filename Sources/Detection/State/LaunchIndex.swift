import CloudTrail

/// Something that happened at a time.
protocol Timed: Sendable {
    var time: EventTime { get }
}

/// A launch, and the row of its instance: 12 bytes.
struct Launch: Timed, Hashable {
    // The time in two parts, so that nothing has to be aligned to 8 bytes.
    private let high: Int32
    private let low: UInt32
    let row: InstanceTable.Number

    init(time: EventTime, row: InstanceTable.Number) {
        high = Int32(truncatingIfNeeded: time.seconds >> 32)
        low = UInt32(truncatingIfNeeded: time.seconds)
        self.row = row
    }

    var time: EventTime { EventTime(seconds: Int64(high) << 32 | Int64(low)) }
}

/// The launches of an image, or in an account and Region; those of one second in the order of `InstanceTable.precedes`.
typealias LaunchIndex = TimedIndex<Launch>

/// A call that uses something: the key of its facts, whose memory it shares.
struct UsingCall: Timed, Hashable {
    let time: EventTime
    let key: FactKey

    /// Those of one second in the order of their resources.
    static func precedes(_ left: UsingCall, _ right: UsingCall) -> Bool {
        guard left.time == right.time, case .resource(let scope, let id) = left.key.entity,
            case .resource(let otherScope, let other) = right.key.entity
        else { return left.time < right.time }
        return id != other ? id < other : scope < otherScope
    }
}

/// Elements in order of time, so that a late fact reaches those after it without looking at the others.
struct TimedIndex<Element: Timed & Equatable>: Sendable {
    /// Whether one stands before another one: by their times, then by whatever tells them apart.
    typealias Order = (Element, Element) -> Bool

    private var elements = SortedChunks<Element>()

    var isEmpty: Bool { elements.isEmpty }
    var count: Int { elements.count }
    /// The earliest.
    var first: Element? { elements.first }

    /// Those of the earliest second.
    var ofFirstSecond: [Element] {
        guard let first else { return [] }
        var found: [Element] = []
        forEach(from: first.time, until: first.time.advanced(bySeconds: 1)) { found.append($0) }
        return found
    }

    /// The one after another, or the earliest.
    func first(after element: Element?, by precedes: Order) -> Element? {
        guard let element else { return first }
        return elements[elements.position { !precedes(element, $0) }]
    }

    mutating func insert(_ element: Element, by precedes: Order) {
        if elements.allPrecede({ precedes($0, element) }) { return elements.append(element) }
        let position = elements.position { precedes($0, element) }
        if elements[position] != element { elements.insert(element, at: position) }
    }

    /// Adds one that stands behind all others.
    mutating func append(_ element: Element) { elements.append(element) }

    mutating func remove(_ element: Element, by precedes: Order) {
        let position = elements.position { precedes($0, element) }
        if elements[position] == element { elements.remove(at: position) }
    }

    /// So many of the latest, in order.
    func last(_ limit: Int) -> [Element] {
        if count <= limit { return Array(elements.all) }
        var latest: [Element] = []
        forEachBackwards(upTo: .distantFuture) { element in
            latest.append(element)
            return latest.count < limit
        }
        return latest.reversed()
    }

    /// Those at or after a time and before another one, in order.
    func forEach(from time: EventTime, until end: EventTime?, _ body: (Element) -> Void) {
        elements.forEach(from: elements.position { $0.time < time }) { element in
            if let end, element.time >= end { return false }
            body(element)
            return true
        }
    }

    /// Those at or before a time, the latest first, as long as the closure wants more.
    func forEachBackwards(upTo time: EventTime, _ body: (Element) -> Bool) {
        elements.forEachBackwards(before: elements.position { $0.time <= time }, body)
    }
}

extension State {
    /// The instance that a launch is of: the key of its facts.
    func key(of launch: Launch) -> FactKey? { storage.instances.key(launch.row) }

    /// What the rules judge of a launch.
    func subject(of launch: Launch) -> Subject? { key(of: launch).flatMap { Subject(.launch, of: $0) } }

    /// The account of an instance.
    func account(of launch: Launch) -> AccountID? { storage.instances.place(launch.row)?.scope.account }

    /// Whether one launch stands before another in an index.
    func precedes(_ left: Launch, _ right: Launch) -> Bool { storage.instances.precedes(left, right) }
}

extension InstanceTable {
    /// Whether one launch stands before another: by time, then by the instances' ids, accounts and Regions.
    func precedes(_ left: Launch, _ right: Launch) -> Bool {
        left.time != right.time ? left.time < right.time : precedes(left.row, right.row)
    }
}
