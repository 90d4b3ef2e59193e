import CloudTrail

/// Subjects that wait, for one of two reasons: judging each again for every new fact would be too much work, or there
/// is enough to do.
///
/// What was taken or judged since the last commit comes back after an abort; after a crash reconciling finds the rest.
struct Deferral: Transactional, Sendable {
    /// What has happened to a subject since it was judged.
    struct Wait: Sendable {
        var facts: Int
        /// The last record that touched it.
        var cause: EvaluationCause
    }

    private var waiting: [Subject: Wait] = [:]
    /// Subjects that many facts were about when they were judged last.
    private var long: Set<Subject> = []
    /// What was there before each change.
    private var undo: UndoLog<(subject: Subject, before: Wait?)>

    init(keepsChanges: Bool) { undo = UndoLog(isKept: keepsChanges) }

    var isEmpty: Bool { waiting.isEmpty }

    /// The subjects that wait.
    var subjects: [Subject] { Array(waiting.keys) }

    /// The subjects that many facts were about when they were judged last.
    var longSubjects: [Subject] { Array(long) }

    /// Notes that a fact touches a subject; returns how many have since it was judged.
    mutating func touch(_ subject: Subject, by cause: EvaluationCause) -> Int {
        let before = waiting[subject]
        undo.note((subject, before))
        let facts = (before?.facts ?? 0) + 1
        waiting[subject] = Wait(facts: facts, cause: cause)
        return facts
    }

    /// Notes whether many facts are about a subject that is judged.
    mutating func note(_ subject: Subject, isLong: Bool) {
        if isLong { long.insert(subject) } else if !long.isEmpty { long.remove(subject) }
    }

    /// Whether many facts were about a subject when it was judged last.
    func isLong(_ subject: Subject) -> Bool { !long.isEmpty && long.contains(subject) }

    /// A subject is judged.
    mutating func remove(_ subject: Subject) {
        guard !waiting.isEmpty, let before = waiting.removeValue(forKey: subject) else { return }
        undo.note((subject, before))
    }

    /// What a subject waits for to be judged by; nil when it does not wait.
    func cause(of subject: Subject) -> EvaluationCause? { waiting.isEmpty ? nil : waiting[subject]?.cause }

    /// Hands over everything, in the order in which subjects are judged.
    mutating func takeAll() -> [Backlog.Waiting] {
        for (subject, before) in waiting { undo.note((subject, before)) }
        defer { waiting.removeAll(keepingCapacity: true) }
        return waiting.map { ($0.key, $0.value.cause) }.sorted { $0.0 < $1.0 }
    }

    /// Forgets of which subjects of some accounts there are many facts.
    mutating func forget(accountsWhere isForgotten: (AccountID) -> Bool) {
        long = long.filter { !isForgotten($0.scope.account) }
    }

    mutating func commit() { undo.clear() }

    mutating func rollback() {
        for (subject, before) in undo.takeBack() { waiting[subject] = before }
    }
}
