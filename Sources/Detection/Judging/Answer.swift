import CloudTrail

/// An answer to a question about facts: with what decided it, or only whether it is yes.
///
/// So each question is written once: `Certainty` is asked for what is nearly always so, where nobody wants the words.
protocol Answering {
    var isYes: Bool { get }

    /// With what was read to answer, and the facts that would settle what is unknown.
    init(
        _ value: Answer.Value,
        _ facts: @autoclosure () -> [FactStatement],
        missing: @autoclosure () -> [String]
    )

    /// Both must hold: `no` if any is no, the first of them; else `unknown` if any is.
    mutating func and(_ next: @autoclosure () -> Self)

    /// One must hold: `yes` if any is yes, the first of them; else `unknown` if any is.
    mutating func or(_ next: @autoclosure () -> Self)
}

extension Answering {
    static func yes(_ facts: @autoclosure () -> [FactStatement] = []) -> Self {
        Self(.yes, facts(), missing: [])
    }
    static func no(_ facts: @autoclosure () -> [FactStatement] = []) -> Self {
        Self(.no, facts(), missing: [])
    }
    static func unknown(
        _ missing: @autoclosure () -> String,
        _ facts: @autoclosure () -> [FactStatement] = []
    ) -> Self {
        Self(.unknown, facts(), missing: [missing()])
    }
    static func yes(if isSo: Bool, _ facts: @autoclosure () -> [FactStatement] = []) -> Self {
        Self(isSo ? .yes : .no, facts(), missing: [])
    }

    /// One must hold: an empty list does not hold.
    static func any<Element>(_ elements: some Sequence<Element>, _ ask: (Element) -> Self) -> Self {
        var answer = no()
        for element in elements {
            answer.or(ask(element))
            if answer.isYes { break }
        }
        return answer
    }
}

/// Whether the answer is yes for certain, and no word about it.
struct Certainty: Answering {
    private(set) var isYes: Bool

    init(
        _ value: Answer.Value,
        _ facts: @autoclosure () -> [FactStatement],
        missing: @autoclosure () -> [String]
    ) { isYes = value == .yes }

    mutating func and(_ next: @autoclosure () -> Certainty) { if isYes { self = next() } }

    mutating func or(_ next: @autoclosure () -> Certainty) { if !isYes { self = next() } }
}

/// A three-valued answer, with what decided it.
struct Answer: Answering {
    enum Value {
        case yes
        case no
        /// A fact is missing that would decide.
        case unknown
    }

    var value: Value
    /// What was read to answer.
    var facts: [FactStatement]
    /// The facts that would settle an `unknown`.
    var missing: [String]

    var isYes: Bool { value == .yes }

    init(
        _ value: Value,
        _ facts: @autoclosure () -> [FactStatement],
        missing: @autoclosure () -> [String]
    ) {
        self.value = value
        self.facts = facts()
        self.missing = missing()
    }

    mutating func and(_ next: @autoclosure () -> Answer) { combine(next, decisive: .no) }

    mutating func or(_ next: @autoclosure () -> Answer) { combine(next, decisive: .yes) }

    private mutating func combine(_ next: () -> Answer, decisive: Value) {
        guard value != decisive else { return }
        let next = next()
        if next.value == decisive {
            self = next
            return
        }
        if next.value == .unknown { value = .unknown }
        facts = Self.unique(facts, next.facts) { $0 }
        missing = Self.unique(missing, next.missing) { ExactText($0) }
    }

    private static func unique<Element, Key: Hashable>(
        _ elements: [Element],
        _ more: [Element],
        _ key: (Element) -> Key
    ) -> [Element] {
        if elements.isEmpty || more.isEmpty { return elements + more }
        var seen: Set<Key> = []
        return (elements + more).filter { seen.insert(key($0)).inserted }
    }
}
