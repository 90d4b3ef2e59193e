import CloudTrail

/// Facts that follow from other facts: what only the owner of an account can tell, because it alone knows that account's
/// state, and others need.
///
/// They are facts like those that records tell: on timelines, in the catalogue, taken back with an aborted transaction.
/// Whoever owns the account derives them from what its records told, in the same transaction; everybody else reads them.
protocol Derivation: Sendable {
    /// Whether it reads facts of an attribute; it reads none that another one derives.
    func reads(_ attribute: Attribute) -> Bool

    /// Adds what is derived anew when a fact comes or goes: too much perhaps, never too little.
    func addTargets(of key: FactKey, _ fact: Fact, in state: State, to targets: inout [DerivedKey])

    /// What may be derived from what is known, and has to be before anything is judged: others' subjects read it, too.
    func allTargets(in state: State) -> [DerivedKey]

    /// What may be derived of one image, and has to be before its own subjects are judged.
    func targets(of image: KnownImage, in state: State) -> [DerivedKey]

    /// The facts that follow.
    ///
    /// `known` are those of before that nothing has taken back: what was derived once stays when the facts that it was
    /// derived from are only forgotten.
    func facts(at target: DerivedKey, known: [Fact], in state: State) -> [Fact]

    /// Whether a derived fact was derived from a fact, which has been taken back.
    func isProved(_ derived: Fact, at target: DerivedKey, by key: FactKey, _ fact: Fact) -> Bool
}

extension Derivation {
    /// Nothing.
    func allTargets(in state: State) -> [DerivedKey] { [] }

    /// Nothing.
    func targets(of image: KnownImage, in state: State) -> [DerivedKey] { [] }
}

/// The facts of one key that are derived from what one account's records told.
struct DerivedKey: Hashable, Sendable {
    let key: FactKey
    let account: AccountID
}

/// The derivations that every engine applies.
enum Derivations {
    static let all: [any Derivation] = [ParentImage(), FirstUse()]
}
