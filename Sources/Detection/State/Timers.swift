import CloudTrail

/// Deadlines derived from the state, in the order in which they fire; a binary heap.
///
/// A deadline that fires only makes its subject be judged again, so one that fires twice, or in vain, does no harm.
struct Timers: Sendable {
    private struct Timer: Sendable, Comparable {
        let deadline: EventTime
        let subject: Subject

        static func < (left: Timer, right: Timer) -> Bool {
            left.deadline != right.deadline ? left.deadline < right.deadline : left.subject < right.subject
        }
    }

    private var heap: [Timer] = []
    private var waiting: [Subject: EventTime] = [:]
    /// Fired since the last commit.
    private var fired: [Timer] = []

    mutating func set(_ deadline: EventTime, _ subject: Subject) {
        guard waiting[subject] != deadline else { return }
        waiting[subject] = deadline
        push(Timer(deadline: deadline, subject: subject))
    }

    /// The subjects whose deadline is at or before a time, in order.
    mutating func popDue(at now: EventTime) -> [Subject] {
        guard let first = heap.first, first.deadline <= now else { return [] }
        var due: [Subject] = []
        while let first = heap.first, first.deadline <= now {
            let timer = pop(first)
            fired.append(timer)
            if waiting[timer.subject] == timer.deadline { waiting[timer.subject] = nil }
            due.append(timer.subject)
        }
        return due
    }

    mutating func commit() { fired.removeAll(keepingCapacity: true) }

    mutating func rollback() {
        for timer in fired { set(timer.deadline, timer.subject) }
        fired.removeAll(keepingCapacity: true)
    }

    private mutating func push(_ timer: Timer) {
        heap.append(timer)
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func pop(_ first: Timer) -> Timer {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            guard least != parent else { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
