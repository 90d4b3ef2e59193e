import CloudTrail

/// Deadlines derived from the state, in the order in which they fire; a binary heap.
///
/// A rule has at most one deadline of a subject, and whenever the subject is judged, those of all rules are set anew. One
/// that fires only makes its subject be judged again, so that one in vain does no harm.
struct Timers: Transactional, Sendable {
    /// When a rule wants to judge a subject again.
    struct Deadline: Hashable, Sendable {
        let rule: String
        let time: EventTime
    }

    private struct Timer: Sendable, Comparable {
        let deadline: EventTime
        let subject: Subject

        static func < (left: Timer, right: Timer) -> Bool {
            left.deadline != right.deadline ? left.deadline < right.deadline : left.subject < right.subject
        }
    }

    private var waiting: [Subject: [Deadline]] = [:]
    /// The kinds of which any subject ever had a deadline: few.
    private var kinds: [Subject.Kind] = []
    /// Deadlines in `waiting`.
    private var count = 0
    /// One for each deadline that waits, at least; what else is here was replaced, and does nothing when it is due.
    private var heap: [Timer] = []
    /// What was there before each change.
    private var undo: UndoLog<(subject: Subject, before: [Deadline])>

    init(keepsChanges: Bool) { undo = UndoLog(isKept: keepsChanges) }

    /// The subjects that have deadlines.
    var subjects: [Subject] { Array(waiting.keys) }

    /// The deadlines of a subject.
    func deadlines(of subject: Subject) -> [Deadline] { waiting[subject] ?? [] }

    /// Entries of the heap, those included that were replaced.
    var entryCount: Int { heap.count }

    /// Puts the deadlines of a subject in the place of those that it had.
    mutating func set(_ deadlines: [Deadline], of subject: Subject) {
        if deadlines.isEmpty, !kinds.contains(subject.kind) { return }
        let before = waiting[subject] ?? []
        guard deadlines != before else { return }
        undo.note((subject, before))
        replace(before, by: deadlines, of: subject)
    }

    /// The subjects that have a deadline at or before a time, each once, in the order of their first.
    mutating func popDue(at now: EventTime) -> [Subject] {
        var due: [Subject] = []
        while let first = heap.first, first.deadline <= now {
            let subject = pop(first).subject
            guard let before = waiting[subject], before.contains(where: { $0.time <= now }) else { continue }
            undo.note((subject, before))
            replace(before, by: before.filter { $0.time > now }, of: subject)
            due.append(subject)
        }
        return due
    }

    /// Forgets the deadlines of subjects, with no way back.
    mutating func drop(where isDropped: (Subject) -> Bool) {
        waiting = waiting.filter { !isDropped($0.key) }
        count = waiting.values.reduce(0) { $0 + $1.count }
        rebuild()
        commit()
    }

    mutating func commit() { undo.clear() }

    mutating func rollback() {
        for (subject, before) in undo.takeBack() {
            replace(waiting[subject] ?? [], by: before, of: subject)
        }
    }

    private mutating func replace(_ before: [Deadline], by deadlines: [Deadline], of subject: Subject) {
        waiting[subject] = deadlines.isEmpty ? nil : deadlines
        if !kinds.contains(subject.kind) { kinds.append(subject.kind) }
        count += deadlines.count - before.count
        for deadline in deadlines where !before.contains(where: { $0.time == deadline.time }) {
            push(Timer(deadline: deadline.time, subject: subject))
        }
        if heap.count > 2 * count + Self.slack { rebuild() }
    }

    /// Replaced entries that are always allowed.
    private static let slack = 64

    /// Drops the entries that were replaced.
    private mutating func rebuild() {
        heap.removeAll(keepingCapacity: true)
        for (subject, deadlines) in waiting {
            for deadline in deadlines { push(Timer(deadline: deadline.time, subject: subject)) }
        }
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
