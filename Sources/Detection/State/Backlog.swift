/// Subjects that wait to be judged, when one fact or a restart touches more than one transaction should carry.
///
/// What was judged since the last commit comes back after an abort; after a crash reconciling finds the rest.
struct Backlog: Transactional, Sendable {
    /// A subject, and what makes it be judged.
    typealias Waiting = (subject: Subject, cause: EvaluationCause)

    private var subjects: [Waiting] = []
    private var next = 0
    private var committed = (next: 0, count: 0)

    var isEmpty: Bool { next == subjects.count }

    mutating func append(_ more: some Sequence<Subject>, _ cause: EvaluationCause) {
        subjects.append(contentsOf: more.lazy.map { ($0, cause) })
    }

    mutating func take(atMost count: Int) -> ArraySlice<Waiting> {
        let end = next + min(count, subjects.count - next)
        defer { next = end }
        return subjects[next..<end]
    }

    mutating func commit() {
        if isEmpty {
            subjects.removeAll()
            next = 0
        }
        committed = (next, subjects.count)
    }

    mutating func rollback() {
        next = committed.next
        subjects.removeLast(subjects.count - committed.count)
    }
}
