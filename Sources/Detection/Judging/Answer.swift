import CloudTrail

/// A three-valued answer, with what decided it.
struct Answer {
    enum Value {
        case yes
        case no
        /// A fact is missing that would decide.
        case unknown
    }

    var value: Value
    /// What was read to answer.
    var facts: [FactStatement] = []
    /// The facts that would settle an `unknown`.
    var missing: [String] = []

    static func yes(_ facts: FactStatement...) -> Answer { Answer(value: .yes, facts: facts) }
    static func no(_ facts: FactStatement...) -> Answer { Answer(value: .no, facts: facts) }
    static func unknown(_ missing: String) -> Answer { Answer(value: .unknown, missing: [missing]) }

    /// All must hold: `no` if any is no; else `unknown` if any is.
    ///
    /// An empty list holds.
    static func all(_ answers: [Answer]) -> Answer { combine(answers, decisive: .no, neutral: .yes) }

    /// One must hold: `yes` if any is yes; else `unknown` if any is.
    ///
    /// An empty list does not hold.
    static func any(_ answers: [Answer]) -> Answer { combine(answers, decisive: .yes, neutral: .no) }

    private static func combine(_ answers: [Answer], decisive: Value, neutral: Value) -> Answer {
        if answers.count == 1 { return answers[0] }
        if let decided = answers.first(where: { $0.value == decisive }) { return decided }
        let isUnknown = answers.contains { $0.value == .unknown }
        return Answer(
            value: isUnknown ? .unknown : neutral,
            facts: unique(answers.flatMap(\.facts)),
            missing: isUnknown
                ? unique(answers.flatMap { $0.missing.map { ExactText($0) } }).map(\.string) : []
        )
    }

    private static func unique<Element: Hashable>(_ elements: [Element]) -> [Element] {
        if elements.count < 2 { return elements }
        if elements.count == 2 { return elements[0] == elements[1] ? [elements[0]] : elements }
        var seen: Set<Element> = []
        return elements.filter { seen.insert($0).inserted }
    }
}
