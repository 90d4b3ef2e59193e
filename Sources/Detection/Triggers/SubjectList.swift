/// Subjects, each once.
///
/// A record touches one or two as a rule: the first needs no list, a few are compared, from a dozen on there is a set.
struct SubjectList: Sendable {
    private var head: Subject?
    private var rest: [Subject] = []
    private var known: Set<Subject> = []
    private static let comparedCount = 12

    mutating func insert(_ subject: Subject) {
        guard let head else {
            self.head = subject
            return
        }
        if rest.count < Self.comparedCount {
            if head == subject || rest.contains(subject) { return }
        } else {
            if known.isEmpty { known = Set(self) }
            guard known.insert(subject).inserted else { return }
        }
        rest.append(subject)
    }

    /// Puts them into the order in which they are judged.
    mutating func sort() {
        guard let first = head, !rest.isEmpty else { return }
        if rest.count == 1 {
            if rest[0] < first { (head, rest[0]) = (rest[0], first) }
        } else {
            let inOrder = sorted()
            (head, rest) = (inOrder.first, Array(inOrder.dropFirst()))
        }
    }
}

extension SubjectList: RandomAccessCollection {
    var startIndex: Int { 0 }
    var endIndex: Int { head == nil ? 0 : rest.count + 1 }

    subscript(index: Int) -> Subject {
        if index == 0, let head { return head }
        return rest[index - 1]
    }
}
