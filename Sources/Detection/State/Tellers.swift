import CloudTrail

/// From where the facts of an image's timeline were told, of those that bring a subject with them: grants, creations
/// and tags.
struct Teller: Hashable {
    /// Whose trail, and in which Region.
    let scope: AccountRegion
    /// Whether a snapshot told it.
    let isInventory: Bool

    /// Nil when the fact brings no subject with it.
    init?(_ fact: Fact) {
        switch fact.value {
        case .granted, .created, .allTags, .tagSet, .tagDeleted: break
        default: return nil
        }
        scope = fact.evidence.scope
        isInventory = fact.evidence.isInventory
    }
}

/// The tellers of a timeline that is too long to be walked for each new fact, and how many facts each told.
///
/// There may be one too many, never one too few.
struct Tellers: Sendable {
    /// Facts that a timeline has before its tellers are counted.
    static let facts = 64

    private var counts: [Teller: Int] = [:]

    init(of facts: ArraySlice<Fact>) {
        for fact in facts { note(fact, isThere: true) }
    }

    var all: some Sequence<Teller> { counts.keys }

    mutating func note(_ fact: Fact, isThere: Bool) {
        guard let teller = Teller(fact) else { return }
        let count = counts[teller, default: 0] + (isThere ? 1 : -1)
        counts[teller] = count > 0 ? count : nil
    }
}
