/// What putting a fact in its place did.
enum FactInsertion {
    case inserted
    case replaced(Fact)
    case unchanged
}

/// The facts of a timeline as they are kept: sorted, each once.
///
/// Inserting the same facts in any order gives the same timeline.
extension [Fact] {
    /// Puts a fact in its place.
    ///
    /// A differing copy of the same record's fact replaces it.
    mutating func insert(_ fact: Fact) -> FactInsertion {
        guard let last, last.time >= fact.time else {
            append(fact)
            return .inserted
        }
        var replaced: Fact?
        if let same = firstIndex(where: { $0.isSame(as: fact) }) {
            guard self[same] != fact else { return .unchanged }
            replaced = remove(at: same)
        }
        let index = lastIndex { $0 < fact }.map { $0 + 1 } ?? 0
        insert(fact, at: index)
        return replaced.map(FactInsertion.replaced) ?? .inserted
    }

    /// Puts a fact in its place, unless one of the same value stands before it: of those only the first in order is
    /// kept.
    mutating func insertFirst(_ fact: Fact) -> FactInsertion {
        guard let known = firstIndex(where: { $0.value == fact.value }) else { return insert(fact) }
        guard fact < self[known] else { return .unchanged }
        let replaced = remove(at: known)
        _ = insert(fact)
        return .replaced(replaced)
    }

    /// Takes a fact out; false when it is not there.
    mutating func remove(_ fact: Fact) -> Bool {
        guard let index = firstIndex(of: fact) else { return false }
        remove(at: index)
        return true
    }
}
