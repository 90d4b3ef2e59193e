import CloudTrail

/// Subjects that wait to be judged, when one fact or a restart touches more than one transaction should carry.
///
/// What was judged since the last commit comes back after an abort; after a crash reconciling finds the rest.
struct Backlog: Transactional, Sendable {
    /// A subject, and what makes it be judged.
    typealias Waiting = (subject: Subject, cause: EvaluationCause)

    private var subjects: [Waiting] = []
    private var next = 0
    /// What is judged after the subjects: all that is known of images, and what findings are about.
    private(set) var sweeps: [Sweep] = []
    private var committed = (next: 0, count: 0, sweeps: [Sweep]())

    var isEmpty: Bool { hasNoSubjects && sweeps.isEmpty }

    /// Whether nothing waits but sweeps.
    var hasNoSubjects: Bool { next == subjects.count }

    mutating func append(_ more: some Sequence<Subject>, _ cause: EvaluationCause) {
        subjects.append(contentsOf: more.lazy.map { ($0, cause) })
    }

    mutating func append(_ sweep: Sweep) { sweeps.append(sweep) }

    mutating func take(atMost count: Int) -> ArraySlice<Waiting> {
        let end = next + min(count, subjects.count - next)
        defer { next = end }
        return subjects[next..<end]
    }

    /// Changes how far the first sweep has come; one that is over leaves.
    mutating func advance(_ body: (inout Sweep) -> Void) {
        guard !sweeps.isEmpty else { return }
        body(&sweeps[0])
        if sweeps[0].isOver { sweeps.removeFirst() }
    }

    mutating func commit() {
        if hasNoSubjects {
            subjects.removeAll()
            next = 0
        }
        committed = (next, subjects.count, sweeps)
    }

    mutating func rollback() {
        next = committed.next
        subjects.removeLast(subjects.count - committed.count)
        sweeps = committed.sweeps
    }

    /// Begins all sweeps anew, for what they have not come to may stand before where they are.
    mutating func restartSweeps() {
        for index in sweeps.indices { sweeps[index].restart() }
        committed.sweeps = sweeps
    }
}

/// How far all that is known of images has been judged again, one image after the other.
///
/// An image is unpacked once, and everything about it judged: its own subjects, and the launches of its instances. Then come
/// the subjects that findings are about, those that no image brings.
struct Sweep: Sendable {
    /// Whose subjects are judged.
    let isConcerned: @Sendable (AccountID) -> Bool
    /// What makes those of an account be judged.
    let cause: @Sendable (AccountID) -> EvaluationCause
    /// The subjects that findings are about; those are passed over that an image brings.
    let published: [Subject]
    /// The next row of the table of images; nil when all are done.
    var nextImage: RowIndex.Number? = 0
    private(set) var nextPublished = 0

    var isOver: Bool { nextImage == nil && nextPublished == published.count }

    /// So many of the subjects that findings are about.
    mutating func takePublished(atMost count: Int) -> ArraySlice<Subject> {
        let end = nextPublished + min(count, published.count - nextPublished)
        defer { nextPublished = end }
        return published[nextPublished..<end]
    }

    mutating func restart() { (nextImage, nextPublished) = (0, 0) }
}
