/// Subjects, each once.
///
/// A record touches one or two as a rule: those are compared; from a dozen on there is a set.
struct SubjectList: Sendable {
    private(set) var subjects: [Subject] = []
    private var known: Set<Subject> = []
    private static let comparedCount = 12

    mutating func insert(_ subject: Subject) {
        if subjects.count < Self.comparedCount {
            if subjects.contains(subject) { return }
        } else {
            if known.isEmpty { known = Set(subjects) }
            guard known.insert(subject).inserted else { return }
        }
        subjects.append(subject)
    }

    /// In the order in which they are judged.
    func sorted() -> [Subject] {
        switch subjects.count {
        case 0, 1: subjects
        case 2: subjects[0] < subjects[1] ? subjects : [subjects[1], subjects[0]]
        default: subjects.sorted()
        }
    }
}
